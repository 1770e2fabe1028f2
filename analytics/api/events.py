"""Where browsers and programs send what happened: `POST /api/analytics/events`.

A plain view: half of the time of the REST framework's would be spent before it looks at the first event.
"""

from __future__ import annotations

import logging
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from analytics.agents import agent_of
from analytics.api.shapes import BatchSent, BatchTaken
from analytics.callers import Caller, Callers, NotAllowed
from analytics.incoming import NotReadable, Rejected, faults_of_batch, is_own_origin, read_batch, read_body
from analytics.keeping_out import Reason, keep_out
from analytics.pipeline import NotKept, accept
from analytics.requests import VisitOfRequest
from common import problems, views
from common.client import client_network
from common.limits import Limited, spend_together
from common.openapi import OF_ONE_NETWORK, Limit, Refusal, described, stands_for
from common.permissions import Public

logger = logging.getLogger(__name__)

LARGEST_BODY = 512 * 1024  # bytes
# sendBeacon sends texts as text/plain, and would first ask whether it may send anything else.
CONTENT_TYPES = ("application/json", "text/plain")
# Events a minute. A network may be a whole school; a program sends what its users did.
OF_VISITOR, OF_NETWORK, OF_KEY = 1_000, 10_000, 30_000
MINUTE = 60  # seconds
CROSS_ORIGIN = "Events are taken from our own pages, and from programs with an API key or a token."


class EventsDoor(APIView):
    """What was right is safe, what was wrong is told by its place in the list. 503 says that nothing is safe: send the
    same once more. Open to our own pages, and to whoever comes with an API key or a token."""

    permission_classes = (Public,)
    area = "analytics"
    # Whatever is accepted, the answer is JSON.
    negotiates = False

    @described(
        "Send events",
        takes=BatchSent,
        gives={202: BatchTaken},
        refuses=(Refusal(403, "cross_origin", "neither a key or token, nor from our own pages"),),
        limits=(
            Limit(f"{OF_VISITOR}/m", "of one visitor"),
            Limit(f"{OF_NETWORK}/m", OF_ONE_NETWORK),
            Limit(f"{OF_KEY}/m", "with one API key"),
        ),
    )
    def post(self, request: Request) -> Response:
        raise NotImplementedError("only describes `receive`, which answers")


# Exempt, since navigator.sendBeacon cannot send a token of Django's in a header. It is safe all the same: cookies are
# looked at only where the browser says by Sec-Fetch-Site, or by Origin, that one of our own pages sent this, and these
# headers no page of somebody else can set. Without that nothing identifies anybody but what is in Authorization, which
# no browser adds by itself.
@stands_for(EventsDoor)
@csrf_exempt
@login_not_required
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """202: what was right is safe. 4xx: nothing was taken. 503: nothing is safe; send it again."""
    if refused := refusal_of_form(request):
        return refused
    is_own = is_own_origin(request)
    try:
        # A robot that goes through our pages has no session that is worth a query.
        caller = Callers.find(request, is_own and not agent_of(request.META.get("HTTP_USER_AGENT", "")).is_robot)
    except NotAllowed as error:
        return not_allowed(request, error)
    if caller is None and not is_own:
        return problems.response(request, status=403, code="cross_origin", detail=CROSS_ORIGIN)
    try:
        body = read_body(request.body)
    except NotReadable as error:
        return problems.response(request, status=400, code="parse_error", detail=str(error))
    if faults := faults_of_batch(body):
        detail = "; ".join(f"{fault['field']}: {fault['detail']}" for fault in faults)
        return problems.response(request, status=400, code="invalid", detail=detail, errors=faults)
    return take(request, body["events"], caller or Caller())


def take(request: HttpRequest, sent: list[Any], caller: Caller) -> HttpResponse:
    # Who is known by a key or a token is known to whatever else asks who is there.
    request.user = caller.user or AnonymousUser()
    visit = VisitOfRequest(request)
    try:
        spend(request, visit, caller, len(sent))
    except Limited:
        keep_out(Reason.LIMITED, len(sent))
        raise
    batch = read_batch(sent, visit)
    if batch.rejected:
        keep_out(Reason.INVALID, len(batch.rejected))
    # A program with a key is no robot that looks at pages.
    kept_out = visit.kept_out
    if kept_out and not (caller.key is not None and kept_out in (Reason.ROBOT, Reason.MONITORING)):
        keep_out(kept_out, len(batch.events))
    elif batch.events:
        try:
            accept(batch.events)
        except NotKept as error:
            logger.error("%d events were not taken: %s", len(batch.events), error)
            return views.unavailable(request)
    return accepted(len(batch.events), batch.rejected)


def spend(request: HttpRequest, visit: VisitOfRequest, caller: Caller, number: int) -> None:
    """Raises Limited."""
    if caller.key is not None:
        spend_together({("events of a key", caller.key): OF_KEY}, number, seconds=MINUTE)
        return
    limits = {
        ("events of a visitor", str(visit.visitor)): OF_VISITOR,
        # Whoever changes the name of their browser is another visitor each time.
        ("events of a network", client_network(request)): OF_NETWORK,
    }
    spend_together(limits, number, seconds=MINUTE)


def refusal_of_form(request: HttpRequest) -> HttpResponse | None:
    if request.content_type not in CONTENT_TYPES:
        detail = f"Send {' or '.join(CONTENT_TYPES)}."
        return problems.response(request, status=415, code="unsupported_media_type", detail=detail)
    if len(request.body) > LARGEST_BODY:
        detail = f"A batch may have {LARGEST_BODY // 1024} kB. Send several."
        return problems.response(request, status=413, code="content_too_large", detail=detail)
    return None


def not_allowed(request: HttpRequest, error: NotAllowed) -> HttpResponse:
    answer = problems.response(request, status=error.status, code=error.code, detail=str(error))
    if error.status == 401:
        answer["WWW-Authenticate"] = 'Bearer realm="api", Api-Key realm="api"'
    return answer


def accepted(number: int, rejected: list[Rejected]) -> HttpResponse:
    return JsonResponse(
        {"accepted": number, "rejected": [{"index": one.index, "errors": one.errors} for one in rejected]},
        status=202,
        headers={"Cache-Control": "no-store"},
    )
