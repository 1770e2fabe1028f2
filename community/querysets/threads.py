"""The comments of a thread, in its order: the accepted answer with its replies, then the others as they came.

In SQL, since this page carries most of the community's traffic and Django takes longer to put such a query together
than PostgreSQL to answer it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import connection

from billing.access import may_read
from common.paging import NEXT, PREVIOUS, Page, make_cursor, read_cursor
from community.querysets.posts import TAKEN_AWAY

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User
    from community.models import Comment, Post

THREAD_ORDER = ("thread", "id")
COMMENTS_A_PAGE = 50

# Of one place in the thread to the next; each half is a range of the index comment_thread.
PLACES = """
    (
        SELECT 0 AS thread, c.id FROM community_comment AS c
        WHERE c.post_id = %(post)s AND COALESCE(c.parent_id, c.id) = %(accepted)s AND c.id {past} %(accepted_from)s
        AND {visible}
        ORDER BY c.id {direction} LIMIT %(most)s
    ) UNION ALL (
        SELECT COALESCE(c.parent_id, c.id), c.id FROM community_comment AS c
        WHERE c.post_id = %(post)s AND COALESCE(c.parent_id, c.id) <> %(accepted)s
        AND (COALESCE(c.parent_id, c.id), c.id) {past} (%(thread)s, %(id)s)
        AND {visible}
        ORDER BY COALESCE(c.parent_id, c.id) {direction}, c.id {direction} LIMIT %(most)s
    )
    ORDER BY thread {direction}, id {direction} LIMIT %(most)s
"""
# Who is gone leaves a place behind as long as somebody answered there.
VISIBLE = """(
    c.state = 'published'
    OR c.author_id = %(user)s AND c.state IN ('held', 'hidden')
    OR c.parent_id IS NULL AND c.state IN ('hidden', 'deleted') AND EXISTS (
        SELECT FROM community_comment AS r
        WHERE r.post_id = c.post_id AND COALESCE(r.parent_id, r.id) = c.id AND r.id > c.id AND r.state = 'published'
    )
)"""
VISIBLE_TO_MODERATORS = "true"
POST = """
    SELECT
        post.id, post.title, post.type, post.tags, post.body_html, post.state, post.pinned, post.locked_at,
        post.created_at, post.edited_at, post.likes_count, post.comments_count, post.accepted_answer_id,
        post.author_id, profile.handle,
        COALESCE(NULLIF(profile.display_name, ''), NULLIF(author.name, ''), profile.handle) AS name,
        category.name AS category_name, category.slug AS category_slug, category.access,
        tutorial.slug AS tutorial_slug, tutorial.title AS tutorial_title, post.block, (
            SELECT each.block ->> 'text' FROM jsonb_array_elements(tutorial.blocks) AS each (block)
            WHERE each.block ->> 'id' = post.block
        ) AS heading,
        EXISTS (SELECT FROM community_like AS l WHERE l.post_id = post.id AND l.user_id = %(user)s) AS liked,
        (SELECT w.level FROM community_watch AS w WHERE w.post_id = post.id AND w.user_id = %(user)s) AS watch,
        (SELECT d.body FROM community_draft AS d WHERE d.user_id = %(user)s AND d.place = %(place)s) AS draft
    FROM community_post AS post
    JOIN community_category AS category ON category.id = post.category_id
    LEFT JOIN accounts_user AS author ON author.id = post.author_id
    LEFT JOIN accounts_profile AS profile ON profile.user_id = post.author_id
    LEFT JOIN tutorials_tutorial AS tutorial ON tutorial.id = post.tutorial_id
    WHERE post.id = %(post)s
"""
COMMENTS = """
    SELECT
        place.thread, c.id, c.parent_id, c.state, c.body_html, c.created_at, c.edited_at, c.likes_count, c.author_id,
        profile.handle, COALESCE(NULLIF(profile.display_name, ''), NULLIF(author.name, ''), profile.handle) AS name,
        EXISTS (SELECT FROM community_like AS l WHERE l.comment_id = c.id AND l.user_id = %(user)s) AS liked
    FROM ({places}) AS place
    JOIN community_comment AS c USING (id)
    LEFT JOIN accounts_user AS author ON author.id = c.author_id
    LEFT JOIN accounts_profile AS profile ON profile.user_id = c.author_id
    ORDER BY place.thread, c.id
"""
COLUMNS = (
    *("thread", "id", "parent", "state", "body_html", "created_at", "edited_at", "likes", "author_id"),
    *("handle", "name", "liked"),
)
NOBODY = 0
FIRST, LAST = (0, 0), 2**63 - 1


@dataclass(frozen=True)
class Opening:
    """A post at the head of its thread, with what its reader has left there."""

    id: int
    title: str
    type: str
    tags: list[str]
    body_html: str
    state: str
    pinned: str
    locked_at: datetime | None
    created_at: datetime
    edited_at: datetime | None
    likes_count: int
    comments_count: int
    accepted_answer_id: int | None
    author_id: int | None
    handle: str | None
    name: str | None
    category_name: str
    category_slug: str
    access: str
    tutorial_slug: str | None
    tutorial_title: str | None
    block: str
    # Of the block, while the tutorial has it.
    heading: str | None
    liked: bool
    watch: str | None
    draft: str | None

    @property
    def pk(self) -> int:
        return self.id

    @property
    def is_published(self) -> bool:
        return self.state == "published"

    @property
    def is_locked(self) -> bool:
        return self.locked_at is not None


def opening_of(pk: int, user: User | AnonymousUser, *, moderates: bool) -> Opening | None:
    """A post that this person may open, as `PostQuerySet.visible_to` has it. One query; for spaces that of grants."""
    parameters: dict[str, Any] = {"post": pk, "user": user.pk or NOBODY, "place": f"comment-{pk}"}
    with connection.cursor() as cursor:
        cursor.execute(POST, parameters)
        row = cursor.fetchone()
    if row is None:
        return None
    post = Opening(*row)
    own = post.author_id is not None and post.author_id == user.pk
    shown = (
        moderates
        or post.state == "published"
        or (post.state in ("deleted", "hidden") and post.comments_count > 0)
        or (own and post.state in ("held", "hidden"))
    )
    if not (shown and may_read(user, post.access).allowed):
        return None
    reads = moderates or post.state == "published" or (own and post.state != "deleted")
    return post if reads else replace(post, title=TAKEN_AWAY[post.state], tags=[])


def comments_of(
    post: Post | Opening, user: User | AnonymousUser, *, moderates: bool, cursor: str = "", size: int = COMMENTS_A_PAGE
) -> Page:
    """A page of what this person sees of the comments of a post. One query.

    Raises ValidationError for `cursor`.
    """
    direction, keys = read_cursor(cursor, THREAD_ORDER) if cursor else (NEXT, FIRST)
    backwards = direction == PREVIOUS
    places = places_beyond(moderates=moderates, backwards=backwards)
    rows = asked(COMMENTS.format(places=places), given(post, user, keys, most=size + 1), COLUMNS)
    more = len(rows) > size
    rows = rows[-size:] if backwards else rows[:size]
    if not rows:
        return Page([], None, None)
    return Page(
        rows,
        next=make_cursor(NEXT, rows[-1], THREAD_ORDER) if more or backwards else None,
        previous=make_cursor(PREVIOUS, rows[0], THREAD_ORDER) if (more if backwards else bool(cursor)) else None,
    )


def cursor_to(comment: Comment, user: User | AnonymousUser, *, moderates: bool, size: int = COMMENTS_A_PAGE) -> str:
    """Of the page on which a comment stands: the first one (""), one that begins with its thread, or with itself."""
    post, root = comment.post, comment.parent_id or comment.pk
    thread = 0 if root == post.accepted_answer_id else root
    for keys in (FIRST, (thread, root - 1)):
        places = places_beyond(moderates=moderates, backwards=False)
        if any(row["id"] == comment.pk for row in asked(places, given(post, user, keys, most=size), THREAD_ORDER)):
            return cursor_at(keys)
    return cursor_at((thread, comment.pk - 1))


def cursor_at(keys: tuple[int, int]) -> str:
    return "" if keys == FIRST else make_cursor(NEXT, dict(zip(THREAD_ORDER, keys, strict=True)), THREAD_ORDER)


def places_beyond(*, moderates: bool, backwards: bool) -> str:
    """Everything that is put into the text of the statement stands in this file."""
    past, direction = ("<", "DESC") if backwards else (">", "ASC")
    visible = VISIBLE_TO_MODERATORS if moderates else VISIBLE
    return PLACES.format(past=past, direction=direction, visible=visible)


def given(post: Post | Opening, user: User | AnonymousUser, keys: Any, *, most: int) -> dict[str, Any]:
    thread, pk = keys
    return {
        "post": post.pk,
        "accepted": post.accepted_answer_id or NOBODY,
        "user": user.pk or NOBODY,
        "thread": thread,
        "id": pk,
        # The accepted answer is thread 0: seen from another, all of it lies before.
        "accepted_from": pk if thread == 0 else LAST,
        "most": most,
    }


def asked(statement: str, parameters: dict[str, Any], columns: Sequence[str]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
