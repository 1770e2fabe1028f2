"""Counts that the writes keep beside what they count: whether they still agree, and how they agree again.

Some rows are compared at a time, so that no statement takes long. What differs is counted anew with its row locked, by
a statement of its own: it sees all that was written by whoever held the row before, and whoever comes next adds to it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

logger = logging.getLogger(__name__)

POST, COMMENT, STANDING = "community_post", "community_comment", "community_standing"
KEYS = {POST: "id", COMMENT: "id", STANDING: "user_id"}
# How many rows are compared at once. A person's texts are many.
BATCHES = {POST: 5_000, COMMENT: 20_000, STANDING: 50}
LIKES = "(SELECT count(*) FROM community_like AS l WHERE l.{text}_id = it.id)"
TEXTS = "(SELECT count(*) FROM {table} AS t WHERE t.author_id = it.user_id AND t.state = '{state}')"
LIKES_OF = "(SELECT COALESCE(sum(t.likes_count), 0) FROM {table} AS t WHERE t.author_id = it.user_id)"
COMMENTS = "FROM community_comment AS c WHERE c.post_id = it.id AND c.state = 'published'"


@dataclass(frozen=True)
class Count:
    """A column, or what stands for one, and the expression that it must equal. Both are about `it`."""

    name: str
    table: str
    stored: str
    actual: str
    repairs: tuple[str, ...]


@dataclass(frozen=True)
class Drift:
    """A row (`pk`) where what is stored is not what is there."""

    count: Count
    pk: int
    stored: str
    actual: str

    def __str__(self) -> str:
        return f"{self.count.name}, {self.pk}: {self.stored} instead of {self.actual}"


def column(name: str, table: str, column: str, actual: str) -> Count:
    repair = f"UPDATE {table} AS it SET {column} = {actual} WHERE it.{KEYS[table]} = ANY(%(pks)s)"  # noqa: S608 - all of it is ours
    return Count(name, table, f"it.{column}", actual, (repair,))


STORED_TAGS = """(
    SELECT array_agg(concat_ws(' ', t.tag, t.active_at, t.day, t.score) ORDER BY t.tag)
    FROM community_posttag AS t WHERE t.post_id = it.id
)"""
ACTUAL_TAGS = """(
    SELECT array_agg(concat_ws(' ', tag, it.active_at, it.day, it.score) ORDER BY tag)
    FROM unnest(it.tags) AS tag WHERE it.state = 'published'
)"""
FORGET_TAGS = "DELETE FROM community_posttag WHERE post_id = ANY(%(pks)s)"
PUT_TAGS = """
    INSERT INTO community_posttag (post_id, tag, active_at, day, score)
    SELECT it.id, tag, it.active_at, it.day, it.score FROM community_post AS it CROSS JOIN unnest(it.tags) AS tag
    WHERE it.id = ANY(%(pks)s) AND it.state = 'published'
"""
# In this order: what a later one counts, an earlier one has put right.
COUNTS = (
    column("likes of a post", POST, "likes_count", LIKES.format(text="post")),
    column("comments to a post", POST, "comments_count", f"(SELECT count(*) {COMMENTS})"),
    column("activity in a post", POST, "active_at", f"GREATEST(it.created_at, (SELECT max(c.created_at) {COMMENTS}))"),
    Count("tags of a post", POST, STORED_TAGS, ACTUAL_TAGS, (FORGET_TAGS, PUT_TAGS)),
    column("likes of a comment", COMMENT, "likes_count", LIKES.format(text="comment")),
    column("posts of a person", STANDING, "posts_count", TEXTS.format(table=POST, state="published")),
    column("comments of a person", STANDING, "comments_count", TEXTS.format(table=COMMENT, state="published")),
    column(
        "likes of what a person wrote",
        STANDING,
        "likes_received",
        f"({LIKES_OF.format(table=POST)} + {LIKES_OF.format(table=COMMENT)})",
    ),
    column(
        "accepted answers of a person",
        STANDING,
        "accepted_count",
        "(SELECT count(*) FROM community_comment AS c JOIN community_post AS p ON p.accepted_answer_id = c.id"
        " AND p.id = c.post_id WHERE c.author_id = it.user_id AND p.author_id IS DISTINCT FROM c.author_id)",
    ),
    column(
        "hidden texts of a person",
        STANDING,
        "hidden_count",
        f"({TEXTS.format(table=POST, state='hidden')} + {TEXTS.format(table=COMMENT, state='hidden')})",
    ),
)


def find_drift() -> Iterator[Drift]:
    """Everything that differs at this moment. Of what is written meanwhile some may look as if it did."""
    for count in COUNTS:
        yield from drift_of(count)


def repair_drift() -> Iterator[Drift]:
    """Put right what differs, each row by itself; gives what was so before."""
    for count in COUNTS:
        for drift in drift_of(count):
            if repair(count, drift.pk):
                logger.warning("repaired: %s", drift)
                yield drift


@transaction.atomic
def count_anew() -> None:
    """Count everything at once, where texts were loaded past the services and nobody writes yet."""
    for count in COUNTS:
        reached = 0
        while (end := end_of_batch(count.table, reached)) is not None:
            put_right(count, range(reached + 1, end + 1))
            reached = end


def drift_of(count: Count) -> Iterator[Drift]:
    it = f"it.{KEYS[count.table]}"
    statement = f"""
        SELECT {it}, {count.stored}::text, {count.actual}::text FROM {count.table} AS it
        WHERE {it} > %(after)s AND {it} <= %(end)s AND {differs(count)} ORDER BY 1
    """  # noqa: S608 - all of it is ours
    reached = 0
    while (end := end_of_batch(count.table, reached)) is not None:
        for pk, stored, actual in asked(statement, {"after": reached, "end": end}):
            yield Drift(count, pk, str(stored), str(actual))
        reached = end


def drift_counts(*, newest: int) -> dict[str, str]:
    """For each count, a statement that says in how many of the newest rows of its table it differs."""
    return {
        count.name: f"""
            SELECT count(*) FROM (
                SELECT * FROM {count.table} ORDER BY {KEYS[count.table]} DESC LIMIT {newest:d}
            ) AS it WHERE {differs(count)}
        """  # noqa: S608 - all of it is ours
        for count in COUNTS
    }


def end_of_batch(table: str, after: int) -> int | None:
    key = KEYS[table]
    statement = f"""
        SELECT max({key}) FROM (
            SELECT {key} FROM {table} WHERE {key} > %(after)s ORDER BY {key} LIMIT %(batch)s
        ) AS batch
    """  # noqa: S608 - all of it is ours
    [[end]] = asked(statement, {"after": after, "batch": BATCHES[table]})
    return None if end is None else int(end)


@transaction.atomic
def repair(count: Count, pk: int) -> bool:
    """Count one row anew; returns whether it still differed when nobody else was at it."""
    key = KEYS[count.table]
    asked(f"SELECT FROM {count.table} WHERE {key} = %(pk)s FOR NO KEY UPDATE", {"pk": pk})
    # A statement of its own: what was written until the row was locked is seen by it.
    if not asked(f"SELECT FROM {count.table} AS it WHERE it.{key} = %(pk)s AND {differs(count)}", {"pk": pk}):
        return False
    put_right(count, [pk])
    return True


def put_right(count: Count, pks: Sequence[int]) -> None:
    with connection.cursor() as cursor:
        for statement in count.repairs:
            cursor.execute(statement, {"pks": list(pks)})


def differs(count: Count) -> str:
    return f"{count.stored} IS DISTINCT FROM {count.actual}"


def asked(statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    """All of the statement's text stands in this file."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
