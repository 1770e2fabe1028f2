"""Which texts are about some words: the same effort for ten thousand posts and for a million.

A search walks from the newest texts to older ones and ends as soon as it has enough. Each entry carries
marks of the day, week and quarter in which it was written, which the index intersects with the words. How
common the words are, by the statistics that PostgreSQL keeps, says how long the steps of the walk are: days
for a word of every fifth text, everything at once for a rare one. Where even the rarest of the words is so
common that its list in the index would take too long to read, the walk ends after some quarters.

What is found that way is ranked together, of a common word with those that have it in their titles, for
which entries of posts carry the words of the title a second time. Only where few are found are texts sought
that have the words as parts of others (`PostWord` knows which there are). docs/decisions/0011 has the figures.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise, zip_longest
from typing import TYPE_CHECKING, Any

from django.db import connection

from community.querysets.listing import NO_PINS, ROWS
from tutorials.querysets import MARKS

if TYPE_CHECKING:
    from collections.abc import Collection

    from community.search_language import Asked, Term

# Signs of scripts that are written without blanks between words, and Korean: entries have them by pairs. The same as
# in the function community_words (migration 0002).
PAIRED = (
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3031-\u3035"
    "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u3131-\u318e\u31a0-\u31bf\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
)
RUNS = re.compile(f"({PAIRED}+)")
# How many texts that match are visited and how many of them ranked, anywhere and by title; how many posts, found by
# whole words, are enough; which shortest part of a word is sought, among how many words, and how many are taken.
POOL, MOST, MOST_BY_TITLE, ENOUGH = 3000, 600, 300, 20
SHORTEST_PART, WORDS_SEEN, WORDS_TAKEN = 3, 2000, 8
# Characters of a text in which an excerpt is sought.
SEARCHED_FOR_EXCERPT = 12_000
MARKING = f'StartSel="{MARKS[0]}", StopSel="{MARKS[1]}"'
# Similar titles: how many are shown, how many words are looked for and how many titles with each looked at, and how
# alike (0..1, by letters in threes) one must be that has only one word in common.
MOST_SIMILAR, MOST_WORDS, OF_EACH_WORD, ALIKE = 5, 8, 40, 0.3
# The steps of a walk: how their marks begin, their length in days, and how many of them are taken before longer ones.
STEPS = (("d", 1, 3), ("w", 7, 4), ("q", 91, 2))
# How many places the index may read for one walk (a hundred thousand take about 15 ms), and for all times at once; and
# the most quarters. It reads as many as the rarest of the words has, or the mark of the time if that is rarer.
MOST_READ, MOST_READ_AT_ONCE, MOST_QUARTERS = 650_000, 350_000, 40
A_DAY = 86_400  # seconds

OF_FOUND = """
    SELECT post.id, post.active_at, post.score FROM community_post AS post
    WHERE post.id = ANY(%(ids)s::bigint[]) AND post.state = 'published'
    AND post.category_id = ANY(%(categories)s::bigint[])
"""
WALK = """
    SELECT found.id, found.post_id, found.created_at
    FROM asked CROSS JOIN unnest(%({spans})s::text[]) AS span (mark)
    CROSS JOIN LATERAL (
        SELECT * FROM (
            SELECT entry.id, entry.post_id, entry.created_at FROM community_searchentry AS entry
            WHERE entry.vector @@ (asked.{query} && asked.marks && span.mark::tsquery)
            AND entry.category_id = ANY(%(categories)s::bigint[]) {period}
            OFFSET 0 LIMIT 2 * %(pool)s
        ) AS visited ORDER BY created_at DESC, id DESC
    ) AS found
    WHERE {condition}
    LIMIT %(pool)s
"""
# What the index does not know is asked row by row, of as many as the pool has: a join would read all posts.
CHECKED = """
    SELECT pool.id, pool.post_id FROM ({walk}) AS pool CROSS JOIN asked WHERE {checks} LIMIT {most}
"""
# Phrases are looked up by all of their words, and checked here.
IS_PHRASE = "(SELECT vector FROM community_searchentry WHERE id = pool.id) @@ asked.words"
IS_IN_TITLE = "ts_filter((SELECT vector FROM community_searchentry WHERE id = pool.id), '{a}') @@ asked.words"
STATES = {
    "solved": "(SELECT accepted_answer_id IS NOT NULL FROM community_post WHERE id = pool.post_id)",
    "unsolved": """(
        SELECT type = 'question' AND accepted_answer_id IS NULL FROM community_post WHERE id = pool.post_id
    )""",
    "question": "(SELECT type = 'question' FROM community_post WHERE id = pool.post_id)",
}
PART = """(
    SELECT string_agg(NULLIF(plainto_tsquery('english', word)::text, ''), ' | ')::tsquery FROM (
        SELECT word FROM (
            SELECT word FROM community_postword WHERE word LIKE {like} OFFSET 0 LIMIT %(words_seen)s
        ) AS seen ORDER BY length(word), word LIMIT %(words_taken)s
    ) AS taken
    WHERE %(is_alone)s OR NOT EXISTS (SELECT FROM community_postword WHERE word = {word})
)"""
# As PostgreSQL writes a word in a query.
IN_TITLE = r"regexp_replace(({query})::text, '''((?:[^'']|'''')+)''', '''^\1''', 'g')::tsquery"
# What is asked for as PostgreSQL writes it, and for each of what is wanted (and for that in titles) which share of all
# entries (0..1) has the rarest of its words, and which all. The statistics of PostgreSQL say so; a word that they
# don't know is at most as common as the rarest that they know.
WEIGHED = r"""
    WITH common AS MATERIALIZED (
        SELECT word, share
        FROM pg_stats CROSS JOIN LATERAL
            unnest(most_common_elems::text::text[], most_common_elem_freqs) AS known (word, share)
        WHERE schemaname = current_schema() AND tablename = 'community_searchentry' AND attname = 'vector'
        AND word IS NOT NULL
    ),
    asked AS MATERIALIZED (SELECT {words} AS words, {looked_up} AS looked_up),
    wanted AS MATERIALIZED (
        SELECT nth, alternative, is_any, found[1] AS word, found[2] IS NOT NULL AS begins
        FROM (VALUES {wanted}) AS wanted (nth, alternative, is_any, query)
        CROSS JOIN LATERAL regexp_matches(query::text, $$'((?:[^']|'')+)'(:\*)?$$, 'g') AS found
    )
    SELECT words::text, looked_up::text, ({titled})::text AS titled,
        GREATEST((SELECT reltuples FROM pg_class WHERE oid = 'community_searchentry'::regclass), 0)::float8 AS entries,
        COALESCE((SELECT max(share) FROM common WHERE word LIKE '#q%%'), 0)::float8 AS busiest_quarter,
        ({shares}) AS shares, ({title_shares}) AS title_shares
    FROM asked
"""
SHARES = """
    SELECT COALESCE(array_agg(ARRAY[rarest, of_all]), '{{}}') FROM (
        SELECT least(sum(rarest), 1) AS rarest, least(sum(of_all), 1) AS of_all FROM (
            SELECT nth, CASE WHEN is_any THEN sum(share) ELSE min(share) END AS rarest,
                CASE WHEN is_any THEN sum(share) ELSE exp(sum(ln(share))) END AS of_all
            FROM (
                SELECT nth, alternative, is_any, COALESCE(
                    CASE WHEN begins THEN (SELECT sum(share) FROM common WHERE starts_with(common.word, {word}))
                    ELSE known.share END,
                    (SELECT min(common.share) FROM common), {least}
                )::float8 AS share
                FROM wanted LEFT JOIN common AS known ON known.word = {word}
            ) AS of_words GROUP BY nth, alternative, is_any
        ) AS of_alternatives GROUP BY nth
    ) AS of_wanted
"""
# The share of a word before there are statistics.
LEAST_SHARE = 1e-9
# Marks stand for themselves.
TITLE_WORD = "CASE WHEN wanted.word LIKE '#%%' THEN wanted.word ELSE '^' || wanted.word END"
SEARCH = """
    WITH asked AS MATERIALIZED (
        SELECT %(words)s::tsquery AS words, %(looked_up)s::tsquery AS looked_up, %(titled)s::tsquery AS titled,
            %(marks)s::tsquery AS marks
    ),
    whole AS MATERIALIZED ({whole}),
    titles AS MATERIALIZED ({titles}),
    found AS (SELECT id FROM whole UNION SELECT id FROM titles)
    SELECT entry.post_id AS id, entry.comment_id, {rank} AS rank, entry.id AS entry
    FROM found JOIN community_searchentry AS entry USING (id) CROSS JOIN asked
"""
# What has whole words comes before what has parts.
BEST = "(%(above)s + ts_rank(entry.vector, asked.words))::float8"
NEWEST = "extract(epoch FROM entry.created_at)::float8"
OF_EACH_POST = """
    SELECT id, comment_id, rank, entry, %(words)s::text AS query FROM (
        SELECT DISTINCT ON (id) * FROM ({found}) AS every ORDER BY id, rank DESC, entry DESC
    ) AS best ORDER BY rank DESC, id DESC
"""
EMPTY = "''::tsquery"
NOTHING = "SELECT NULL::bigint AS id, NULL::bigint AS post_id WHERE FALSE"
# The rows of lists, of what was found.
FOUND_ROWS = """
    SELECT listed.*, found.comment_id, left(coalesce(comment.text, post.text), %(searched)s) AS text,
        ts_headline('english', listed.title, found.query::tsquery, %(marking)s) AS marked_title,
        ts_headline(
            'english', left(coalesce(comment.text, post.text), %(searched)s), found.query::tsquery, %(around)s
        ) AS marked_text
    FROM (
        {rows}
    ) AS listed
    JOIN unnest(%(ids)s::bigint[], %(comments)s::bigint[], %(queries)s::text[])
        AS found (id, comment_id, query) ON found.id = listed.id
    JOIN community_post AS post ON post.id = listed.id
    LEFT JOIN community_comment AS comment ON comment.id = found.comment_id AND comment.state = 'published'
    WHERE found.comment_id IS NULL OR comment.id IS NOT NULL
"""
# Of all words of a title together and of each of them some, so that a common word does not crowd out a rare one.
SIMILAR = """
    WITH words AS MATERIALIZED (
        SELECT array_to_tsvector(ARRAY['^' || lexeme])::text AS word FROM unnest(community_words(%(title)s::text, 'A'))
        ORDER BY length(lexeme) DESC LIMIT %(words)s
    ),
    queries AS MATERIALIZED (
        SELECT word::tsquery AS query FROM words
        UNION ALL SELECT string_agg(word, ' & ')::tsquery FROM words HAVING count(*) > 0
    ),
    found AS MATERIALIZED (
        SELECT near.post_id AS id, count(*) AS ways FROM queries CROSS JOIN LATERAL (
            SELECT entry.post_id FROM unnest(%(spans)s::text[]) AS span (mark) CROSS JOIN LATERAL (
                SELECT post_id FROM community_searchentry
                WHERE vector @@ (queries.query && span.mark::tsquery)
                AND category_id = ANY(%(categories)s::bigint[])
                OFFSET 0 LIMIT %(each)s
            ) AS entry LIMIT %(each)s
        ) AS near GROUP BY near.post_id
    )
    SELECT post.id, post.title, post.comments_count, post.accepted_answer_id IS NOT NULL AS solved,
        category.slug AS category_slug
    FROM found JOIN community_post AS post USING (id) JOIN community_category AS category ON category.id = category_id
    CROSS JOIN LATERAL (SELECT similarity(post.title, %(title)s::text) AS alike) AS measured
    WHERE post.state = 'published' AND (found.ways > 1 OR measured.alike >= %(alike)s)
    ORDER BY measured.alike + found.ways * 0.1 DESC, post.id DESC LIMIT %(most)s
"""


@dataclass(frozen=True)
class Way:
    """Which query of `asked` is walked by, in which steps, and how many texts are taken of it."""

    query: str
    spans: str
    most: int
    condition: str = "{has_words}"


ANYWHERE = Way("looked_up", "spans", MOST)
ONLY_BY_TITLE = Way("titled", "title_spans", MOST_BY_TITLE)
# Otherwise they are among those that were found anywhere.
ALSO_BY_TITLE = Way("titled", "title_spans", MOST_BY_TITLE, "{has_words} AND (SELECT count(*) FROM whole) >= %(most)s")


@dataclass(frozen=True)
class Common:
    """How many entries are expected: with the rarest of some words, with all of them, in all and of one day."""

    rarest: float
    matching: float
    matching_a_day: float
    written_a_day: float

    @classmethod
    def of(cls, shares: list[tuple[float, float]], *, entries: float, busiest_quarter: float) -> Common:
        """`shares`: those of SHARES. Words are taken to be independent of each other."""
        together = math.prod(of_all for _, of_all in shares)
        written_a_day = entries * busiest_quarter / 91
        return cls(
            # Of what is not asked for by words there is no list but that of all entries.
            rarest=entries * min(rarest for rarest, _ in shares) if shares else math.inf,
            matching=entries * together if shares else math.inf,
            matching_a_day=written_a_day * together,
            written_a_day=written_a_day,
        )


# Of each word of a title a few posts are enough, of whatever age.
OF_A_TITLE = Common(rarest=0, matching=math.inf, matching_a_day=math.inf, written_a_day=0)


@dataclass(frozen=True)
class Narrowed:
    """What the filters of a search say, by keys: (whether it is wanted, key)."""

    # Those that the reader may know of.
    categories: list[int]
    authors: Collection[tuple[bool, int]] = ()
    in_categories: Collection[tuple[bool, int]] = ()


def search_texts(asked: Asked, narrowed: Narrowed, *, newest: bool) -> list[dict[str, Any]]:
    """The posts that have what is asked for in themselves or in a comment, as `id` and `rank`, best or newest first.

    `comment_id` is where that stands (None: in the post), `query` what to mark there. At most some hundreds. Two
    queries, and up to two more where there are few.
    """
    weighed = weigh(asked, narrowed)
    found = matches(asked, narrowed, weighed, newest=newest)
    if len(found) >= ENOUGH or asked.in_title or not any(may_be_part(term) for term in asked.terms):
        return found
    with_parts = weigh(asked, narrowed, broken=True)
    if with_parts["looked_up"] == weighed["looked_up"]:
        return found
    by_post = {match["id"]: match for match in found}
    for match in matches(asked, narrowed, with_parts, newest=newest, broken=True):
        known = by_post.get(match["id"])
        if known is None or (match["rank"], match["entry"]) > (known["rank"], known["entry"]):
            by_post[match["id"]] = match
    return sorted(by_post.values(), key=lambda match: (-match["rank"], -match["id"]))


def matches(
    asked: Asked, narrowed: Narrowed, weighed: dict[str, Any], *, newest: bool, broken: bool = False
) -> list[dict[str, Any]]:
    """As `search_texts`, of what is asked for as `weigh` has it. One query."""
    way = ONLY_BY_TITLE if asked.in_title else ANYWHERE
    also_by_title = bool(asked.wanted) and not (newest or asked.in_title or broken)
    statement = OF_EACH_POST.format(
        found=SEARCH.format(
            whole=walk(asked, way),
            titles=walk(asked, ALSO_BY_TITLE) if also_by_title else NOTHING,
            rank=NEWEST if newest else BEST,
        )
    )
    in_all = {"entries": weighed["entries"], "busiest_quarter": weighed["busiest_quarter"]}
    values = {
        "words": weighed["words"],
        "looked_up": weighed["looked_up"],
        "titled": weighed["titled"],
        "marks": " & ".join(f"{'' if wanted else '!'}{mark}" for wanted, mark in marks_of(asked, narrowed)),
        "spans": spans(asked.after, asked.before, Common.of(weighed["shares"], **in_all)),
        "title_spans": spans(asked.after, asked.before, Common.of(weighed["title_shares"], **in_all)),
        "categories": narrowed.categories,
        "pool": POOL,
        "most": MOST,
        "above": 0 if broken else 1,
        "after": asked.after,
        "before": asked.before,
    }
    return fetched(statement, values)


def weigh(asked: Asked, narrowed: Narrowed, *, broken: bool = False) -> dict[str, Any]:
    """What is asked for, as queries, and how common it is (WEIGHED). One query.

    `broken`: it may also be a part of a word.
    """
    words = Words()
    wanted = [
        (nth, alternative, is_any, query)
        for nth, alternatives in enumerate(asked.wanted)
        for alternative, (is_any, query) in enumerate(words.alternatives(alternatives, in_index=True, broken=broken))
    ]
    marks = [f"{words.value(mark)}::tsquery" for is_wanted, mark in marks_of(asked, narrowed) if is_wanted]
    wanted += [(nth, 0, False, mark) for nth, mark in enumerate(marks, start=len(asked.wanted))]
    statement = WEIGHED.format(
        words=words.query(asked, broken=broken),
        looked_up=words.query(asked, in_index=True, broken=broken),
        titled=IN_TITLE.format(query="looked_up"),
        wanted=", ".join(f"({nth}, {other}, {is_any}, {query})" for nth, other, is_any, query in wanted)
        or f"(0, 0, FALSE, {EMPTY})",
        shares=SHARES.format(word="wanted.word", least=LEAST_SHARE),
        title_shares=SHARES.format(word=TITLE_WORD, least=LEAST_SHARE),
    )
    values = words.values | {
        "words_seen": WORDS_SEEN,
        "words_taken": WORDS_TAKEN,
        "is_alone": len(asked.terms) == 1,
    }
    (weighed,) = fetched(statement, values)
    return weighed


def walk(asked: Asked, way: Way) -> str:
    """Everything that is put into the text of the statement stands in this file."""
    period = []
    if asked.after:
        period.append("AND entry.created_at >= %(after)s::timestamptz")
    if asked.before:
        period.append("AND entry.created_at < %(before)s::timestamptz")
    checks = [STATES[state] for state in sorted(asked.states)]
    if any(term.is_phrase for term in (*asked.terms, *asked.unwanted)):
        checks.append(IS_IN_TITLE if asked.in_title else IS_PHRASE)
    walked = WALK.format(
        spans=way.spans,
        query=way.query,
        period=" ".join(period),
        condition=way.condition.format(
            # Words that are too common to be looked for find nothing.
            has_words="numnode(asked.words) > 0" if asked.terms or asked.unwanted else "TRUE",
        ),
    )
    return CHECKED.format(walk=walked, checks=" AND ".join(checks) or "TRUE", most=way.most)


class Words:
    """Makes expressions of queries, and keeps the values that stand in them."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def query(self, asked: Asked, *, in_index: bool = False, broken: bool = False) -> str:
        """All that is asked for. `in_index`: phrases as their words; `broken`: also as parts of other words."""
        clauses = []
        for alternatives in asked.wanted:
            queries = self.alternatives(alternatives, in_index=in_index, broken=broken)
            clauses.append(f"({' || '.join(query for _, query in queries)})")
        clauses += [
            f"!!({self.term(term, in_index=in_index)})"
            for term in asked.unwanted
            # A text with all words of a phrase need not have the phrase.
            if not (in_index and term.is_phrase)
        ]
        return " && ".join(clauses) or EMPTY

    def alternatives(self, terms: list[Term], *, in_index: bool, broken: bool) -> list[tuple[bool, str]]:
        """Queries of which one must match, and whether any of its words do (otherwise all)."""
        whole = [(False, self.term(term, in_index=in_index)) for term in terms]
        return whole + [(True, self.part(term)) for term in terms if broken and may_be_part(term)]

    def term(self, term: Term, *, in_index: bool) -> str:
        pieces = []
        for place, piece in enumerate(RUNS.split(term.words)):
            if place % 2:
                pieces.append(f"{self.value(in_pairs(piece, is_phrase=term.is_phrase and not in_index))}::tsquery")
            elif piece:
                maker = "phraseto_tsquery" if term.is_phrase and not in_index else "plainto_tsquery"
                pieces.append(f"{maker}('english', {self.value(piece)})")
        return f"({' && '.join(pieces) or EMPTY})"

    def part(self, term: Term) -> str:
        # Letters and digits only, so nothing in it has a meaning of its own.
        word = term.words.lower()
        return f"COALESCE({PART.format(word=self.value(word), like=self.value(f'%{word}%'))}, ''::tsquery)"

    def value(self, value: str) -> str:
        known = next((name for name, other in self.values.items() if other == value), None)
        name = known or f"words_{len(self.values)}"
        self.values[name] = value
        return f"%({name})s::text"


def may_be_part(term: Term) -> bool:
    word = term.words
    return not term.is_phrase and len(word) >= SHORTEST_PART and word.isalnum() and not RUNS.search(word)


def in_pairs(run: str, *, is_phrase: bool) -> str:
    """A run of such signs as a query; one alone begins any pair. Only signs of PAIRED get in."""
    if len(run) == 1:
        return f"'{run}':*"
    return (" <-> " if is_phrase else " & ").join(f"'{first}{second}'" for first, second in pairwise(run))


def marks_of(asked: Asked, narrowed: Narrowed) -> list[tuple[bool, str]]:
    """By what the index narrows a search (community_vector in migration 0002): whether it is wanted, and the mark."""
    return [
        *((wanted, f"'#a{key}'") for wanted, key in narrowed.authors),
        *((wanted, f"'#c{key}'") for wanted, key in narrowed.in_categories),
        *((wanted, f"'#t{tag}'") for wanted, tag in asked.tags),
    ]


def spans(after: datetime | None, before: datetime | None, common: Common) -> list[str]:
    """The marks of the times to look through, newest first; an empty one stands for all times."""
    is_rare = common.rarest <= MOST_READ_AT_ONCE
    if is_rare and common.matching <= 2 * POOL:
        return [""]
    first = number_of_day(after) if after else 0
    last = number_of_day(before) - 1 if before else number_of_day(datetime.now(UTC))
    marks: list[str] = []
    left: float = MOST_READ
    for (kind, length, steps), longer in zip_longest(STEPS, STEPS[1:]):
        if longer and common.matching_a_day * longer[1] <= POOL:
            continue
        newest, oldest = last // length, first // length
        read = min(common.rarest, common.written_a_day * length)
        for number in range(newest, oldest - 1, -1)[: steps if longer or is_rare else MOST_QUARTERS]:
            left -= read
            if marks and left < 0:
                return marks
            marks.append(f"'#{kind}{number}'")
            if number == oldest:
                return marks
    return [*marks, ""] if is_rare and common.rarest <= left else marks


def number_of_day(at: datetime) -> int:
    return int(at.timestamp()) // A_DAY


def rows_of(matches: list[dict[str, Any]], *, categories: list[int], reader: int | None) -> list[dict[str, Any]]:
    """What `search_texts` found as rows of a list, with `text`, `marked_text` and `marked_title`. One query.

    Only what is still there to be read.
    """
    if not matches:
        return []
    values = {
        "ids": [match["id"] for match in matches],
        "comments": [match["comment_id"] for match in matches],
        "queries": [match["query"] for match in matches],
        "categories": categories,
        "reader": reader,
        "begins": False,
        "limit": len(matches),
        "searched": SEARCHED_FOR_EXCERPT,
        "around": f'{MARKING}, MaxFragments=2, MinWords=8, MaxWords=18, FragmentDelimiter=" … "',
        "marking": f"{MARKING}, HighlightAll=true",
    }
    rows = ROWS.format(pins=NO_PINS, way=OF_FOUND, walked_order="post.id DESC", order="post.id DESC")
    return fetched(FOUND_ROWS.format(rows=rows), values)


def similar_titles(title: str, *, categories: list[int]) -> list[dict[str, Any]]:
    """The published posts whose titles have most in common with this one. One query."""
    values = {
        "title": title,
        "categories": categories,
        "spans": spans(None, None, OF_A_TITLE),
        "words": MOST_WORDS,
        "each": OF_EACH_WORD,
        "most": MOST_SIMILAR,
        "alike": ALIKE,
    }
    return fetched(SIMILAR, values)


def fetched(statement: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {name: value for name, value in values.items() if f"%({name})s" in statement})
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
