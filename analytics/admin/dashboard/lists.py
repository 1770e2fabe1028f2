"""Lists of what there was most of: pages, sources, countries and the like."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from analytics.admin.dashboard.asked import Asked, Shown
from analytics.country_names import name_of
from analytics.events import Device, Tier
from analytics.models.counts import Dimension
from analytics.reports import NOTHING, Counts, Top, View, counts_of, top
from common.figures import Change, Count, Figure, Span, Words, share
from common.tables import Column, Table

# Of what the list is ordered by.
CHANGE = "Change"
OF_EVERYBODY = "Of everybody: tier, device and country do not narrow this."
DIRECT = "Directly, or unknown"
LABELS = {Dimension.DEVICE: dict(Device.choices), Dimension.TIER: dict(Tier.choices)}


def called(dimension: Dimension, found: Top) -> str:
    """What a key is called for people."""
    if dimension == Dimension.SOURCE:
        return found.key or DIRECT
    if dimension == Dimension.COUNTRY:
        return name_of(found.key)
    if dimension in LABELS:
        return str(LABELS[dimension].get(found.key, found.key)).capitalize()
    return found.title or found.key or "Unknown"


def visits_of(counts: Counts) -> list[Figure]:
    bounced = share(counts.bounces, counts.visits)
    return [Count(counts.visitors), Count(counts.visits), bounced]


def views_of(counts: Counts) -> list[Figure]:
    per_view = counts.seconds / counts.events if counts.events else None
    return [Count(counts.visitors), Count(counts.events), Span(per_view)]


VISITS = (("Visitors", "Visits", "Bounced", CHANGE), visits_of, "visits")
VIEWS = (("Visitors", "Views", "Time per view", CHANGE), views_of, "events")


def listed(
    name: str,
    title: str,
    heading: str,
    dimension: Dimension,
    kind: tuple[Sequence[str], Callable[[Counts], list[Figure]], str] = VISITS,
    beside: tuple[str, Callable[[View, list[str]], list[Figure]]] | None = None,
) -> Callable[[Asked], Shown]:
    """A section that lists the keys of a dimension; perhaps with another figure beside each."""
    headings, figures, order = kind

    def make(asked: Asked) -> Shown:
        found = top(asked.view, dimension, limit=asked.rows, order=order)
        keys = [each.key for each in found]
        earlier = counts_of(asked.view.before(), dimension, keys)
        rows: list[list[Figure]] = [
            [
                Words(called(dimension, each)),
                Words(each.key),
                *figures(each.counts),
                Change(getattr(each.counts, order), getattr(earlier.get(each.key, NOTHING), order)),
            ]
            for each in found
        ]
        columns = [Column(heading), Column("Key", is_extra=True), *map(Column, headings)]
        if beside is not None:
            columns.append(Column(beside[0]))
            rows = [[*row, figure] for row, figure in zip(rows, beside[1](asked.view, keys), strict=True)]
        return Shown(Table(name, title, columns, rows, [], bars=parts([getattr(each.counts, order) for each in found])))

    return make


def of_everybody(view: View) -> list[str]:
    """What is to be said of figures that are kept of everybody only."""
    return [] if view.is_of_everybody else [OF_EVERYBODY]


def parts(numbers: Sequence[int]) -> list[float]:
    """Each as a part of the largest."""
    return [number / max(numbers) if max(numbers) else 0.0 for number in numbers]


def table(name: str, title: str, headings: Sequence[str], rows: Iterable[list[Figure]]) -> Table:
    return Table(name, title, [Column(heading) for heading in headings], list(rows), [])
