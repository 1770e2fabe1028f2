"""Closing a case of the queue: what becomes of the text, and what its author gets besides."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from community.models import Case, Decision, Deed, State
from community.services import cases, states
from community.services.moderating.deeds import (
    Done,
    enter,
    name_of,
    require_moderator,
    require_no_own,
    require_version,
)
from community.services.moderating.people import ban, silence
from community.services.moderating.texts import put_state
from community.services.reasons import check_reason

if TYPE_CHECKING:
    from accounts.models import User
    from accounts.visits import Visit
    from community.services.states import Text

DECIDED = "{who} has decided this already: {decision}."
NOBODY = "Its author is no longer a member, so there is nobody to silence or ban."
CHOOSE_DECISION = "Choose approved, dismissed or hidden."
CHOOSE_SANCTION = "Choose hour, day, week or ban."
SILENCES = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}
BAN = "ban"


@transaction.atomic
def decide(
    *, by: User, case: Case, decision: str, reason: str, visit: Visit, sanction: str = "", version: str = ""
) -> Case:
    """Close a case: the text stays (what was held is published), or is hidden. The same again changes nothing.

    `sanction` is what its author gets besides: "", one of SILENCES, or "ban". `version` is that of the text which the
    moderator has read; "" leaves it open. Raises PermissionDenied; ValidationError by field, and in words for a case
    that somebody else has closed and for a text that has another version.
    """
    require_moderator(by)
    if decision not in Decision.values:
        raise ValidationError({"decision": ValidationError(CHOOSE_DECISION, code="invalid_choice")})
    reason = check_reason(reason)
    text = states.lock(case.text)
    row = Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
    hides = decision == Decision.HIDDEN
    if not row.is_open:
        if row.closed_by_id == by.pk and (row.decision == Decision.HIDDEN) == hides:
            return row
        raise ValidationError(DECIDED.format(who=name_of(row.closed_by), decision=row.decision), code="decided")
    require_version(text, version)
    if hides and text.state == State.DELETED:
        # Its author was quicker: it stays what it is, and cannot be shown again.
        closed = cases.close_case(text, by=by, decision=Decision.HIDDEN)
        enter(Done(Deed.HIDE, {}, {}, person=text.author, text=text, case=closed), by=by, reason=reason)
    elif hides:
        put_state(text, State.HIDDEN, Deed.HIDE, by=by, reason=reason)
    else:
        require_no_own(by, text)
        if text.state == State.HELD:
            put_state(text, State.PUBLISHED, Deed.APPROVE, by=by, reason=reason)
        else:
            closed = cases.close_case(text, by=by, decision=Decision.DISMISSED)
            enter(Done(Deed.DISMISS, {}, {}, person=text.author, text=text, case=closed), by=by, reason=reason)
    if sanction:
        punish(text, sanction, by=by, reason=reason, visit=visit)
    row.refresh_from_db()
    return row


def punish(text: Text, sanction: str, *, by: User, reason: str, visit: Visit) -> None:
    if text.author is None:
        raise ValidationError({"sanction": ValidationError(NOBODY, code="nobody")})
    if sanction == BAN:
        ban(by=by, person=text.author, reason=reason, visit=visit)
    elif sanction in SILENCES:
        silence(by=by, person=text.author, until=timezone.now() + SILENCES[sanction], reason=reason)
    else:
        raise ValidationError({"sanction": ValidationError(CHOOSE_SANCTION, code="invalid_choice")})
