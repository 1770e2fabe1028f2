"""Writing the login history: the one place that does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from accounts.models import LoginHistory
from common import limits
from common.client import network_of

if TYPE_CHECKING:
    from accounts.models import Session, User
    from accounts.models.history import Event
    from accounts.visits import Visit

LOOKS_LIKE_AN_ADDRESS = re.compile(r"\A[^@\s]{1,64}@[^@\s]{1,189}\Z")
# How many refusals of one network are written down; the rest is only counted by the limits.
RECORDED_REFUSALS = "60/m"


def record(
    event: Event,
    *,
    visit: Visit,
    user: User | None = None,
    email: str = "",
    reason: str = "",
    session: Session | None = None,
) -> LoginHistory:
    """Write down what happened. What was typed is kept only where it has the form of an address."""
    typed = email if user is None and LOOKS_LIKE_AN_ADDRESS.match(email) and email.isprintable() else ""
    return LoginHistory.objects.create(
        user=user,
        email=typed,
        event=event,
        door=visit.door,
        reason=reason[:200],
        device=visit.device,
        address=visit.address,
        session=session,
    )


def record_refusal(event: Event, *, visit: Visit, email: str = "", reason: str = "", user: User | None = None) -> None:
    """As `record`, but a flood of refusals from one network does not fill the table."""
    try:
        limits.spend("recorded refusals", network_of(visit.address), RECORDED_REFUSALS)
    except limits.Limited:
        return
    record(event, visit=visit, user=user, email=email, reason=reason)
