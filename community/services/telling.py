"""Who is told of a text, and the rows that tell them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.db import DatabaseError, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from billing.access import readers_among
from common.markdown import read_post
from community import unread
from community.cadences import mail_times
from community.models import Comment, Kind, Like, Notification, Post, State, Watch
from community.querysets.posts import NOBODY
from community.services import notifying

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from datetime import datetime

    from community.querysets.following import WatchQuerySet

logger = logging.getLogger(__name__)

# People who are told by one statement.
BATCH = 1000
# Of which one task tells; the next takes the others.
MOST_LIKES = 5_000


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


def tell_of_likes() -> set[int]:
    """Tell the authors of what is liked of the likes that wait; returns whom they please.

    Text by text: one with which it fails, as where the database is busy, waits for the next time and holds up no other.
    """
    waiting = Like.objects.untold().order_by("pk").values_list("post", "comment")[:MOST_LIKES]
    pleased: set[int] = set()
    for post, comment in dict.fromkeys(waiting):
        text = liked(post, comment)
        try:
            pleased |= tell_of_likes_of(text) if text is not None else set()
        except DatabaseError:
            logger.exception("nobody is told yet of the likes of post %s, comment %s", post, comment)
    return pleased


def liked(post: int | None, comment: int | None) -> Post | Comment | None:
    """The text that is liked, as it is now; None if it is gone."""
    if comment is not None:
        return Comment.objects.select_related("post__category").filter(pk=comment).first()
    return Post.objects.select_related("category").filter(pk=post).first() if post is not None else None


@transaction.atomic
def tell_of_likes_of(text: Post | Comment) -> set[int]:
    """Tell the author of one text of all likes that wait, as one piece of news; returns whom that pleases."""
    post, comment = (text, None) if isinstance(text, Post) else (text.post, text)
    waiting = Like.objects.of(post, comment).untold()
    # Whoever is erased wants their likes, and the news of them, after the person; so do we.
    author = text.author_id or NOBODY
    keys = {author, *waiting.values_list("user", flat=True)}
    locked = User.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=keys).order_by("pk")
    people = {person.pk: person for person in locked}
    likes = list(waiting.select_for_update(no_key=True).filter(user__in=people).order_by("pk"))
    Like.objects.filter(pk__in=[like.pk for like in likes]).update(is_told=True)
    if not likes or author not in people:
        return set()
    muted = set(Watch.objects.of(people[author]).muted().filter(person__in=people).values_list("person_id", flat=True))
    heard = [like for like in likes if like.user_id not in muted]
    if heard:
        notifying.notify(
            user=people[author],
            kind=Kind.LIKE,
            actor=people[heard[-1].user_id],
            others=len(heard) - 1,
            since=min(like.created_at for like in heard),
            post=post,
            comment=comment,
        )
    return {author}


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
