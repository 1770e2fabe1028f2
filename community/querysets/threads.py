"""The comments of a thread, in its order: the accepted answer with its replies, then the others as they came.

In SQL, since this page carries most of the community's traffic and Django takes longer to put such a query together
than PostgreSQL to answer it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import connection

from billing.access import may_read
from common.paging import NEXT, PREVIOUS, Page, make_cursor, read_cursor
from community.querysets.posts import NOBODY, TAKEN_AWAY, shows_words

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User
    from community.models import Comment, Post

THREAD_ORDER = ("thread", "id")
COMMENTS_A_PAGE = 50

# Of one place in the thread to the next; each half is a range of the index comment_thread. `{columns}` are of the
# comment.
PLACES = """
    (
        SELECT 0 AS thread, {columns} FROM community_comment AS c
        WHERE c.post_id = %(post)s AND COALESCE(c.parent_id, c.id) = {accepted} AND c.id {past} %(accepted_from)s
        AND {visible}
        ORDER BY c.id {direction} LIMIT %(most)s
    ) UNION ALL (
        SELECT COALESCE(c.parent_id, c.id) AS thread, {columns} FROM community_comment AS c
        WHERE c.post_id = %(post)s AND COALESCE(c.parent_id, c.id) <> {accepted}
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
# The accepted answer, as a parameter and as it is found out in the same statement.
GIVEN, FOUND = "%(accepted)s", "COALESCE((SELECT accepted_answer_id FROM post), 0)"
# Times are whole microseconds: to read a number takes a tenth of what it takes to read a time.
COMMENT = """
    SELECT
        c.thread, c.id, c.parent_id, c.state, c.body_html,
        (extract(epoch FROM c.created_at) * 1000000)::bigint, (extract(epoch FROM c.edited_at) * 1000000)::bigint,
        c.likes_count, c.author_id, profile.handle,
        COALESCE(NULLIF(profile.display_name, ''), NULLIF(author.name, ''), profile.handle) AS name,
        EXISTS (SELECT FROM community_like AS l WHERE l.comment_id = c.id AND l.user_id = %(user)s) AS liked{more}
    FROM ({places}) AS c
    LEFT JOIN accounts_user AS author ON author.id = c.author_id
    LEFT JOIN accounts_profile AS profile ON profile.user_id = c.author_id
"""
READ = ("id", "parent_id", "state", "body_html", "created_at", "edited_at", "likes_count", "author_id")
# A post in the columns of a comment, before them all; what else is to be known of it stands in the last.
POST = """
    SELECT
        -1, post.id, NULL::bigint, post.state, post.body_html,
        (extract(epoch FROM post.created_at) * 1000000)::bigint, (extract(epoch FROM post.edited_at) * 1000000)::bigint,
        post.likes_count, post.author_id, profile.handle,
        COALESCE(NULLIF(profile.display_name, ''), NULLIF(author.name, ''), profile.handle),
        EXISTS (SELECT FROM community_like AS l WHERE l.post_id = post.id AND l.user_id = %(user)s),
        json_build_object(
            'title', post.title, 'type', post.type, 'tags', post.tags, 'pinned', post.pinned,
            'is_locked', post.locked_at IS NOT NULL, 'comments_count', post.comments_count,
            'accepted_answer_id', post.accepted_answer_id,
            'category_name', category.name, 'category_slug', category.slug, 'access', category.access,
            'tutorial_slug', tutorial.slug, 'tutorial_title', tutorial.title, 'block', post.block,
            'heading', (
                SELECT each.block ->> 'text' FROM jsonb_array_elements(tutorial.blocks) AS each (block)
                WHERE each.block ->> 'id' = post.block
            ),
            'watch', (SELECT w.level FROM community_watch AS w WHERE w.post_id = post.id AND w.user_id = %(user)s),
            'draft', (SELECT d.body FROM community_draft AS d WHERE d.user_id = %(user)s AND d.place = %(place)s),
            'has_unread', EXISTS (
                SELECT FROM community_notification AS n WHERE n.user_id = %(user)s AND n.read_at IS NULL
            )
        )
    FROM post
    JOIN community_category AS category ON category.id = post.category_id
    LEFT JOIN accounts_user AS author ON author.id = post.author_id
    LEFT JOIN accounts_profile AS profile ON profile.user_id = post.author_id
    LEFT JOIN tutorials_tutorial AS tutorial ON tutorial.id = post.tutorial_id
"""
THREAD = f"""
    WITH post AS MATERIALIZED (SELECT * FROM community_post WHERE id = %(post)s)
    {POST} UNION ALL {COMMENT.replace("{more}", ", NULL")}
    ORDER BY 1, 2
"""  # noqa: S608 - all of it stands here
COMMENTS = f"{COMMENT.replace('{more}', '')} ORDER BY 1, 2"
IDS = "SELECT id FROM ({places}) AS c"
FIRST, LAST = (0, 0), 2**63 - 1


class CommentRow(NamedTuple):
    """A comment as a thread shows it. Times are microseconds since 1970."""

    # The place in the thread: 0 for the accepted answer and its replies, else the answer's id.
    thread: int
    id: int
    parent: int | None
    state: str
    body_html: str
    created_at: int
    edited_at: int | None
    likes: int
    author_id: int | None
    handle: str | None
    name: str | None
    liked: bool

    @property
    def is_top(self) -> bool:
        return self.parent is None

    @property
    def is_accepted(self) -> bool:
        return self.thread == 0 and self.parent is None


@dataclass(frozen=True)
class Opening:
    """A post at the head of its thread, with what its reader has left there. Times are microseconds since 1970."""

    id: int
    state: str
    body_html: str
    created_at: int
    edited_at: int | None
    likes_count: int
    author_id: int | None
    handle: str | None
    name: str | None
    liked: bool
    title: str
    type: str
    tags: list[str]
    pinned: str
    is_locked: bool
    comments_count: int
    accepted_answer_id: int | None
    category_name: str
    category_slug: str
    access: str
    tutorial_slug: str | None
    tutorial_title: str | None
    block: str
    # Of the block, while the tutorial has it.
    heading: str | None
    watch: str | None
    draft: str | None
    # Whether anything at all waits in the reader's notification centre.
    has_unread: bool

    @property
    def is_published(self) -> bool:
        return self.state == "published"


def read_thread(
    pk: int, user: User | AnonymousUser, *, moderates: bool, cursor: str = "", size: int = COMMENTS_A_PAGE
) -> tuple[Opening, Page] | None:
    """A post that this person may open, as `PostQuerySet.visible_to` has it, with a page of CommentRows.

    One query; for spaces that of grants, too. Raises ValidationError for `cursor`.
    """
    direction, keys = place_of(cursor)
    parameters = {"post": pk, "place": f"comment-{pk}", **beyond(user, keys, most=size + 1)}
    rows = answered(statement(THREAD, moderates=moderates, direction=direction), parameters)
    if not rows:
        return None
    _, number, _, state, *columns, more = rows[0]
    post = Opening(number, state, *columns, **more)
    own = post.author_id is not None and post.author_id == user.pk
    shown = (
        moderates
        or post.state == "published"
        or (post.state in ("deleted", "hidden") and post.comments_count > 0)
        or (own and post.state in ("held", "hidden"))
    )
    if not (shown and may_read(user, post.access).allowed):
        return None
    if not shows_words(post.state, is_own=own, moderates=moderates):
        post = replace(post, title=TAKEN_AWAY[post.state], tags=[])
    return post, page_of([row[:-1] for row in rows[1:]], cursor=cursor, direction=direction, size=size)


def comments_of(
    post: Post, user: User | AnonymousUser, *, moderates: bool, cursor: str = "", size: int = COMMENTS_A_PAGE
) -> Page:
    """A page of CommentRows: what this person sees of the comments of a post. One query.

    Raises ValidationError for `cursor`.
    """
    direction, keys = place_of(cursor)
    parameters = of_post(post) | beyond(user, keys, most=size + 1)
    rows = answered(statement(COMMENTS, moderates=moderates, direction=direction), parameters)
    return page_of(rows, cursor=cursor, direction=direction, size=size)


def cursor_to(comment: Comment, user: User | AnonymousUser, *, moderates: bool, size: int = COMMENTS_A_PAGE) -> str:
    """Of the page on which a comment stands: the first one (""), one that begins with its thread, or with itself."""
    post, root = comment.post, comment.parent_id or comment.pk
    thread = 0 if root == post.accepted_answer_id else root
    ids = statement(IDS, moderates=moderates, direction=NEXT)
    for keys in (FIRST, (thread, root - 1)):
        if (comment.pk,) in answered(ids, of_post(post) | beyond(user, keys, most=size)):
            return cursor_at(keys)
    return cursor_at((thread, comment.pk - 1))


def cursor_at(keys: tuple[int, int]) -> str:
    return "" if keys == FIRST else make_cursor(NEXT, dict(zip(THREAD_ORDER, keys, strict=True)), THREAD_ORDER)


def place_of(cursor: str) -> tuple[str, Any]:
    """In which direction, and from where on. Raises ValidationError."""
    return read_cursor(cursor, THREAD_ORDER) if cursor else (NEXT, FIRST)


@cache
def statement(kind: str, *, moderates: bool, direction: str) -> str:
    """Everything that is put into the text of a statement stands in this file."""
    past, order = ("<", "DESC") if direction == PREVIOUS else (">", "ASC")
    places = PLACES.format(
        past=past,
        direction=order,
        visible=VISIBLE_TO_MODERATORS if moderates else VISIBLE,
        accepted=FOUND if kind == THREAD else GIVEN,
        columns=", ".join(f"c.{name}" for name in READ),
    )
    # Without its indentation: psycopg looks through a statement of over 4096 characters each time anew.
    return " ".join(kind.format(places=places).split())


def of_post(post: Post) -> dict[str, Any]:
    return {"post": post.pk, "accepted": post.accepted_answer_id or NOBODY}


def beyond(user: User | AnonymousUser, keys: Any, *, most: int) -> dict[str, Any]:
    thread, pk = keys
    return {
        "user": user.pk or NOBODY,
        "thread": thread,
        "id": pk,
        # The accepted answer is thread 0: seen from another, all of it lies before.
        "accepted_from": pk if thread == 0 else LAST,
        "most": most,
    }


def answered(sql: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def page_of(rows: list[tuple[Any, ...]], *, cursor: str, direction: str, size: int) -> Page:
    backwards = direction == PREVIOUS
    more = len(rows) > size
    found = list(map(CommentRow._make, rows[-size:] if backwards else rows[:size]))
    if not found:
        return Page([], None, None)
    after, before = more or backwards, more if backwards else bool(cursor)
    return Page(
        found,
        next=make_cursor(NEXT, found[-1]._asdict(), THREAD_ORDER) if after else None,
        previous=make_cursor(PREVIOUS, found[0]._asdict(), THREAD_ORDER) if before else None,
    )
