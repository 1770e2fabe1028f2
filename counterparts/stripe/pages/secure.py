"""3-D Secure: the holder of a card approves a payment at their bank, or refuses it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from counterparts import settings
from counterparts.stripe.errors import missing
from counterparts.stripe.pages.answers import hosted, show
from counterparts.stripe.store import things
from counterparts.world import Thing, new_id

# What a page does after its holder decided: with its subject, what was filled in, and whether it was approved.
Decided = Callable[[HttpRequest, str, dict[str, str], bool], HttpResponse]
AFTERWARDS: dict[str, Decided] = {}


def afterwards(page: str) -> Callable[[Decided], Decided]:
    def register(decided: Decided) -> Decided:
        AFTERWARDS[page] = decided
        return decided

    return register


def ask(page: str, subject: str, given: dict[str, str], title: str) -> HttpResponse:
    """Send the holder to their bank; `page` goes on with what they decide."""
    approval_id = new_id("3ds_")
    asked: Thing = {"page": page, "subject": subject, "given": given, "title": title}
    things("approval")[approval_id] = asked
    return HttpResponseRedirect(f"{settings.OWN_URL}/stripe/secure/{approval_id}")


@hosted
def secure(request: HttpRequest, approval_id: str) -> HttpResponse:
    asked: dict[str, Any] | None = things("approval").get(approval_id)
    if asked is None:
        raise missing("approval", approval_id, "approval")
    if request.method != "POST":
        return show(request, "secure", {"title": asked["title"]})
    del things("approval")[approval_id]
    is_approved = request.POST.get("decision") == "approve"
    return AFTERWARDS[asked["page"]](request, asked["subject"], asked["given"], is_approved)
