"""What events are about, in words: upper apps register what they know of their own pages and tutorials.

Analytics itself knows no more than a path or a name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from analytics.models.counts import Dimension

PAGE, TUTORIAL, CATEGORY = "page", "tutorial", "category"
# Of what kind the keys of a dimension are.
KIND_OF = {
    Dimension.PAGE: PAGE,
    Dimension.ENTRY: PAGE,
    Dimension.EXIT: PAGE,
    Dimension.SCROLL: PAGE,
    Dimension.TUTORIAL_STARTED: TUTORIAL,
    Dimension.TUTORIAL_FINISHED: TUTORIAL,
    Dimension.TUTORIAL_TIME: TUTORIAL,
}


@dataclass(frozen=True, slots=True)
class Topic:
    """What figures can be narrowed to. Two apps may have one of the same slug: then it is about both."""

    slug: str
    name: str


@dataclass(frozen=True)
class Source:
    """What one app knows of one kind of subjects. Each function asks the database once at most.

    `titles`: keys → their titles; what it does not know is left out.
    `topics`: all topics that there are.
    `keys`: a topic's slug → a query of the keys that belong to it, as one column of texts.
    """

    kind: str
    titles: Callable[[Iterable[str]], dict[str, str]]
    topics: Callable[[], Iterable[Topic]]
    keys: Callable[[str], QuerySet[Any, str]]


sources: list[Source] = []


def register(source: Source) -> None:
    sources.append(source)


def titles_of(kind: str, keys: Iterable[str]) -> dict[str, str]:
    """Of those that an app knows."""
    wanted, found = list(keys), {}
    for source in sources:
        if source.kind == kind and wanted:
            found.update(source.titles(wanted))
    return found


def topics() -> list[Topic]:
    """All that figures can be narrowed to, by name."""
    known = {topic.slug: topic for source in sources for topic in source.topics()}
    return sorted(known.values(), key=lambda topic: topic.name.casefold())


def keys_of(topic: str, kind: str) -> tuple[str, list[object]]:
    """SQL that selects the keys of a kind that belong to a topic, and its parameters."""
    parts = [source.keys(topic).query.sql_with_params() for source in sources if source.kind == kind]
    if not parts:
        return "SELECT NULL::text", []
    return " UNION ALL ".join(f"({sql})" for sql, _ in parts), [value for _, given in parts for value in given]
