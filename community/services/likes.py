"""Liking posts and comments."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from analytics import track
from billing.access import levels_open_to
from common import limits
from common.prepared import Prepared
from community.models import Comment, Like, Post, Standing
from community.querysets.posts import as_read_by, may_moderate
from community.services import admission, announcing, states

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from accounts.models import User
    from community.services.states import Text

NOT_YOUR_OWN = "You cannot like what you wrote yourself."
NOT_THERE = "This is not there to be liked any more."
# Each tells somebody.
RATE = "200/h"
# Three statements, each of which looks and writes, in the order in which everybody locks. Of two clicks at once the
# second waits for the first in this one, where it holds nothing that others want.
GIVE = """
INSERT INTO community_like (user_id, {kind}_id, created_at, is_told) VALUES (%s, %s, %s, false)
ON CONFLICT DO NOTHING RETURNING id
"""
# Whoever is erased at this moment is waited for and not found, or waits until the like stands.
PLEASE = """
WITH author AS MATERIALIZED (SELECT id FROM accounts_user WHERE id = %s FOR KEY SHARE)
UPDATE community_standing SET likes_received = likes_received + 1 FROM author WHERE user_id = author.id
RETURNING user_id
"""
COUNT = "UPDATE community_{kind} SET likes_count = likes_count + 1 WHERE id = %s AND {readable} RETURNING likes_count"
READABLE = {
    "post": "state = 'published'",
    "comment": "state = 'published' AND EXISTS (SELECT FROM community_post AS post"
    " WHERE post.id = post_id AND post.state = 'published')",
}


@dataclass(frozen=True)
class Liking:
    """How many like a text, and whether the one who asked does."""

    likes: int
    liked: bool


def find(kind: type[Post] | type[Comment], pk: int, *, reader: User) -> Any:
    """A text that a member may open, with no more of it than liking it takes; None: there is none."""
    text = prepared(kind, levels_open_to(reader), moderates=may_moderate(reader)).first(pk=pk, reader=reader.pk)
    return as_read_by(reader, text) if isinstance(text, Post) else text


@cache
def prepared(kind: type[Post] | type[Comment], levels: frozenset[str], *, moderates: bool) -> Prepared[Any]:
    """What `find` asks for every member who has these rights."""

    def build(pk: int, reader: int | None = None) -> QuerySet[Any]:
        return kind.objects.visible_among(levels, moderates=moderates, reader=reader).to_like().filter(pk=pk)

    of_reader = {} if moderates else {"reader": int}
    return Prepared(build, pk=int, **of_reader)


@transaction.atomic
def like(*, user: User, text: Text) -> Liking:
    """Like a post or a comment; again, and nothing changes.

    Raises PermissionDenied, in words, for who may not write or wrote it; ValidationError for a text that is hidden or
    deleted; Limited.
    """
    admission.require_may_write(user)
    if text.author_id == user.pk:
        raise PermissionDenied(NOT_YOUR_OWN)
    is_new = give(user, text)
    likes = count(text) if is_new else likes_of(text)
    if likes is None:
        raise ValidationError(NOT_THERE, code="not_published")
    if is_new:
        limits.spend("likes of one member", str(user.pk), RATE)
        post = text.pk if isinstance(text, Post) else text.post_id
        track.engagement(user.pk, "like", of=kind_of(text), post=post)
        announcing.announce_like()
    return Liking(likes=likes, liked=True)


@transaction.atomic
def unlike(*, user: User, text: Text) -> Liking:
    """Take a like back; where there is none, nothing changes."""
    states.lock_standings([text.author_id])
    texts = type(text)._default_manager.filter(pk=text.pk)
    deleted, _ = Like.objects.filter(user=user, **{kind_of(text): text}).delete()
    if deleted:
        texts.update(likes_count=F("likes_count") - 1)
        Standing.objects.filter(pk=text.author_id).update(likes_received=F("likes_received") - 1)
    return Liking(likes=texts.values_list("likes_count", flat=True).get(), liked=False)


def give(user: User, text: Text) -> bool:
    """Store the like; returns whether it is new."""
    return first_of(GIVE.format(kind=kind_of(text)), user.pk, text.pk, timezone.now()) is not None


def count(text: Text) -> int | None:
    """Count one like more, for the author too; returns how many there are, None if text or post cannot be read."""
    if text.author_id is not None and first_of(PLEASE, text.author_id) is None:
        # Theirs is made, if they are here.
        states.lock_standings([text.author_id])
        first_of(PLEASE, text.author_id)
    kind = kind_of(text)
    return first_of(COUNT.format(kind=kind, readable=READABLE[kind]), text.pk)


def likes_of(text: Text) -> int | None:
    """How many like a text; None if it or its post cannot be read."""
    published: QuerySet[Any] = type(text)._default_manager.filter(pk=text.pk, state="published")
    if isinstance(text, Comment):
        published = published.filter(post__state="published")
    return published.values_list("likes_count", flat=True).first()


def kind_of(text: Text) -> str:
    return "post" if isinstance(text, Post) else "comment"


def first_of(statement: str, *values: Any) -> int | None:
    """The one value that a statement returns; None if it returns no row."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        row = cursor.fetchone()
    return None if row is None else row[0]
