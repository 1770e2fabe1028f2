"""What moderators do about people."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.services import staff
from community.models import Deed, StaffAction, Standing, TrustLevel
from community.services import states, trust
from community.services.moderating.deeds import Done, enter, kept, require_may_act_on, write
from community.services.reasons import check_reason

if TYPE_CHECKING:
    from accounts.models import User
    from accounts.visits import Visit

CHOOSE_WHEN = "Choose until when."
CHOOSE_LATER = "Choose a time in the future."
TOO_LONG = "Nobody is silenced for more than a year. Ban somebody whom you do not want back."
LONGEST_SILENCE = timedelta(days=366)


@transaction.atomic
def silence(*, by: User, person: User, until: datetime | None, reason: str) -> StaffAction | None:
    """They read, and do not write, until then; None if that was so already.

    Raises PermissionDenied; ValidationError on `until` or `reason`.
    """
    require_may_act_on(by, person)
    if until is None:
        raise ValidationError({"until": ValidationError(CHOOSE_WHEN, code="required")})
    if until <= timezone.now():
        raise ValidationError({"until": ValidationError(CHOOSE_LATER, code="past")})
    if until > timezone.now() + LONGEST_SILENCE:
        raise ValidationError({"until": ValidationError(TOO_LONG, code="too_long")})
    return put_on_standing(by, person, Deed.SILENCE, reason, {"silenced_until": until})


@transaction.atomic
def end_silence(*, by: User, person: User, reason: str) -> StaffAction | None:
    """None if they were not silenced. Raises PermissionDenied; ValidationError on `reason`."""
    require_may_act_on(by, person)
    return put_on_standing(by, person, Deed.UNSILENCE, reason, {"silenced_until": None})


@transaction.atomic
def set_level(*, by: User, person: User, level: TrustLevel | None, reason: str) -> StaffAction | None:
    """Fix somebody's trust level; with None behaviour decides again. None if that was so already.

    Raises PermissionDenied; ValidationError on `reason`.
    """
    require_may_act_on(by, person)
    fixed: dict[str, Any] = {"level_is_fixed": level is not None}
    if level is not None:
        fixed["trust_level"] = int(level)
    return put_on_standing(by, person, Deed.SET_LEVEL, reason, fixed)


@transaction.atomic
def ban(*, by: User, person: User, reason: str, visit: Visit) -> StaffAction | None:
    """Close somebody's account; None if it was closed. Raises as `silence`, and as accounts.services.staff.ban."""
    require_may_act_on(by, person)
    reason = check_reason(reason)
    if not staff.ban(person=person, by=by, reason=reason, visit=visit):
        return None
    return enter(Done(Deed.BAN, {"is_active": True}, {"is_active": False}, person=person), by=by, reason=reason)


@transaction.atomic
def unban(*, by: User, person: User, reason: str, visit: Visit) -> StaffAction | None:
    """Open an account that was closed; None if it was open. Raises as `ban`."""
    require_may_act_on(by, person)
    reason = check_reason(reason)
    if not staff.unban(person=person, by=by, reason=reason, visit=visit):
        return None
    return enter(Done(Deed.UNBAN, {"is_active": False}, {"is_active": True}, person=person), by=by, reason=reason)


def put_on_standing(by: User, person: User, deed: Deed, reason: str, changes: dict[str, Any]) -> StaffAction | None:
    reason = check_reason(reason)
    standing = states.lock_standings([person])[person.pk]
    before, after = kept_of(standing, changes), {name: kept(value) for name, value in changes.items()}
    if before == after:
        return None
    write(standing, changes)
    if not standing.level_is_fixed:
        trust.promote(person.pk)
        standing.refresh_from_db()
    return enter(Done(deed, before, after, person=person), by=by, reason=reason)


def kept_of(standing: Standing, changes: dict[str, Any]) -> dict[str, Any]:
    """What stands where these changes go. A level that is not fixed is not kept: behaviour will say it anew."""
    if "level_is_fixed" not in changes:
        return {name: kept(getattr(standing, name)) for name in changes}
    if standing.level_is_fixed:
        return {"level_is_fixed": True, "trust_level": standing.trust_level}
    return {"level_is_fixed": False}
