"""The words that tutorials use, and which of them somebody meant who typed another."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from django.db import connection, transaction

if TYPE_CHECKING:
    from tutorials.models import Tutorial

LONGEST_WORD = 30
WORD = re.compile(rf"[^\W\d_]{{3,{LONGEST_WORD}}}")
# How many words of a question are corrected: each is a look-up of its own.
MOST_CORRECTED = 6
# How alike (0..1) a word must be, by letters in order, to be taken of those that PostgreSQL offers, by letters in
# threes, which one swap disturbs a lot (settings: pg_trgm.similarity_threshold).
TAKEN = 0.78
MOST_OFFERED = 20

LEARN = """
    INSERT INTO tutorials_searchword (word, tutorials)
    SELECT word, 1 FROM unnest(%s::text[]) AS word
    ON CONFLICT (word) DO NOTHING
"""
# Last night's count of more than one says that it is no secret; of others, and those learned since, the index knows.
UNLEARN = """
    DELETE FROM tutorials_searchword WHERE word IN (
        SELECT word FROM tutorials_searchword
        WHERE word = ANY(%s::text[]) AND tutorials <= 1 AND numnode(plainto_tsquery('english', word)) > 0
        AND NOT EXISTS (
            SELECT FROM tutorials_tutorial
            WHERE open_search @@ plainto_tsquery('english', word) AND status = 'published' AND published_at <= now()
        )
        ORDER BY word FOR UPDATE
    )
"""
OFFER = """
    SELECT asked.word, offered.word, offered.tutorials
    FROM unnest(%s::text[]) AS asked (word)
    CROSS JOIN LATERAL (
        SELECT word, tutorials FROM tutorials_searchword
        WHERE word %% asked.word
        ORDER BY similarity(word, asked.word) DESC, tutorials DESC, word
        LIMIT %s
    ) AS offered
    WHERE NOT EXISTS (SELECT FROM tutorials_searchword WHERE word = asked.word)
"""
# The parser of "simple" splits words as that of "english" does, but leaves them whole.
COUNT = """
    WITH counted AS MATERIALIZED (
        SELECT word, ndoc FROM ts_stat($$
            SELECT to_tsvector('simple', concat_ws(
                ' ', title, keywords, summary, CASE WHEN access = 'free' THEN text ELSE opening_text END
            ))
            FROM tutorials_tutorial WHERE status = 'published' AND published_at <= now()
        $$)
        WHERE word ~ '^[[:alpha:]]{3,30}$'
    ),
    gone AS (DELETE FROM tutorials_searchword WHERE word NOT IN (SELECT word FROM counted))
    INSERT INTO tutorials_searchword AS known (word, tutorials)
    SELECT word, ndoc FROM counted ORDER BY word
    ON CONFLICT (word) DO UPDATE SET tutorials = excluded.tutorials WHERE known.tutorials <> excluded.tutorials
"""


def learn_words(tutorial: Tutorial) -> None:
    """Know the words of a tutorial that is out, but for those of a gated text; forget those that only it could know."""
    whole = (tutorial.title, tutorial.keywords, tutorial.summary, tutorial.text)
    seen = (*whole[:3], tutorial.text if tutorial.access == "free" else tutorial.opening_text)
    open_words = words_of(seen) if tutorial.is_out() else set()
    with connection.cursor() as cursor:
        # In one order for all, so that two who save at once wait for each other rather than lock each other.
        cursor.execute(UNLEARN, [sorted(words_of(whole) - open_words)])
        cursor.execute(LEARN, [sorted(open_words)])


def words_of(texts: Iterable[str]) -> set[str]:
    return {word for text in texts for word in WORD.findall(text.lower())}


@transaction.atomic
def refresh_vocabulary() -> None:
    """Count anew in how many tutorials each word occurs, and forget words that are gone. Takes a minute for 100,000."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT)


def corrected(asked: str) -> str:
    """The same words, with likely ones in the place of those that no tutorial uses; "" if there are none. One query."""
    typed = list(dict.fromkeys(word.lower() for word in WORD.findall(asked)))[:MOST_CORRECTED]
    offers: dict[str, list[tuple[str, int]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(OFFER, [typed, MOST_OFFERED])
        for word, offered, tutorials in cursor.fetchall():
            offers.setdefault(word, []).append((offered, tutorials))
    meant = {word: best for word, offered in offers.items() if (best := likeliest(word, offered))}
    if not meant:
        return ""
    return WORD.sub(lambda found: meant.get(found[0].lower(), found[0]), asked)


def likeliest(word: str, offered: list[tuple[str, int]]) -> str:
    """The word most like it, of equals the more frequent one; "" if none is alike."""
    likeness, _, best = max((SequenceMatcher(None, word, other).ratio(), count, other) for other, count in offered)
    return best if likeness >= TAKEN else ""
