"""What every deed of a moderator has: who may do it, what it changed, a line of the staff log, and a word to whom it
concerns.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, ValidationError

from accounts.models import User
from accounts.services import staff
from community.models import Case, Category, Comment, Deed, Kind, Post, StaffAction, TrustLevel
from community.models.moderation import CHANGED_SINCE_READ
from community.models.posts import FORMER_MEMBER, is_as_read
from community.querysets.posts import may_moderate
from community.services import notifying
from community.services.admission import in_words

if TYPE_CHECKING:
    from community.services.states import Text

NOT_A_MODERATOR = "Only moderators may do this."
HAS_MORE_RIGHTS = "This person has rights that you do not have. Ask somebody who has them."
YOUR_OWN_TEXT = "You wrote this yourself. Ask another moderator."
YOURSELF = "This is about yourself. Ask another moderator."
CHANGED_SINCE = "This has changed since, so it cannot be undone. Look at it as it is now."
# What the person concerned is told, before the reason.
TOLD: dict[Deed, str] = {
    Deed.APPROVE: "A moderator has read this and published it.",
    Deed.HIDE: "A moderator has hidden this.",
    Deed.SHOW: "A moderator shows this again.",
    Deed.LOCK: "A moderator has locked this thread: nobody can add to it.",
    Deed.UNLOCK: "A moderator has opened this thread again.",
    Deed.PIN: "A moderator has pinned this to the top.",
    Deed.UNPIN: "A moderator has unpinned this.",
    Deed.MOVE: "A moderator has moved this to {category}.",
    Deed.SILENCE: "A moderator has silenced you until {until}: you can read, and not write.",
    Deed.UNSILENCE: "You may write here again.",
    Deed.SET_LEVEL: "A moderator has set your trust level to {level}.",
}
# Nobody learns here of reports that were dismissed; of bans the accounts send a mail.
NOT_TOLD = frozenset({Deed.DISMISS, Deed.BAN, Deed.UNBAN})


@dataclass(frozen=True)
class Done:
    """A deed, on what, and what it changed: each from `before` to `after`, as JSON keeps it."""

    deed: Deed
    before: dict[str, Any]
    after: dict[str, Any]
    person: User | None = None
    text: Post | Comment | None = None
    category: Category | None = None
    case: Case | None = None
    undoes: StaffAction | None = None


def require_moderator(by: User) -> None:
    """Raises PermissionDenied."""
    if not may_moderate(by):
        raise PermissionDenied(NOT_A_MODERATOR)


def require_no_own(by: User, text: Text) -> None:
    """Nobody clears what they wrote themselves. Raises PermissionDenied."""
    if text.author_id == by.pk:
        raise PermissionDenied(YOUR_OWN_TEXT)


def require_version(text: Text, version: str) -> None:
    """Raises ValidationError if somebody has changed what the moderator has read."""
    if not is_as_read(text.version, version):
        raise ValidationError(CHANGED_SINCE_READ, code="changed_since")


def require_may_act_on(by: User, person: User) -> None:
    """Raises PermissionDenied for oneself, and for who has rights that the moderator lacks."""
    require_moderator(by)
    if person.pk == by.pk:
        raise PermissionDenied(YOURSELF)
    if not staff.may_change(by=by, person=person):
        raise PermissionDenied(HAS_MORE_RIGHTS)


def require_unchanged(row: Any, action: StaffAction) -> None:
    """Raises ValidationError unless the row still is as a deed has made it."""
    if any(kept(getattr(row, name)) != value for name, value in action.after.items()):
        raise changed_since()


def changed_since() -> ValidationError:
    return ValidationError(CHANGED_SINCE, code="changed_since")


def kept(value: Any) -> Any:
    """As JSON keeps it."""
    return value.isoformat() if isinstance(value, datetime) else value


def write(row: Any, values: dict[str, Any]) -> None:
    for name, value in values.items():
        is_time = name in ("locked_at", "silenced_until") and isinstance(value, str)
        setattr(row, name, datetime.fromisoformat(value) if is_time else value)
    row.save(update_fields=[name.removesuffix("_id") for name in values])


def enter(done: Done, *, by: User, reason: str) -> StaffAction:
    """A line of the log, and a word to the person concerned."""
    comment = done.text if isinstance(done.text, Comment) else None
    post = done.text if isinstance(done.text, Post) else None
    action = StaffAction(
        by=by,
        deed=done.deed,
        reason=reason,
        person=done.person,
        post=post,
        comment=comment,
        category=done.category,
        case=done.case,
        before=done.before,
        after=done.after,
        undoes=done.undoes,
    )
    action.save(force_insert=True)
    if done.person is not None and done.person.pk != by.pk and done.deed not in NOT_TOLD:
        notifying.notify(
            user=done.person,
            kind=Kind.MODERATION,
            post=comment.post if comment else post,
            comment=comment,
            words=f"{sentence(done)} The reason: {reason}",
        )
    return action


def sentence(done: Done) -> str:
    if done.undoes is not None:
        return f"A moderator has taken back: {done.deed.label.lower()}."
    until = done.after.get("silenced_until")
    level = done.after.get("trust_level")
    return TOLD[done.deed].format(
        category=done.category,
        until=in_words(datetime.fromisoformat(until)) if until else "",
        level=TrustLevel(level).label.lower() if level is not None else "what you earn",
    )


def name_of(person: User | None) -> str:
    return person.profile.shown_name if person is not None else FORMER_MEMBER
