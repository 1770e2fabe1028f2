"""Having a worker tell people: of a text all whom it concerns, of likes the author of what is liked.

A text and a like are themselves what is not lost on the way: they wait until a worker has written that it told of them.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from common import queueing
from community import tasks
from community.models import Comment, Like, Post, State

# By then a worker has told of it, or the queue has lost it.
LOST_AFTER = timedelta(minutes=2)
MOST_SWEPT = 500
# Seconds: likes that come so close upon each other are told of together, for little more than what one costs.
GATHERED = 2


def announce(text: Post | Comment) -> None:
    """Have those told whom a text concerns that has just been published; of one that was before, nobody is."""
    if text.announced_at is None:
        transaction.on_commit(lambda: enqueue(text))


def announce_like() -> None:
    """Have the author of what was just liked told of it, and of all likes that wait beside it."""
    transaction.on_commit(ring)


def announce_forgotten() -> int:
    """Have those texts told of that no worker was given, or whose worker died; returns how many. Likes too."""
    before = timezone.now() - LOST_AFTER
    waiting = Q(announced_at__isnull=True, state=State.PUBLISHED, created_at__lt=before)
    found: list[Post | Comment] = [
        *Post.objects.filter(waiting).order_by("pk")[:MOST_SWEPT],
        # Of what stands beneath a hidden post nobody is told before that is shown again.
        *Comment.objects.filter(waiting, post__state=State.PUBLISHED).order_by("pk")[:MOST_SWEPT],
    ]
    for text in found:
        enqueue(text)
    if Like.objects.untold().filter(created_at__lt=before).exists():
        ring()
    return len(found)


def enqueue(text: Post | Comment) -> None:
    task = tasks.tell_of_post if isinstance(text, Post) else tasks.tell_of_comment
    queueing.offer(task, text.pk, otherwise=f"nobody is told of {text._meta.model_name} {text.pk} yet")


def ring() -> None:
    queueing.ring(tasks.tell_of_likes, bells=1, after=GATHERED, otherwise="nobody is told yet of what is liked")
