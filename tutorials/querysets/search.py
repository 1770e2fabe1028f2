"""Which tutorials are about some words: the same effort for three tutorials and for a hundred thousand.

Ranking reads the whole vector of a tutorial, so only some of those that match are ranked together: those with the
words in title or tags, those with the words anywhere (of very many, the newest of the first that the index names),
and whatever matches among the newest of all. With fewer matches than that, all are ranked.
docs/decisions/0007 has the figures.
"""

from __future__ import annotations

from typing import Any

from django.db import connection

# How many of the matches in titles, and of those anywhere, are ranked; of how many these are the newest; how many of
# the newest tutorials are looked through besides, and how many of these are ranked at most.
TITLES, ANYWHERE, POOL, NEWEST, OF_NEWEST = 300, 500, 600, 2000, 300
OPEN, WHOLE = "open_search", "search"
ASKED = "websearch_to_tsquery('english', %(words)s::text)"
# "Followed by", as PostgreSQL writes it between the words of a phrase.
IS_PHRASE = f"{ASKED}::text ~ '<(-|[0-9]+)>'"
# The index knows words, not their order, so for a phrase it is asked for all of its words. What is only excluded it
# cannot be asked for at all (querytree gives "T", and so nothing is looked up). A tag's words narrow it: they are
# among those of its tutorials.
LOOKED_UP = f"""(
    CASE WHEN querytree({ASKED}) = 'T' THEN NULL
    WHEN {IS_PHRASE} THEN regexp_replace(querytree({ASKED}), '<(-|[0-9]+)>', '&', 'g')::tsquery
    ELSE {ASKED} END && plainto_tsquery('english', replace(%(tag)s::text, '-', ' '))
)"""
# Written as Django writes the expression of the index tutorial_titles.
IN_TITLES = "to_tsvector('english'::regconfig, COALESCE(title, '') || ' ' || COALESCE(keywords, ''))"
IS_PUBLISHED = "status = 'published' AND published_at <= now()"
COLUMNS = "id, status, published_at, topic_id, difficulty, access, tags"
# OFFSET 0 keeps the planner from looking for the other conditions first, each of which can be true of nearly all.
MATCHING = """(
    SELECT id FROM (
        SELECT id, published_at FROM (
            SELECT {columns} FROM tutorials_tutorial WHERE {vector} @@ {looked_up} OFFSET 0
        ) AS matching
        WHERE {conditions} LIMIT %(pool)s
    ) AS pool
    ORDER BY published_at DESC, id DESC LIMIT {most}
)"""
NEWEST_MATCHING = """(
    SELECT id FROM (
        SELECT {columns}, {vector} FROM tutorials_tutorial WHERE {published}
        ORDER BY published_at DESC, id DESC LIMIT %(newest)s
    ) AS newest
    WHERE {vector} @@ {asked} AND {conditions} LIMIT {most}
)"""
RANKED = """
    WITH candidates AS MATERIALIZED ({candidates})
    SELECT id, ts_rank({vector}, {asked})::float8 AS rank
    FROM candidates JOIN tutorials_tutorial USING (id)
    WHERE NOT {is_phrase} OR {vector} @@ {asked}
    ORDER BY rank DESC, id DESC
"""
CONDITIONS = {
    "topic": "topic_id = %(topic)s",
    "difficulty": "difficulty = %(difficulty)s",
    "access": "access = %(access)s",
    "tag": "%(tag)s = ANY(tags)",
}


def search_published(words: str, *, whole: bool, **filters: Any) -> list[dict[str, Any]]:
    """`id` and `rank` of the published tutorials about `words` that pass the filters, best first.

    `words` are in the language of web searches: "a phrase", or, -without. `whole`: whether gated texts are searched
    too, which is for those only who may read them. The filters are those of `TutorialQuerySet.filtered`. One query, to
    be called within `common.database.indexes_only`.
    """
    given = {name: getattr(value, "pk", value) for name, value in filters.items() if value}
    place = {"words": words, "tag": given.get("tag", ""), "pool": POOL, "newest": NEWEST}
    with connection.cursor() as cursor:
        cursor.execute(statement_for(WHOLE if whole else OPEN, given), given | place)
        return [{"id": pk, "rank": rank} for pk, rank in cursor.fetchall()]


def statement_for(vector: str, given: dict[str, Any]) -> str:
    """Everything that is put into the text of the statement stands in this file."""
    conditions = " AND ".join([IS_PUBLISHED, *(CONDITIONS[name] for name in given)])
    parts = {"columns": COLUMNS, "conditions": conditions, "asked": ASKED, "looked_up": LOOKED_UP}
    ways = [
        MATCHING.format(**parts, vector=IN_TITLES, most=TITLES),
        MATCHING.format(**parts, vector=vector, most=ANYWHERE),
        NEWEST_MATCHING.format(**parts, vector=vector, published=IS_PUBLISHED, most=OF_NEWEST),
    ]
    return RANKED.format(candidates=" UNION ".join(ways), vector=vector, asked=ASKED, is_phrase=IS_PHRASE)
