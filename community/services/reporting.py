"""Members say what is wrong with a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F

from accounts.services.people import require_confirmed
from common import limits
from community.models import Case, CaseKind, Comment, Deed, Kind, Report, StaffAction, Standing, State, TrustLevel
from community.services import cases, notifying, states
from community.services.reasons import check_reason
from community.trust import OPENS

if TYPE_CHECKING:
    from accounts.models import User
    from community.services.states import Text

YOUR_OWN = "You cannot report what you wrote yourself. You can delete it."
NOT_THERE = "This is not there to be read any more, so there is nothing to report."
HELD_NOW = "Members have reported this. Nobody else sees it until a moderator has looked at it."
RATE = "20/h"
# So much weight of reports (community.trust) hides a text until a moderator has looked at it.
ENOUGH = 3


@transaction.atomic
def report(*, by: User, text: Text, reason: str) -> Report:
    """Tell the moderators what is wrong with a text; again, and the reason is replaced.

    Raises PermissionDenied, in words, for who has yet to confirm their address and for who wrote it; ValidationError on
    `reason`, and for a text that is hidden or deleted; Limited.
    """
    require_confirmed(by)
    if text.author_id == by.pk:
        raise PermissionDenied(YOUR_OWN)
    reason = check_reason(reason)
    limits.spend("reports of one member", str(by.pk), RATE)
    row = states.lock(text)
    if row.state not in (State.PUBLISHED, State.HELD):
        raise ValidationError(NOT_THERE, code="not_published")
    case = cases.open_case(row, CaseKind.REPORTED)
    given, is_new = Report.objects.update_or_create(case=case, reporter=by, defaults={"reason": reason})
    if is_new:
        Case.objects.filter(pk=case.pk).update(reports_count=F("reports_count") + 1)
        if row.is_published and weight_of(case) >= ENOUGH and not is_cleared(row):
            hold_back(row)
    return given


def weight_of(case: Case) -> int:
    """What the reports of a case weigh together: those of newcomers nothing, or anybody could hide anything."""
    reporters = Report.objects.filter(case=case).values("reporter")
    levels = Standing.objects.filter(pk__in=reporters).values_list("trust_level", flat=True)
    return sum(OPENS[TrustLevel(level)].weight for level in levels)


def is_cleared(text: Text) -> bool:
    """Whether a moderator has found what it says now to be in order: then reports alone do not hide it."""
    cleared = StaffAction.objects.of(text).filter(deed__in=(Deed.APPROVE, Deed.DISMISS, Deed.SHOW), undone_by=None)
    return cleared.filter(undoes=None, at__gt=text.edited_at or text.created_at).exists()


def hold_back(text: Text) -> None:
    states.set_state(text, State.HELD)
    if text.author is not None:
        comment = text if isinstance(text, Comment) else None
        post = text.post if isinstance(text, Comment) else text
        notifying.notify(user=text.author, kind=Kind.MODERATION, post=post, comment=comment, words=HELD_NOW)
