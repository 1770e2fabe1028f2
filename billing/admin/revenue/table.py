"""What a table is: for the page, and with some columns more for a file."""

from __future__ import annotations

from dataclasses import dataclass

from billing.admin.revenue.figures import Figure
from billing.reports.changes import Segment
from billing.reports.sources import PROVIDERS


@dataclass(frozen=True)
class Column:
    heading: str
    # Only in the file.
    is_extra: bool = False


@dataclass(frozen=True)
class Table:
    """The first column names the row. `foot` is a row of sums, or empty."""

    name: str
    title: str
    columns: list[Column]
    rows: list[list[Figure]]
    foot: list[Figure]

    @property
    def headings(self) -> list[str]:
        return [column.heading for column in self.columns if not column.is_extra]

    @property
    def shown_rows(self) -> list[list[str]]:
        return [self.shown(row) for row in self.rows]

    @property
    def shown_foot(self) -> list[str]:
        return self.shown(self.foot) if self.foot else []

    def shown(self, row: list[Figure]) -> list[str]:
        return [figure.shown for column, figure in zip(self.columns, row, strict=True) if not column.is_extra]


@dataclass(frozen=True)
class Names:
    """What plans are called; a plan that is gone goes by its code."""

    plans: dict[str, str]

    def segment(self, segment: Segment) -> str:
        return f"{self.plan(segment)} by {self.provider(segment)}"

    def plan(self, segment: Segment) -> str:
        return self.plans.get(segment.plan, segment.plan)

    def provider(self, segment: Segment) -> str:
        return PROVIDERS.get(segment.provider, segment.provider)
