"""What moderators do. Each deed has a reason, is told to the person concerned, and is a line of the staff log.

By that line it is undone, unless what it made has changed since. Whoever is second gets to know what was decided.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.services import staff
from community.models import (
    Case,
    Category,
    Comment,
    Decision,
    Deed,
    Kind,
    Pin,
    Post,
    StaffAction,
    Standing,
    State,
    TrustLevel,
)
from community.models.moderation import CHANGED_SINCE_READ
from community.models.posts import FORMER_MEMBER
from community.querysets.posts import may_moderate
from community.services import cases, indexing, notifying, states, trust
from community.services.admission import in_words
from community.services.reasons import check_reason

if TYPE_CHECKING:
    from accounts.visits import Visit
    from community.services.states import Text

NOT_A_MODERATOR = "Only moderators may do this."
HAS_MORE_RIGHTS = "This person has rights that you do not have. Ask somebody who has them."
YOUR_OWN_TEXT = "You wrote this yourself. Ask another moderator."
YOURSELF = "This is about yourself. Ask another moderator."
DECIDED = "{who} has decided this already: {decision}."
UNDONE = "{who} has undone this already."
CHANGED_SINCE = "This has changed since, so it cannot be undone. Look at it as it is now."
TAKEN_BACK = "Its author has deleted this, so it cannot be shown again."
NOBODY = "Its author is no longer a member, so there is nobody to silence or ban."
CHOOSE_PIN = "Choose where it is pinned: category or everywhere."
CHOOSE_WHEN = "Choose until when."
CHOOSE_LATER = "Choose a time in the future."
TOO_LONG = "Nobody is silenced for more than a year. Ban somebody whom you do not want back."
CHOOSE_DECISION = "Choose approved, dismissed or hidden."
CHOOSE_SANCTION = "Choose hour, day, week or ban."
LONGEST_SILENCE = timedelta(days=366)
SILENCES = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}
BAN = "ban"

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


# The queue


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


# Texts


@transaction.atomic
def hide(*, by: User, text: Text, reason: str, version: str = "") -> StaffAction | None:
    """Nobody but its author and moderators reads it any more; None if that was so, or its author has deleted it.

    Closes its case. `version` as in `decide`.

    Raises PermissionDenied; ValidationError on `reason`, and for what its author has changed.
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


# People


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


# Taking back


@transaction.atomic
def undo(*, by: User, action: StaffAction, reason: str, visit: Visit) -> StaffAction:
    """Make it as it was before a deed, by a line of its own.

    Raises PermissionDenied; ValidationError on `reason`, and for what somebody has undone or changed since.
    """
    require_moderator(by)
    reason = check_reason(reason)
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


# What the deeds are made of


def require_moderator(by: User) -> None:
    """Raises PermissionDenied."""
    if not may_moderate(by):
        raise PermissionDenied(NOT_A_MODERATOR)


def require_no_own(by: User, text: Text) -> None:
    """Nobody clears what they wrote themselves. Raises PermissionDenied."""
    if text.author_id == by.pk:
        raise PermissionDenied(YOUR_OWN_TEXT)


def require_version(text: Text, version: str) -> None:
    """Raises ValidationError if its author has changed what the moderator has read."""
    if version and version != text.version:
        raise ValidationError(CHANGED_SINCE_READ, code="changed_since")


def require_may_act_on(by: User, person: User) -> None:
    """Raises PermissionDenied for oneself, and for who has rights that the moderator lacks."""
    require_moderator(by)
    if person.pk == by.pk:
        raise PermissionDenied(YOURSELF)
    if not staff.may_change(by=by, person=person):
        raise PermissionDenied(HAS_MORE_RIGHTS)


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


def kept(value: Any) -> Any:
    """As JSON keeps it."""
    return value.isoformat() if isinstance(value, datetime) else value


def write(row: Any, values: dict[str, Any]) -> None:
    for name, value in values.items():
        is_time = name in ("locked_at", "silenced_until") and isinstance(value, str)
        setattr(row, name, datetime.fromisoformat(value) if is_time else value)
    row.save(update_fields=[name.removesuffix("_id") for name in values])


def require_unchanged(row: Any, action: StaffAction) -> None:
    """Raises ValidationError unless the row still is as a deed has made it."""
    if any(kept(getattr(row, name)) != value for name, value in action.after.items()):
        raise changed_since()


def changed_since() -> ValidationError:
    return ValidationError(CHANGED_SINCE, code="changed_since")


def still_there(thing: Any) -> Any:
    """Raises ValidationError for an account that was erased since."""
    if thing is None:
        raise changed_since()
    return thing


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
