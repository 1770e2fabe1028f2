"""Telling somebody of something that concerns them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from billing.access import readers_among
from community import unread
from community.cadences import mail_times
from community.models import Comment, Kind, Like, Notification, Post, State, Watch
from community.querysets.posts import may_moderate

if TYPE_CHECKING:
    from datetime import datetime

    from accounts.models import User


@transaction.atomic(savepoint=False)
def notify(
    *,
    user: User,
    kind: Kind,
    actor: User | None = None,
    others: int = 0,
    since: datetime | None = None,
    post: Post | None = None,
    comment: Comment | None = None,
    words: str = "",
) -> None:
    """Tell somebody of something, unless they did it, muted it, or may not know of it.

    What they have not read yet of the same kind about the same text is brought up instead of told twice. Likes are
    told of together: `actor` gave the last, `others` gave some before, the first of them at `since`.
    """
    if comment is not None and post is None:
        post = comment.post
    if not is_to_know(user, kind, actor, post, comment):
        return
    now = timezone.now()
    told = Notification(
        user=user,
        kind=kind,
        actor=actor,
        others=others,
        since=since or now,
        post=post,
        comment=comment,
        words=words,
        at=now,
    )
    if not bring_up(told):
        told.mail_at = mail_time(told)
        try:
            with transaction.atomic():
                told.save(force_insert=True)
        except IntegrityError:
            # Somebody else was quicker; if it was read since, there is nothing to bring up, nor to tell.
            bring_up(told)
    unread.forget([user.pk])


def is_to_know(user: User, kind: Kind, actor: User | None, post: Post | None, comment: Comment | None) -> bool:
    if not user.is_active or (actor is not None and actor.pk == user.pk):
        return False
    if kind == Kind.MODERATION:
        return True
    if kind == Kind.QUEUE:
        return may_moderate(user)
    if post is None or post.state != State.PUBLISHED or (comment is not None and comment.state != State.PUBLISHED):
        return False
    muted = Q(post=post)
    if actor is not None:
        muted |= Q(person=actor)
    if Watch.objects.of(user).muted().filter(muted).exists():
        return False
    return user.pk in readers_among([user], post.category.access)


def bring_up(told: Notification) -> bool:
    """Have what stands there unread say what `told` says; returns whether there was any."""
    if told.kind == Kind.MODERATION:
        return False
    unread_ones = (
        Notification.objects.of(told.user).unread().filter(kind=told.kind, post=told.post, comment=told.comment)
    )
    standing = unread_ones.select_for_update(no_key=True, of=("self",)).first()
    if standing is None:
        return False
    standing.actor, standing.words, standing.at = told.actor, told.words, told.at
    if told.kind == Kind.LIKE:
        given = Like.objects.of(told.post, told.comment).filter(created_at__gte=standing.since)
        standing.others = given.exclude(user=told.actor).count()
        # More people like it than the last mail said.
        standing.mail_at = standing.mail_at or mail_time(told)
    standing.save(update_fields=["actor", "words", "at", "others", "mail_at"])
    return True


def mail_time(told: Notification) -> datetime | None:
    """When a mail about it is due; None: never."""
    return mail_times([told.user_id], Kind(told.kind), told.at)[told.user_id]
