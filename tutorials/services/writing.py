"""What authors do: write, have it read, publish, archive, go back. Every door comes here.

A step that a tutorial cannot take where it stands is a ValidationError that says what to do: NEEDS is the table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.utils import timezone

from tutorials import emails
from tutorials.models import ReviewNote, Status, Tutorial, TutorialImage, TutorialVersion, Verdict

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User

NOT_ALLOWED = "Only authors and staff may write tutorials."
CHOOSE_WHEN = "Choose when it should come out."
CHOOSE_LATER = "Choose a time in the future."
ITS_OWN_AUTHOR = "Nobody approves their own tutorial. Ask somebody else to read it."
TEXT_HAS_CHANGED = "The text has changed since you opened it. Read it again."
IMAGES_MISSING = "The text shows images that are not there: {names}. Add them, or take them out of the text."
CHANGED_MEANWHILE = (
    "Somebody has changed this tutorial since you opened it. Open it in another tab, and bring the two together."
)
GONE = "Somebody has deleted this tutorial."
WAS_PUBLISHED = "This tutorial was published, so people may look for it. Archive it instead."
IS_A_STEP = "This tutorial is a step of the track {track}. Take it out there first."
# What doors may set; the status has verbs of its own.
WRITTEN = frozenset(
    {"title", "slug", "summary", "body", "topic", "tags", "difficulty", "access", "pass_mark", "author"}
)

DRAFT, IN_REVIEW, PUBLISHED, ARCHIVED = Status.DRAFT, Status.IN_REVIEW, Status.PUBLISHED, Status.ARCHIVED
# Step → where a tutorial must stand to take it.
NEEDS: dict[str, tuple[Status, ...]] = {
    "change": (DRAFT, IN_REVIEW, PUBLISHED),
    "ask_for_review": (DRAFT,),
    "withdraw": (IN_REVIEW,),
    "comment": (DRAFT, IN_REVIEW, PUBLISHED),
    "answer_review": (IN_REVIEW,),
    "publish": (DRAFT, IN_REVIEW, PUBLISHED),  # what is scheduled, too
    "schedule": (DRAFT, IN_REVIEW, PUBLISHED),
    "unpublish": (PUBLISHED, ARCHIVED),
    "archive": (DRAFT, IN_REVIEW, PUBLISHED),
    "delete": (DRAFT, IN_REVIEW),
}
# What is said to somebody who wants a step that cannot be taken from here.
STANDS = {
    DRAFT: "This tutorial is a draft. Ask for a review first.",
    IN_REVIEW: "This tutorial is in review already.",
    PUBLISHED: "This tutorial is published. Take it back to draft first.",
    ARCHIVED: "This tutorial is archived. Bring it back to draft first.",
}
ALREADY = {
    ("ask_for_review", PUBLISHED): "This tutorial is published already.",
    ("withdraw", DRAFT): "This tutorial is a draft already.",
    ("publish", PUBLISHED): "This tutorial is published already.",
    ("schedule", PUBLISHED): "This tutorial is out already. Take it back to draft first.",
    ("unpublish", DRAFT): "This tutorial is a draft already.",
    ("unpublish", IN_REVIEW): "This tutorial is not published. Withdraw it from review instead.",
    ("archive", ARCHIVED): "This tutorial is archived already.",
    ("delete", PUBLISHED): WAS_PUBLISHED,
    ("delete", ARCHIVED): WAS_PUBLISHED,
}


class ChangedMeanwhile(ValidationError):
    """Somebody has written since the text was read."""

    def __init__(self) -> None:
        super().__init__(CHANGED_MEANWHILE, code="changed_meanwhile")


def may_write(user: User | AnonymousUser, tutorial: Tutorial | None = None) -> bool:
    """Whether somebody may change tutorials, or begin one (None). Who may change one may change all."""
    right = "tutorials.add_tutorial" if tutorial is None else "tutorials.change_tutorial"
    return user.is_authenticated and user.acts_as_staff and user.has_perm(right)


def can(step: str, tutorial: Tutorial, at: datetime | None = None) -> bool:
    """Whether a tutorial stands where this step can be taken (not who may take it)."""
    if step in ("publish", "schedule") and tutorial.is_out(at):
        return False
    if step == "delete" and was_published(tutorial):
        return False
    return tutorial.status in NEEDS[step]


@transaction.atomic
def create_tutorial(*, by: User, values: Mapping[str, Any]) -> Tutorial:
    """A new draft, its author's own unless `values` name another. Raises PermissionDenied; ValidationError by field."""
    require_may_write(by)
    tutorial = Tutorial(author=by)
    put(tutorial, values)
    tutorial.full_clean()
    store(tutorial)
    return tutorial


@transaction.atomic
def change_tutorial(
    *, by: User, tutorial: Tutorial, changes: Mapping[str, Any], read_at: datetime | None = None
) -> Tutorial:
    """Write these fields; what is there already is not written again. Readers of a published one see it at once.

    `read_at` is the `updated_at` of the text that was read, for who would not write over somebody else's words.
    Raises PermissionDenied; ChangedMeanwhile; ValidationError by field.
    """
    row = take(by, tutorial, "change")
    if read_at is not None and read_at != row.updated_at:
        raise ChangedMeanwhile
    former = first_version(row) if row.status == PUBLISHED else None
    changed = put(row, changes)
    if not changed:
        return row
    row.full_clean()
    if row.status == PUBLISHED:
        require_images(row)
    if former:
        former.save(force_insert=True)
    store(row, changed)
    if row.status == PUBLISHED:
        record_version(row, by)
    return row


@transaction.atomic
def ask_for_review(*, by: User, tutorial: Tutorial) -> Tutorial:
    """Raises PermissionDenied, ValidationError."""
    row = take(by, tutorial, "ask_for_review")
    row.approved_at = None
    return move(row, IN_REVIEW, "approved_at")


@transaction.atomic
def withdraw(*, by: User, tutorial: Tutorial) -> Tutorial:
    """Take it back from review. Raises PermissionDenied, ValidationError."""
    return move(take(by, tutorial, "withdraw"), DRAFT)


@transaction.atomic
def add_review_note(
    *, by: User, tutorial: Tutorial, verdict: str, text: str, read_at: datetime | None = None
) -> ReviewNote:
    """Say something of a text: approve it, ask for changes (it is a draft again then), or comment.

    `read_at` is the `updated_at` of the text that was read: nobody approves what they have not seen.
    Raises PermissionDenied; ValidationError by field.
    """
    row = take(by, tutorial, "comment" if verdict == Verdict.COMMENT else "answer_review")
    note = ReviewNote(tutorial=row, by=by, verdict=verdict, text=text.replace("\r\n", "\n").strip())
    note.full_clean(exclude=["tutorial", "by"])
    if verdict == Verdict.APPROVED:
        if row.author_id == by.pk:
            raise ValidationError({"verdict": ITS_OWN_AUTHOR})
        if read_at is not None and read_at != row.updated_at:
            raise ValidationError(TEXT_HAS_CHANGED)
    note.save(force_insert=True)
    if verdict == Verdict.APPROVED:
        row.approved_at = note.at
        row.save(update_fields=["approved_at"])
    elif verdict == Verdict.CHANGES_REQUESTED:
        row.approved_at = None
        move(row, DRAFT, "approved_at")
    if verdict != Verdict.COMMENT and row.author and row.author_id != by.pk:
        emails.review_answered(note=note, author=row.author)
    return note


@transaction.atomic
def publish(*, by: User, tutorial: Tutorial, at: datetime | None = None) -> Tutorial:
    """Let readers see it: now (what was out before keeps its date), or from a time on.

    Raises PermissionDenied; ValidationError, on `body` for images that nobody has given us.
    """
    row = take(by, tutorial, "publish" if at is None else "schedule")
    now = timezone.now()
    if row.is_out(now):
        raise refusal("publish" if at is None else "schedule", row)
    if at is None:
        at = row.published_at if row.published_at and row.published_at <= now else now
    row.status, row.published_at = PUBLISHED, at
    row.full_clean()
    require_images(row)
    row.save(update_fields=["status", "published_at"])
    record_version(row, by)
    return row


@transaction.atomic
def schedule(*, by: User, tutorial: Tutorial, at: datetime | None) -> Tutorial:
    """Publish it from a time to come on; also moves one that is not out yet.

    Raises as `publish`; ValidationError on `published_at` too.
    """
    if at is None:
        raise ValidationError({"published_at": ValidationError(CHOOSE_WHEN, code="required")})
    if at <= timezone.now():
        raise ValidationError({"published_at": ValidationError(CHOOSE_LATER, code="past")})
    return publish(by=by, tutorial=tutorial, at=at)


@transaction.atomic
def unpublish(*, by: User, tutorial: Tutorial) -> Tutorial:
    """Back to draft, from being published or archived. Raises PermissionDenied, ValidationError."""
    return move(take(by, tutorial, "unpublish"), DRAFT)


@transaction.atomic
def archive(*, by: User, tutorial: Tutorial) -> Tutorial:
    """Keep it and show it to nobody. Raises PermissionDenied, ValidationError."""
    return move(take(by, tutorial, "archive"), ARCHIVED)


@transaction.atomic
def end_state(*, by: User, tutorial: Tutorial, state: Status) -> bool:
    """Back to draft from this state; False, and nothing changes, where it stands elsewhere. Raises PermissionDenied.

    For doors at which a state may be ended twice: `withdraw` and `unpublish` would say that it is a draft already.
    """
    require_may_write(by, tutorial)
    row = lock(tutorial)
    if row.status != state:
        return False
    move(row, DRAFT)
    return True


@transaction.atomic
def restore_version(*, by: User, version: TutorialVersion) -> Tutorial:
    """Write what an earlier version said; of a published tutorial that makes a new version.

    Raises as `change_tutorial`.
    """
    kept = {name: getattr(version, name) for name in version.KEPT if name != "topic_id"}
    return change_tutorial(by=by, tutorial=version.tutorial, changes={**kept, "topic": version.topic})


@transaction.atomic
def delete_tutorial(*, by: User, tutorial: Tutorial) -> None:
    """Only what was never published, and is no step of a track. Raises PermissionDenied, ValidationError."""
    row = take(by, tutorial, "delete")
    if not by.has_perm("tutorials.delete_tutorial"):
        raise PermissionDenied(NOT_ALLOWED)
    if was_published(row):
        raise ValidationError(WAS_PUBLISHED)
    if step := row.steps.select_related("track").first():
        raise ValidationError(IS_A_STEP.format(track=step.track))
    forget_files(row.images.all())
    row.delete()


# What the operations above, and those of importing and images, are made of


def require_may_write(by: User, tutorial: Tutorial | None = None) -> None:
    """Raises PermissionDenied."""
    if not may_write(by, tutorial):
        raise PermissionDenied(NOT_ALLOWED)


def take(by: User, tutorial: Tutorial, step: str) -> Tutorial:
    """The row as it is now, locked until the end of the transaction, for a step that it can take.

    Raises PermissionDenied, ValidationError.
    """
    require_may_write(by, tutorial)
    row = lock(tutorial)
    if row.status not in NEEDS[step]:
        raise refusal(step, row)
    return row


def lock(tutorial: Tutorial) -> Tutorial:
    """The row as it is now, locked. Raises ValidationError if there is none any more."""
    # Nothing is joined: an author who was changed while the lock was waited for would not be found.
    row = Tutorial.objects.select_for_update().filter(pk=tutorial.pk).first()
    if row is None:
        raise ValidationError(GONE, code="gone")
    return row


def refusal(step: str, tutorial: Tutorial) -> ValidationError:
    status = Status(tutorial.status)
    return ValidationError(ALREADY.get((step, status), STANDS[status]), code="wrong_status")


def move(tutorial: Tutorial, status: Status, *fields: str) -> Tutorial:
    tutorial.status = status
    tutorial.full_clean()
    tutorial.save(update_fields=["status", *fields])
    return tutorial


def put(tutorial: Tutorial, values: Mapping[str, Any]) -> set[str]:
    """Set these fields; returns those that changed. Raises TypeError for a field that has a verb of its own."""
    if unknown := values.keys() - WRITTEN:
        raise TypeError(f"not to be written: {', '.join(sorted(unknown))}")
    written = {name: tidy(value) if name == "body" else value for name, value in values.items()}
    changed = {name for name, value in written.items() if getattr(tutorial, name, None) != value}
    for name in changed:
        setattr(tutorial, name, written[name])
    return changed


def tidy(body: str) -> str:
    """A text with lines that end the same way everywhere, and without empty ones at both ends: as a file has it."""
    lines = body.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    return f"{lines}\n" if lines else ""


def store(tutorial: Tutorial, changed: Iterable[str] | None = None) -> None:
    """Save what was checked: a new row, or these fields. Raises ValidationError if a slug was taken meanwhile."""
    fields = None if changed is None else set(changed)
    if fields and tutorial.approved_at:
        # What was approved is not what it says now.
        tutorial.approved_at = None
        fields.add("approved_at")
    try:
        with transaction.atomic():
            tutorial.save(update_fields=fields)
    except IntegrityError:
        # Somebody else was quicker with the same slug; their row can be seen now.
        tutorial.full_clean()
        raise


def require_images(tutorial: Tutorial) -> None:
    """Raises ValidationError on `body` for what the text shows and nobody has given us."""
    if missing := tutorial.missing_images():
        raise ValidationError({"body": IMAGES_MISSING.format(names=", ".join(missing))})


def was_published(tutorial: Tutorial) -> bool:
    return tutorial.status == PUBLISHED or tutorial.versions.exists()


def kept_of(tutorial: Tutorial | TutorialVersion) -> dict[str, Any]:
    return {name: getattr(tutorial, name) for name in TutorialVersion.KEPT}


def record_version(tutorial: Tutorial, by: User | None) -> TutorialVersion | None:
    """Keep what readers see now; None if it says what the last version says. The row must be locked, or new."""
    last = tutorial.versions.latest_first().first()
    if last and kept_of(last) == kept_of(tutorial):
        return None
    number = last.number + 1 if last else 1
    return TutorialVersion.objects.create(tutorial=tutorial, number=number, by=by, **kept_of(tutorial))


def first_version(tutorial: Tutorial) -> TutorialVersion | None:
    """What was published before versions were kept, not saved yet; None if there is one."""
    if tutorial.versions.exists():
        return None
    at = tutorial.published_at or timezone.now()
    return TutorialVersion(tutorial=tutorial, number=1, by=tutorial.author, at=at, **kept_of(tutorial))


def forget_files(images: Iterable[TutorialImage]) -> None:
    """Delete the files of rows that go; not before the commit, since what comes back must have them."""
    for image in images:
        transaction.on_commit(partial(default_storage.delete, str(image.file.name)), robust=True)
