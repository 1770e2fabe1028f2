"""Liking posts and comments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F

from analytics import track
from common import limits
from community.models import Comment, Kind, Like, Post, Standing
from community.services import admission, notifying, states

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from accounts.models import User
    from community.services.states import Text

NOT_YOUR_OWN = "You cannot like what you wrote yourself."
NOT_THERE = "This is not there to be liked any more."
# Each tells somebody.
RATE = "200/h"


@dataclass(frozen=True)
class Liking:
    """How many like a text, and whether the one who asked does."""

    likes: int
    liked: bool


@transaction.atomic
def like(*, user: User, text: Text) -> Liking:
    """Like a post or a comment; again, and nothing changes.

    Raises PermissionDenied, in words, for who may not write or wrote it; ValidationError for a text that is hidden or
    deleted; Limited.
    """
    admission.require_may_write(user)
    if text.author_id == user.pk:
        raise PermissionDenied(NOT_YOUR_OWN)
    # Whoever was erased meanwhile has none.
    author = text.author if states.lock_standings([text.author_id]) else None
    likes = lock_published(text)
    if likes is None:
        raise ValidationError(NOT_THERE, code="not_published")
    # Nobody else is at the text now, so that of two clicks at once the second sees what the first did.
    if Like.objects.filter(user=user, **target(text)).exists():
        return Liking(likes=likes, liked=True)
    limits.spend("likes of one member", str(user.pk), RATE)
    Like.objects.create(user=user, **target(text))
    count(text, by=1)
    track.engagement(
        user.pk, "like", of=type(text).__name__.lower(), post=text.pk if isinstance(text, Post) else text.post_id
    )
    if author is not None:
        notifying.notify(user=author, kind=Kind.LIKE, actor=user, **about(text))
    states.promote_later(text.author_id)
    return Liking(likes=likes + 1, liked=True)


@transaction.atomic
def unlike(*, user: User, text: Text) -> Liking:
    """Take a like back; where there is none, nothing changes."""
    states.lock_standings([text.author_id])
    deleted, _ = Like.objects.filter(user=user, **target(text)).delete()
    if deleted:
        count(text, by=-1)
    likes = type(text)._default_manager.filter(pk=text.pk).values_list("likes_count", flat=True).get()
    return Liking(likes=likes, liked=False)


def lock_published(text: Text) -> int | None:
    """How many like a text, nobody else being at it from now on; None unless it and its post can be read."""
    published: QuerySet[Any] = type(text)._default_manager.filter(pk=text.pk, state="published")
    if isinstance(text, Comment):
        published = published.filter(post__state="published")
    locked = published.select_for_update(of=("self",), no_key=True).only("likes_count").first()
    return None if locked is None else locked.likes_count


def count(text: Text, *, by: int) -> None:
    type(text)._default_manager.filter(pk=text.pk).update(likes_count=F("likes_count") + by)
    Standing.objects.filter(pk=text.author_id).update(likes_received=F("likes_received") + by)


def target(text: Text) -> dict[str, Any]:
    return {"post": text} if isinstance(text, Post) else {"comment": text}


def about(text: Text) -> dict[str, Any]:
    return {"post": text} if isinstance(text, Post) else {"post": text.post, "comment": text}
