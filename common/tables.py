"""Tables of figures: on a page, with a picture before them, and as files for spreadsheets, with some columns more."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass

from django.http import StreamingHttpResponse

from common.charts import Chart
from common.figures import Figure, Words


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
class Panel:
    """A table with what it shows in words, where it is to be had as a file, and perhaps a picture of it."""

    words: str
    table: Table
    file: str
    chart: Chart | None = None
    # What is to be said of just these figures, such as notes on days.
    remarks: tuple[str, ...] = ()


class Line:
    """Gives each line back that is written to it."""

    def write(self, line: str) -> str:
        return line


def spreadsheet(table: Table, name: str) -> StreamingHttpResponse:
    """`name` is the file's, without its ending; of letters, digits and hyphens."""
    return StreamingHttpResponse(
        lines(table),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "no-store"},
    )


def lines(table: Table) -> Iterator[str]:
    """Without the sums, which a spreadsheet would count twice."""
    writer = csv.writer(Line())
    yield writer.writerow([Words(column.heading).exact for column in table.columns])
    for row in table.rows:
        yield writer.writerow([figure.exact for figure in row])
