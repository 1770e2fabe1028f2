"""What staff do with tracks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from tutorials.models import Track, TrackStep, Tutorial
from tutorials.services.awarding import complete_track_for_all

if TYPE_CHECKING:
    from accounts.models import User

NOT_ALLOWED = "Only authors and staff may change tracks."
# As the constraint says it, for those who come by another way than a form.
TWICE = str(TrackStep._meta.constraints[0].violation_error_message)


@transaction.atomic
def save_track(*, by: User, track: Track) -> Track:
    """Make or change a track, without its steps. Raises PermissionDenied; ValidationError by field."""
    require_right(by, track)
    put_track(track)
    return track


def put_track(track: Track) -> None:
    """As `save_track`, for whoever was let in elsewhere."""
    track.full_clean()
    track.save()
    if track.is_published:
        complete_track_for_all(track=track)


@transaction.atomic
def set_steps(*, by: User, track: Track, tutorials: Sequence[Tutorial]) -> bool:
    """Make these tutorials, in this order, the track; returns whether that changed it.

    Who has finished all that is left has finished the track. Raises PermissionDenied; ValidationError
    for one that is named twice.
    """
    require_right(by, track)
    return put_steps(track, tutorials)


def put_steps(track: Track, tutorials: Sequence[Tutorial]) -> bool:
    """As `set_steps`, for whoever was let in elsewhere."""
    if len({tutorial.pk for tutorial in tutorials}) < len(tutorials):
        raise ValidationError(TWICE, code="twice")
    Track.objects.select_for_update().get(pk=track.pk)
    present = {step.tutorial_id: step for step in track.steps.all()}
    wanted = [tutorial.pk for tutorial in tutorials]
    if list(present) == wanted and all(step.position == place for place, step in enumerate(present.values())):
        return False
    track.steps.exclude(tutorial__in=wanted).delete()
    for position, tutorial in enumerate(tutorials):
        step = present.get(tutorial.pk) or TrackStep(track=track, tutorial=tutorial)
        step.position = position
        step.save()
    if track.is_published:
        complete_track_for_all(track=track)
    return True


@transaction.atomic
def delete_track(*, by: User, track: Track) -> None:
    """Its tutorials stay. Raises PermissionDenied."""
    if not (by.acts_as_staff and by.has_perm("tutorials.delete_track")):
        raise PermissionDenied(NOT_ALLOWED)
    track.delete()


def require_right(by: User, track: Track) -> None:
    """Raises PermissionDenied."""
    right = "tutorials.add_track" if track.pk is None else "tutorials.change_track"
    if not (by.acts_as_staff and by.has_perm(right)):
        raise PermissionDenied(NOT_ALLOWED)
