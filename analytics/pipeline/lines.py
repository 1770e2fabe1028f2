"""An event as a line, in the format in which PostgreSQL's COPY reads text: so whoever hands it on need not read it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from analytics.events import AudienceOf, Event
from common.json_texts import writer_of_json

# In the order of the table `incoming` of analytics.pipeline.store.
COLUMNS = ("id", "user_id", "visitor", "words", "name", "subject", "source", "properties")
# Between the five words of an audience, which are one column until they are looked up.
BETWEEN = "\x1f"
NULL = "\\N"
# Signs. What is longer is cut off: a count by it must fit into an index.
LONGEST_NAME, LONGEST_SUBJECT, LONGEST_SOURCE, LONGEST_WORD = 40, 300, 150, 40
LONGEST_PROPERTIES = 8_000
# What COPY would take for something else, and what PostgreSQL does not take at all.
SPECIAL = re.compile("[\\\\\t\n\r\0]")
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": None})
NOT_IN_WORDS = re.compile(f"[\\\\\t\n\r\0{BETWEEN}]")
NOTHING_IN_JSON = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
encode = writer_of_json(str, item_separator=",", key_separator=":", allow_nan=False)


def line_of(event: Event) -> bytes:
    """With its end. Raises ValueError for what cannot be an event: another kind of id, too many properties."""
    identity = event.id.int
    if identity >> 76 & 0xF != 7:
        raise ValueError("The id of an event is a UUID of version 7.")
    texts = [
        event.name[:LONGEST_NAME],
        event.subject[:LONGEST_SUBJECT],
        event.source[:LONGEST_SOURCE],
        json_of(event.properties) if event.properties else "{}",
    ]
    # Together, since nearly none has anything.
    if SPECIAL.search("".join(texts)):
        texts = [text.translate(ESCAPES) for text in texts]
    line = "\t".join(
        (
            f"{identity:032x}",
            NULL if event.user_id is None else str(int(event.user_id)),
            NULL if event.visitor is None else str(int(event.visitor)),
            words_of(event.audience),
            *texts,
        )
    )
    # Half a pair of surrogates, which JSON may hold, is no character.
    return f"{line}\n".encode(errors="replace")


def json_of(properties: Any) -> str:
    """Raises ValueError."""
    text = encode(properties if isinstance(properties, dict) else dict(properties))
    if len(text) > LONGEST_PROPERTIES:
        raise ValueError(f"The properties of an event take {len(text):,} signs; {LONGEST_PROPERTIES:,} are allowed.")
    return NOTHING_IN_JSON.sub(r"\1", text) if "\\u0000" in text else text


@lru_cache(maxsize=1000)
def words_of(audience: AudienceOf) -> str:
    words = BETWEEN.join(audience)
    if words.count(BETWEEN) == len(audience) - 1 and len(words) < LONGEST_WORD and not SPECIAL.search(words):
        return words
    return BETWEEN.join(NOT_IN_WORDS.sub("", word)[:LONGEST_WORD] for word in audience)
