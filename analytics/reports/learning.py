"""Tutorials: who begins, who finishes, how long it takes them, and where they stop."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from analytics.buckets import quantile
from analytics.models.counts import Dimension
from analytics.reports.paths import escaped, part
from analytics.reports.view import View, counted, rows
from analytics.subjects import TUTORIAL, titles_of

TENTHS = range(10, 101, 10)


@dataclass(frozen=True, slots=True)
class TutorialFigures:
    """How many began and how many finished in these days, which are not always the same people.

    `median_seconds`: how long those who finished had spent in it by then, within 5 per cent; None if nobody did.
    `seconds`: what all spent in it in these days.
    """

    slug: str
    title: str
    started: int
    finished: int
    seconds: int
    median_seconds: float | None

    @property
    def rate(self) -> float | None:
        return part(self.finished, self.started)


@dataclass(frozen=True, slots=True)
class Block:
    """How many came further here, at a block of the text (its id; empty: the opening). The sum of each day's."""

    block: str
    reached: int


@dataclass(frozen=True, slots=True)
class TutorialFunnel:
    """`tenths`: per cent of the text → how many reached so much in these days, each once."""

    figures: TutorialFigures
    tenths: dict[int, int]
    blocks: list[Block]


LEARNING = (Dimension.TUTORIAL_STARTED, Dimension.TUTORIAL_FINISHED, Dimension.TUTORIAL_TIME)


def tutorials(view: View) -> list[TutorialFigures]:
    """All that something was done in, those that most began first."""
    found = [row for dimension in LEARNING for row in of_dimension(view, dimension)]
    return figures_of(found)


def tutorial(view: View, slug: str) -> TutorialFunnel:
    """The blocks in the order of how many reached them; which comes first in the text is not known here."""
    found = [row for dimension in (*LEARNING, Dimension.TUTORIAL_BLOCK) for row in of_dimension(view, dimension, slug)]
    places = {key.partition("|")[2]: visitors for dimension, key, visitors, _ in found if is_block(dimension)}
    blocks = [Block(block, count) for block, count in places.items() if not block.startswith("#")]
    figures = figures_of(row for row in found if not is_block(row[0]))
    return TutorialFunnel(
        figures=figures[0] if figures else TutorialFigures(slug, "", 0, 0, 0, None),
        tenths={tenth: places.get(f"#{tenth}", 0) for tenth in TENTHS},
        blocks=sorted(blocks, key=lambda block: (-block.reached, block.block)),
    )


Found = tuple[Dimension, str, int, int]


def is_block(dimension: Dimension) -> bool:
    return dimension is Dimension.TUTORIAL_BLOCK


def of_dimension(view: View, dimension: Dimension, slug: str = "") -> list[Found]:
    where = counted(view, dimension)
    sql = f"SELECT key, sum(visitors)::bigint, sum(seconds)::bigint FROM analytics_dailycount WHERE {where.sql}"
    values = [*where.values]
    if slug:
        sql += " AND split_part(key, '|', 1) = %s"
        values.append(escaped(slug))
    return [(dimension, *counts) for counts in rows(f"{sql} GROUP BY key", values)]


def figures_of(found: Iterable[Found]) -> list[TutorialFigures]:
    started: dict[str, int] = defaultdict(int)
    finished: dict[str, int] = defaultdict(int)
    seconds: dict[str, int] = defaultdict(int)
    buckets: dict[str, dict[int, int]] = defaultdict(dict)
    for dimension, key, visitors, spent in found:
        slug, _, bucket = key.partition("|")
        if dimension == Dimension.TUTORIAL_STARTED:
            started[slug] += visitors
        elif dimension == Dimension.TUTORIAL_FINISHED:
            finished[slug] += visitors
        elif bucket:
            buckets[slug][int(bucket)] = visitors
        else:
            seconds[slug] += spent
    slugs = started.keys() | finished.keys() | seconds.keys()
    titles = titles_of(TUTORIAL, slugs)
    figures = [
        TutorialFigures(
            *(slug, titles.get(slug, ""), started[slug], finished[slug], seconds[slug]), quantile(buckets[slug], 0.5)
        )
        for slug in slugs
    ]
    return sorted(figures, key=lambda each: (-each.started, -each.finished, each.slug))
