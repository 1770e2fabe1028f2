"""Who is told of a text, and the rows that tell them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from billing.access import readers_among
from common.markdown import read_post
from community import unread
from community.cadences import mail_times
from community.models import Comment, Kind, Notification, Post, State, Watch

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from datetime import datetime

    from community.querysets.following import WatchQuerySet

# People who are told by one statement.
BATCH = 1000


@transaction.atomic
def tell_of_post(pk: int) -> int:
    """Tell everybody whom a new post concerns, once, however often it is called; returns how many were told."""
    post = lock_post(pk)
    if post is None or post.announced_at is not None:
        return 0
    return tell(post, post, people_for_post(post))


@transaction.atomic
def tell_of_comment(pk: int) -> int:
    """As `tell_of_post`, of a comment."""
    # The post before the comment, as everybody locks them.
    post = lock_post(Comment.objects.filter(pk=pk).values_list("post", flat=True).first())
    comments = Comment.objects.filter(pk=pk, state=State.PUBLISHED, announced_at__isnull=True)
    comment = comments.select_for_update(no_key=True, of=("self",)).select_related("parent").first()
    if post is None or comment is None:
        return 0
    return tell(post, comment, people_for_comment(post, comment))


def lock_post(pk: int | None) -> Post | None:
    """As it is now, if it is published. Nothing is joined, as in `states.lock_post`."""
    if pk is None:
        return None
    return Post.objects.published().select_for_update(no_key=True).filter(pk=pk).first()


def tell(post: Post, text: Post | Comment, people: Iterable[tuple[Kind, Iterable[int]]]) -> int:
    """Tell people of a text, each by the first kind that names them."""
    now = timezone.now()
    told: set[int] = {text.author_id} if text.author_id is not None else set()
    told |= silent(post, text)
    count = 0
    for kind, concerned in people:
        fresh = set(concerned) - told
        told |= fresh
        for readers in readers_of(post, fresh):
            write(kind, readers, post=post, text=text, now=now)
            count += len(readers)
    text.announced_at = now
    text.save(update_fields=["announced_at"])
    return count


def people_for_post(post: Post) -> Iterator[tuple[Kind, Iterable[int]]]:
    """The strongest kind first."""
    yield Kind.MENTION, mentioned(post.body)
    nearby = Q(category=post.category_id) | Q(tag__in=post.tags)
    around = Watch.objects.filter(nearby)
    of_author = Watch.objects.filter(person=post.author_id).exclude(person=None).watching()
    # Who watches a person hears of all they write; who mutes a tag, not of what comes by its category, nor the other
    # way about.
    by_place = set(keys(around.watching())) - set(keys(around.muted()))
    yield Kind.WATCHED_POST, by_place | set(keys(of_author))


def people_for_comment(post: Post, comment: Comment) -> Iterator[tuple[Kind, Iterable[int]]]:
    """The strongest kind first."""
    yield Kind.MENTION, mentioned(comment.body)
    if comment.parent is not None and comment.parent.author_id is not None:
        yield Kind.REPLY, [comment.parent.author_id]
    if post.author_id is not None:
        yield Kind.COMMENT, [post.author_id]
    yield Kind.WATCHED_COMMENT, keys(Watch.objects.filter(post=post).watching())


def mentioned(body: str) -> Iterable[int]:
    return User.objects.filter(profile__handle__in=read_post(body).mentions).values_list("pk", flat=True)


def silent(post: Post, text: Post | Comment) -> set[int]:
    """Who muted the post, or whoever wrote the text: they are told nothing of it, whatever it says."""
    muted = Q(post=post)
    if text.author_id is not None:
        muted |= Q(person=text.author_id)
    return set(keys(Watch.objects.filter(muted).muted()))


def keys(watches: WatchQuerySet) -> Iterable[int]:
    return watches.values_list("user_id", flat=True)


def readers_of(post: Post, people: Collection[int]) -> Iterator[list[int]]:
    """In batches, those of these people who are here and may read the post."""
    here = User.objects.filter(is_active=True, erase_after__isnull=True)
    ordered = sorted(people)
    for begin in range(0, len(ordered), BATCH):
        found = list(here.filter(pk__in=ordered[begin : begin + BATCH]))
        if readers := readers_among(found, post.category.access):
            yield sorted(readers)


def write(kind: Kind, people: Collection[int], *, post: Post, text: Post | Comment, now: datetime) -> None:
    times = mail_times(people, kind, now)
    comment = text if isinstance(text, Comment) else None
    rows = [
        Notification(
            user_id=person,
            kind=kind,
            actor_id=text.author_id,
            post=post,
            comment=comment,
            at=now,
            mail_at=times[person],
        )
        for person in people
    ]
    Notification.objects.bulk_create(rows, ignore_conflicts=True)
    unread.forget(people)
