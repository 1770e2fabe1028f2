"""What moderators do with posts and comments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from community.models import Category, Decision, Deed, Pin, Post, StaffAction, State
from community.services import cases, indexing, states
from community.services.moderating.deeds import (
    Done,
    enter,
    kept,
    require_moderator,
    require_no_own,
    require_version,
    write,
)
from community.services.reasons import check_reason

if TYPE_CHECKING:
    from accounts.models import User
    from community.services.states import Text

TAKEN_BACK = "Its author has deleted this, so it cannot be shown again."
CHOOSE_PIN = "Choose where it is pinned: category or everywhere."


@transaction.atomic
def hide(*, by: User, text: Text, reason: str, version: str = "") -> StaffAction | None:
    """Nobody but its author and moderators reads it any more; None if that was so, or its author has deleted it.

    Closes its case. `version` as in `decide`.

    Raises PermissionDenied; ValidationError on `reason`, and for what was changed.
    """
    require_moderator(by)
    reason = check_reason(reason)
    row = states.lock(text)
    if row.state in (State.HIDDEN, State.DELETED):
        return None
    require_version(row, version)
    return put_state(row, State.HIDDEN, Deed.HIDE, by=by, reason=reason)


@transaction.atomic
def show(*, by: User, text: Text, reason: str, version: str = "") -> StaffAction | None:
    """Show again what was hidden or held; None if everybody sees it. `version` as in `decide`.

    Raises PermissionDenied; ValidationError on `reason`, and for what its author has deleted or changed.
    """
    require_moderator(by)
    reason = check_reason(reason)
    row = states.lock(text)
    if row.state == State.PUBLISHED:
        return None
    if row.state == State.DELETED:
        raise ValidationError(TAKEN_BACK, code="deleted")
    require_no_own(by, row)
    require_version(row, version)
    deed = Deed.APPROVE if row.state == State.HELD else Deed.SHOW
    return put_state(row, State.PUBLISHED, deed, by=by, reason=reason)


@transaction.atomic
def lock(*, by: User, post: Post, reason: str) -> StaffAction | None:
    """Only moderators can add to a thread from now on; None if that was so already. Raises as `hide`."""
    return put_on_post(by, post, Deed.LOCK, reason, {"locked_at": timezone.now()})


@transaction.atomic
def unlock(*, by: User, post: Post, reason: str) -> StaffAction | None:
    return put_on_post(by, post, Deed.UNLOCK, reason, {"locked_at": None})


@transaction.atomic
def pin(*, by: User, post: Post, where: str, reason: str) -> StaffAction | None:
    """Have it stand first in its category, or everywhere. Raises as `hide`, ValidationError on `where`, too."""
    if where not in (Pin.CATEGORY, Pin.EVERYWHERE):
        raise ValidationError({"where": ValidationError(CHOOSE_PIN, code="invalid_choice")})
    return put_on_post(by, post, Deed.PIN, reason, {"pinned": str(where)})


@transaction.atomic
def unpin(*, by: User, post: Post, reason: str) -> StaffAction | None:
    return put_on_post(by, post, Deed.UNPIN, reason, {"pinned": str(Pin.NOWHERE)})


@transaction.atomic
def move(*, by: User, post: Post, category: Category, reason: str) -> StaffAction | None:
    """To another category; None if it stands there. Raises as `hide`."""
    return put_on_post(by, post, Deed.MOVE, reason, {"category_id": category.pk}, category=category)


def put_state(text: Text, state: State, deed: Deed, *, by: User, reason: str) -> StaffAction:
    """The text is locked, and in another state."""
    before = text.state
    states.set_state(text, state)
    # Also what is hidden can lose somebody a level.
    states.promote_later(text.author_id)
    decision = Decision.HIDDEN if state == State.HIDDEN else Decision.APPROVED
    case = cases.close_case(text, by=by, decision=decision)
    done = Done(deed, {"state": str(before)}, {"state": str(state)}, person=text.author, text=text, case=case)
    return enter(done, by=by, reason=reason)


def put_on_post(
    by: User, post: Post, deed: Deed, reason: str, changes: dict[str, Any], *, category: Category | None = None
) -> StaffAction | None:
    """None, and nothing changes, if it was so already."""
    require_moderator(by)
    reason = check_reason(reason)
    # Its author first, who is told of it: their erasure would want the post while we want them.
    states.lock_standings([post.author_id])
    row = states.lock_post(post.pk)
    if deed == Deed.LOCK and row.is_locked:
        return None
    before = {name: kept(getattr(row, name)) for name in changes}
    after = {name: kept(value) for name, value in changes.items()}
    if before == after:
        return None
    write(row, changes)
    if category is not None and row.is_published:
        # As it stands in its new category.
        row.category = category
        indexing.index(row)
    return enter(Done(deed, before, after, person=row.author, text=row, category=category), by=by, reason=reason)
