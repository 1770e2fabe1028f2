"""What holds for every request to the stand-ins."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from counterparts.world import world

APIS = ("/stripe/v1/", "/paypal/v1/")
Answer = Callable[[HttpRequest], HttpResponse]


def do_what_is_due(answer: Answer) -> Answer:
    """Nobody sees a world in which something that is due has not happened."""

    def middleware(request: HttpRequest) -> HttpResponse:
        with world.lock:
            world.agenda.run_due()
        return answer(request)

    return middleware


def note_changes(answer: Answer) -> Answer:
    """What a request may have changed is kept, where a state is kept at all."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = answer(request)
        if request.method != "GET":
            world.has_changed = True
        return response

    return middleware


def keep_journal(answer: Answer) -> Answer:
    """Requests to the APIs are noted with their answers, for tests that hold them against what a provider publishes."""

    def middleware(request: HttpRequest) -> HttpResponse:
        body = request.body
        response = answer(request)
        if request.path.startswith(APIS):
            provider = request.path.split("/")[1]
            world.journal.append(
                {
                    "provider": provider,
                    "method": request.method,
                    "path": request.path.removeprefix(f"/{provider}"),
                    "query": request.GET.dict(),
                    "body": shown_body(body),
                    "status": response.status_code,
                    "answer": shown_body(response.content),
                }
            )
        return response

    return middleware


def shown_body(body: bytes) -> Any:
    """What JSON it is; else its text."""
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")
