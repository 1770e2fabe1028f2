"""Taking a deed back, by its line of the staff log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.services import staff
from community.models import Category, Deed, Post, StaffAction, State
from community.services import cases, indexing, states
from community.services.moderating.deeds import (
    Done,
    changed_since,
    enter,
    name_of,
    require_may_act_on,
    require_moderator,
    require_no_own,
    require_unchanged,
    write,
)
from community.services.reasons import check_reason

if TYPE_CHECKING:
    from accounts.models import User
    from accounts.visits import Visit

UNDONE = "{who} has undone this already."


@transaction.atomic
def undo(*, by: User, action: StaffAction, reason: str, visit: Visit) -> StaffAction:
    """Make it as it was before a deed, by a line of its own.

    Raises PermissionDenied; ValidationError on `reason`, and for what somebody has undone or changed since.
    """
    require_moderator(by)
    reason = check_reason(reason)
    # Whom it concerns first, as all who write about somebody: their erasure would want the line while we want them.
    states.lock_standings([action.person_id])
    row = StaffAction.objects.select_for_update(of=("self",)).get(pk=action.pk)
    undone = StaffAction.objects.filter(undoes=row).select_related("by__profile").first()
    if undone is not None:
        raise ValidationError(UNDONE.format(who=name_of(undone.by)), code="undone")
    deed = Deed(row.deed)
    if deed in (Deed.BAN, Deed.UNBAN):
        undo_ban(row, by=by, reason=reason, visit=visit)
    elif deed in (Deed.SILENCE, Deed.UNSILENCE, Deed.SET_LEVEL):
        undo_on_standing(row, by=by)
    elif deed in (Deed.HIDE, Deed.SHOW, Deed.APPROVE, Deed.DISMISS):
        undo_state(row, by=by)
    else:
        undo_on_post(row)
    return enter(
        Done(deed, row.after, row.before, person=row.person, text=row.text, category=row.category, undoes=row),
        by=by,
        reason=reason,
    )


def undo_ban(action: StaffAction, *, by: User, reason: str, visit: Visit) -> None:
    person = still_there(action.person)
    require_may_act_on(by, person)
    act = staff.ban if action.before["is_active"] is False else staff.unban
    if not act(person=person, by=by, reason=reason, visit=visit):
        raise changed_since()


def undo_on_standing(action: StaffAction, *, by: User) -> None:
    person = still_there(action.person)
    require_may_act_on(by, person)
    standing = states.lock_standings([person])[person.pk]
    require_unchanged(standing, action)
    write(standing, action.before)
    if not standing.level_is_fixed:
        states.promote_later(person.pk)


def undo_state(action: StaffAction, *, by: User) -> None:
    text = still_there(action.text)
    require_no_own(by, text)
    row = states.lock(text)
    require_unchanged(row, action)
    if "state" in action.before:
        states.set_state(row, State(action.before["state"]))
        states.promote_later(row.author_id)
    if action.case is not None:
        cases.reopen_case(action.case)


def undo_on_post(action: StaffAction) -> None:
    row = states.lock_post(still_there(action.post).pk)
    require_unchanged(row, action)
    former = action.before.get("category_id")
    if former is not None and not Category.objects.filter(pk=former).exists():
        raise changed_since()
    write(row, action.before)
    if former is not None and row.is_published:
        indexing.index(Post.objects.get(pk=row.pk))


def still_there(thing: Any) -> Any:
    """Raises ValidationError for an account that was erased since."""
    if thing is None:
        raise changed_since()
    return thing
