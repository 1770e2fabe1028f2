"""What staff do with tracks."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from common.queueing import offer

# Not the task itself: tasks are made of services, so that either may be imported first.
from tutorials import tasks
from tutorials.models import Track, TrackStep, Tutorial

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User

logger = logging.getLogger(__name__)

NOT_ALLOWED = "Only authors and staff may change tracks."
NO_SUCH_TUTORIAL = "There is no tutorial “{slug}”."
GONE = "Somebody has deleted this track."
# As the constraint says it, for those who come by another way than a form.
TWICE = str(TrackStep._meta.constraints[0].violation_error_message)
WRITTEN = frozenset({"title", "slug", "summary", "is_published", "quizzes_required", "position"})
# With these changes somebody may have finished a track without doing anything.
DECISIVE = frozenset({"is_published", "quizzes_required"})


def may_write(user: User | AnonymousUser, track: Track | None = None) -> bool:
    """Whether somebody may change tracks, or begin one (None). Who may change one may change all."""
    right = "tutorials.add_track" if track is None else "tutorials.change_track"
    return user.is_authenticated and user.acts_as_staff and user.has_perm(right)


@transaction.atomic
def write_track(
    *, by: User, track: Track | None, values: Mapping[str, Any], tutorials: Sequence[Tutorial] | None = None
) -> Track:
    """Make a track (None: a new one) say this and, unless None, have these tutorials in this order.

    Who has finished all that it now has, has finished it. Raises PermissionDenied; ValidationError by
    field, on `tutorials` for one that is named twice or is gone.
    """
    if not may_write(by, track):
        raise PermissionDenied(NOT_ALLOWED)
    return put_track(track, values, tutorials)


@transaction.atomic
def put_track(track: Track | None, values: Mapping[str, Any], tutorials: Sequence[Tutorial] | None) -> Track:
    """As `write_track`, for whoever was let in elsewhere."""
    if tutorials is not None:
        # Before the track, as an import does: two who lock in another order would wait for each other.
        hold(tutorials)
    row = Track() if track is None else lock(track)
    changed = put(row, values)
    if changed or row.pk is None:
        store(row, changed)
    has_other_steps = tutorials is not None and put_steps(row, tutorials)
    if row.is_published and (has_other_steps or not DECISIVE.isdisjoint(changed)):
        transaction.on_commit(partial(complete_soon, row))
    return row


@transaction.atomic
def delete_track(*, by: User, track: Track) -> None:
    """Its tutorials stay. Raises PermissionDenied."""
    if not (by.acts_as_staff and by.has_perm("tutorials.delete_track")):
        raise PermissionDenied(NOT_ALLOWED)
    # Locked first, as whoever writes it does: they may be adding a step, which has to be found.
    row = Track.objects.select_for_update().filter(pk=track.pk).first()
    if row is not None:
        row.delete()


def hold(tutorials: Sequence[Tutorial]) -> None:
    """Keep them from being deleted until the end of the transaction. Raises ValidationError on `tutorials`."""
    slugs = {tutorial.pk: tutorial.slug for tutorial in tutorials}
    if len(slugs) < len(tutorials):
        raise ValidationError({"tutorials": ValidationError(TWICE, code="twice")})
    held = Tutorial.objects.select_for_update(no_key=True).filter(pk__in=slugs).order_by("pk")
    gone = slugs.keys() - set(held.values_list("pk", flat=True))
    if gone:
        raise ValidationError({"tutorials": [NO_SUCH_TUTORIAL.format(slug=slugs[pk]) for pk in slugs if pk in gone]})


def lock(track: Track) -> Track:
    """The row as it is now. Raises ValidationError if there is none any more."""
    row = Track.objects.select_for_update().filter(pk=track.pk).first()
    if row is None:
        raise ValidationError(GONE, code="gone")
    return row


def put(track: Track, values: Mapping[str, Any]) -> set[str]:
    """Set these fields; returns those that changed. Raises TypeError for any other."""
    if unknown := values.keys() - WRITTEN:
        raise TypeError(f"not to be written: {', '.join(sorted(unknown))}")
    changed = {name for name, value in values.items() if getattr(track, name) != value}
    for name in changed:
        setattr(track, name, values[name])
    return changed


def store(track: Track, changed: set[str]) -> None:
    """Save a new row, or these fields. Raises ValidationError by field."""
    track.full_clean()
    try:
        with transaction.atomic():
            track.save(update_fields=None if track.pk is None else {*changed, "updated_at"})
    except IntegrityError:
        # Somebody else was quicker with the same slug; their row can be seen now.
        track.full_clean()
        raise


def put_steps(track: Track, tutorials: Sequence[Tutorial]) -> bool:
    """Make these tutorials, in this order, the track; returns whether that changed it. It must be locked, or new."""
    present = {step.tutorial_id: step for step in track.steps.all()}
    wanted = [tutorial.pk for tutorial in tutorials]
    if list(present) == wanted and all(step.position == place for place, step in enumerate(present.values())):
        return False
    track.steps.exclude(tutorial__in=wanted).delete()
    for position, tutorial in enumerate(tutorials):
        step = present.get(tutorial.pk) or TrackStep(track=track, tutorial=tutorial)
        step.position = position
        step.save()
    return True


def complete_soon(track: Track) -> None:
    """By a worker: there may be many who have finished it."""
    offer(tasks.complete_track, track.pk, otherwise=f"who has finished the track {track.slug} is noted tonight only")
