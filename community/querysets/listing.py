"""The lists of posts: the same effort among ten thousand posts and among a million.

A list over several categories takes the first rows of each from an index that has them in order, and merges these; so
what somebody may not know of is never looked at. Tags, tutorials and people have indexes of their own, of which each
row is looked up until the page is full.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection

from common.paging import NEXT, PREVIOUS, Page, page_from, read_cursor

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

LATEST, NEWEST, TOP, UNANSWERED = "latest", "newest", "top", "unanswered"
# What the rows of each list are ordered by, the last unique: the keys of its cursors.
KEYS = {
    LATEST: ("-active_at", "-id"),
    NEWEST: ("-created_at", "-id"),
    TOP: ("-score", "-id"),
    UNANSWERED: ("-created_at", "-id"),
}
# The same where the index has no time of birth: of a tag, of a person.
BY_ID = ("-id",)
# Today and the week before it.
DAYS_OF_TOP = 8
MOST_PINNED = 10

# Ways to the rows, each with an index in its order (community/models/posts.py).
IN_CATEGORY = """
    SELECT post.id
    FROM unnest(%(categories)s::bigint[]) AS chosen (category_id)
    CROSS JOIN LATERAL (
        SELECT {keys} FROM community_post AS post
        WHERE post.category_id = chosen.category_id AND {conditions}
        ORDER BY {order} LIMIT %(limit)s
    ) AS post
"""
OF_DAYS = """
    SELECT post.id
    FROM unnest(%(categories)s::bigint[]) AS chosen (category_id)
    CROSS JOIN unnest(%(days)s::date[]) AS of (day)
    CROSS JOIN LATERAL (
        SELECT {keys} FROM community_post AS post
        WHERE post.category_id = chosen.category_id AND post.day = of.day AND {conditions}
        ORDER BY {order} LIMIT %(limit)s
    ) AS post
"""
# OFFSET 0 has each post looked up as the tag's index comes to it: nothing else can be walked first.
COLUMNS_OF_TAG = {"active_at": "tagged.active_at", "score": "tagged.score", "id": "tagged.post_id"}
OF_TAG = """
    SELECT post.id FROM community_posttag AS tagged
    CROSS JOIN LATERAL (
        SELECT post.id FROM community_post AS post
        WHERE post.id = tagged.post_id AND post.category_id = ANY(%(categories)s::bigint[]) AND {conditions}
        OFFSET 0
    ) AS post
    WHERE tagged.tag = %(tag)s AND {of_tag}
"""
OF_TAG_AND_DAYS = """
    SELECT post.id
    FROM unnest(%(days)s::date[]) AS of (day)
    CROSS JOIN LATERAL (
        SELECT tagged.score, tagged.post_id AS id FROM community_posttag AS tagged
        CROSS JOIN LATERAL (
            SELECT FROM community_post AS post
            WHERE post.id = tagged.post_id AND post.category_id = ANY(%(categories)s::bigint[]) AND {conditions}
            OFFSET 0
        ) AS post
        WHERE tagged.tag = %(tag)s AND tagged.day = of.day AND {of_tag}
        ORDER BY {order_of_tag} LIMIT %(limit)s
    ) AS post
"""
OF_ONE = """
    SELECT post.id FROM community_post AS post
    WHERE {one} AND post.category_id = ANY(%(categories)s::bigint[]) AND {conditions}
"""
PINNED = """
    SELECT post.id FROM community_post AS post
    WHERE post.category_id = ANY(%(categories)s::bigint[]) AND post.state = 'published'
    AND post.pinned <> '' AND post.pinned = ANY(%(pinned)s::text[])
    ORDER BY post.active_at DESC, post.id DESC LIMIT %(most_pinned)s
"""
NOT_PINNED = "post.id <> ALL (ARRAY(SELECT id FROM pins))"
ROWS = """
    WITH pins AS MATERIALIZED ({pins}), walked AS MATERIALIZED ({way} ORDER BY {walked_order} LIMIT %(limit)s)
    SELECT
        post.id, post.title, post.type, post.tags, post.created_at, post.edited_at, post.active_at, post.score,
        post.likes_count, post.comments_count, post.accepted_answer_id IS NOT NULL AS solved,
        post.locked_at IS NOT NULL AS locked, left(post.text, 160) AS excerpt, found.pinned,
        category.slug AS category_slug, category.name AS category_name, post.author_id,
        profile.handle AS author_handle,
        COALESCE(NULLIF(profile.display_name, ''), NULLIF(person.name, ''), profile.handle) AS author_name,
        EXISTS (
            SELECT FROM community_like AS liking WHERE liking.post_id = post.id AND liking.user_id = %(reader)s
        ) AS liked
    FROM (
        SELECT id, TRUE AS pinned FROM pins WHERE %(begins)s
        UNION ALL
        SELECT id, FALSE FROM walked
    ) AS found
    JOIN community_post AS post USING (id)
    JOIN community_category AS category ON category.id = post.category_id
    LEFT JOIN accounts_user AS person ON person.id = post.author_id
    LEFT JOIN accounts_profile AS profile ON profile.user_id = post.author_id
    ORDER BY found.pinned DESC, {order}
"""
NO_PINS = "SELECT NULL::bigint AS id WHERE FALSE"
PUBLISHED = "post.state = 'published'"
IS_UNANSWERED = "post.type = 'question' AND post.comments_count = 0"
PLACE = {
    "active_at": "%(key_active_at)s::timestamptz",
    "created_at": "%(key_created_at)s::timestamptz",
    "score": "%(key_score)s::int",
    "id": "%(key_id)s::bigint",
}


@dataclass(frozen=True)
class Muted:
    """What somebody does not want to see in the whole list."""

    posts: list[int] = field(default_factory=list)
    categories: list[int] = field(default_factory=list)
    people: list[int] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Wanted:
    """Which posts a list has. `categories` are those that the reader may know of, or one of them."""

    categories: list[int]
    tag: str = ""
    type: str = ""
    tutorial: int | None = None
    author: int | None = None
    # Which kinds of pin stand above the list, if any.
    pins: tuple[str, ...] = ()
    muted: Muted = field(default_factory=Muted)


@dataclass(frozen=True)
class Listed:
    """A page of a list; before the first one, what is pinned."""

    page: Page
    pinned: list[dict[str, Any]]


def list_page(wanted: Wanted, *, order: str, reader: int | None, cursor: str = "", size: int) -> Listed:
    """One page of published posts in one statement.

    Rows have what ROWS selects; `liked` says whether `reader` does. Raises ValidationError for `cursor` if it was not
    made for this order.
    """
    keys = keys_of(wanted, order)
    direction, place = read_cursor(cursor, keys) if cursor else (NEXT, [])
    backwards = direction == PREVIOUS
    values = {
        "categories": wanted.categories,
        "tag": wanted.tag,
        "type": wanted.type,
        "tutorial": wanted.tutorial,
        "author": wanted.author,
        "days": days_of_top(),
        "pinned": list(wanted.pins),
        "most_pinned": MOST_PINNED,
        "begins": not cursor,
        "reader": reader,
        "limit": size + 1,
        "muted_posts": wanted.muted.posts,
        "muted_people": wanted.muted.people,
        "muted_tags": wanted.muted.tags,
    } | {f"key_{key.removeprefix('-')}": value for key, value in zip(keys, place, strict=False)}
    statement = statement_for(wanted, order=order, placed=bool(cursor), backwards=backwards)
    with connection.cursor() as executing:
        executing.execute(statement, {name: values[name] for name in values if f"%({name})s" in statement})
        names = [column.name for column in executing.description]
        rows = [dict(zip(names, row, strict=True)) for row in executing.fetchall()]
    pinned = [row for row in rows if row["pinned"]]
    page = page_from(rows[len(pinned) :], order=keys, begins=not cursor, backwards=backwards, size=size)
    return Listed(page, pinned)


def statement_for(wanted: Wanted, *, order: str, placed: bool, backwards: bool) -> str:
    """Everything that is put into the text of the statement stands in this file."""
    way = way_for(wanted, order)
    keys = [key.removeprefix("-") for key in keys_of(wanted, order)]
    rows = [f"post.{key}" for key in keys]
    # Where a tag's index is walked, the order and the place must be said in its columns.
    of_tag = [COLUMNS_OF_TAG.get(key, f"post.{key}") for key in keys]
    conditions, conditions_of_tag = conditions_for(wanted, order), ["TRUE"]
    if placed:
        walks_tag = way in (OF_TAG, OF_TAG_AND_DAYS)
        place = beyond(of_tag if walks_tag else rows, keys, backwards=backwards)
        (conditions_of_tag if walks_tag else conditions).append(place)
    walked_order = ordered(of_tag if way is OF_TAG else rows, backwards=backwards)
    return ROWS.format(
        pins=PINNED if wanted.pins else NO_PINS,
        way=way.format(
            conditions=" AND ".join(conditions),
            of_tag=" AND ".join(conditions_of_tag),
            order=walked_order,
            order_of_tag=ordered(of_tag, backwards=backwards),
            one=one_of(wanted),
            keys=", ".join(rows),
        ),
        walked_order=walked_order,
        order=ordered(rows, backwards=backwards),
    )


def beyond(columns: list[str], keys: list[str], *, backwards: bool) -> str:
    return f"({', '.join(columns)}) {'>' if backwards else '<'} ({', '.join(PLACE[key] for key in keys)})"


def keys_of(wanted: Wanted, order: str) -> tuple[str, ...]:
    by_birth = order in (NEWEST, UNANSWERED)
    return BY_ID if by_birth and way_for(wanted, order) in (OF_TAG, OF_ONE) else KEYS[order]


def way_for(wanted: Wanted, order: str) -> str:
    if wanted.author or wanted.tutorial:
        return OF_ONE
    if wanted.tag:
        return OF_TAG_AND_DAYS if order == TOP else OF_TAG
    return OF_DAYS if order == TOP else IN_CATEGORY


def one_of(wanted: Wanted) -> str:
    return "post.author_id = %(author)s::bigint" if wanted.author else "post.tutorial_id = %(tutorial)s::bigint"


def conditions_for(wanted: Wanted, order: str) -> list[str]:
    conditions = [PUBLISHED]
    if order == UNANSWERED:
        conditions.append(IS_UNANSWERED)
    elif wanted.type:
        conditions.append("post.type = %(type)s")
    if wanted.author and wanted.tutorial:
        conditions.append("post.tutorial_id = %(tutorial)s::bigint")
    if wanted.tag and (wanted.author or wanted.tutorial):
        conditions.append("%(tag)s = ANY(post.tags)")
    if wanted.pins:
        conditions.append(NOT_PINNED)
    # The texts of statements differ only where somebody mutes something: the others need not look at the rows.
    if wanted.muted.posts:
        conditions.append("post.id <> ALL(%(muted_posts)s::bigint[])")
    if wanted.muted.people:
        conditions.append("(post.author_id IS NULL OR post.author_id <> ALL(%(muted_people)s::bigint[]))")
    if wanted.muted.tags:
        conditions.append("NOT post.tags && %(muted_tags)s::varchar[]")
    return conditions


def ordered(columns: Sequence[str], *, backwards: bool) -> str:
    return ", ".join(f"{column} {'ASC' if backwards else 'DESC'}" for column in columns)


def days_of_top() -> list[date]:
    """The oldest first."""
    today = datetime.now(UTC).date()
    return [today - timedelta(days=ago) for ago in reversed(range(DAYS_OF_TOP))]
