"""Tables of figures: on a page, with a picture before them, and as files for spreadsheets, with some columns more."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.http import StreamingHttpResponse

from common.charts import Chart
from common.figures import Figure, Words


@dataclass(frozen=True)
class Column:
    heading: str
    # Only in the file.
    is_extra: bool = False


class Cell(NamedTuple):
    """`bar` is how long a line beneath it is, in percent of its width; empty for none."""

    text: str
    is_words: bool = False
    bar: str = ""


@dataclass(frozen=True)
class Table:
    """The first column names the row. `foot` is a row of sums, or none; `bars` a part (0..1) for each row, or none."""

    name: str
    title: str
    columns: list[Column]
    rows: list[list[Figure]]
    foot: list[Figure]
    bars: Sequence[float] = ()

    @property
    def headings(self) -> list[Cell]:
        first = self.rows[0] if self.rows else [None] * len(self.columns)
        return [
            Cell(column.heading, isinstance(figure, Words))
            for column, figure in zip(self.columns, first, strict=True)
            if not column.is_extra
        ]

    @property
    def shown_rows(self) -> list[list[Cell]]:
        rows = [self.shown(row) for row in self.rows]
        for row, part in zip(rows, self.bars, strict=False):
            row[0] = row[0]._replace(bar=f"{part:.1%}")
        return rows

    @property
    def shown_foot(self) -> list[Cell]:
        return self.shown(self.foot) if self.foot else []

    def shown(self, row: list[Figure]) -> list[Cell]:
        return [
            Cell(figure.shown, isinstance(figure, Words))
            for column, figure in zip(self.columns, row, strict=True)
            if not column.is_extra
        ]


@dataclass(frozen=True)
class Panel:
    """A table with what it shows in words, where it is to be had as a file, and perhaps a picture of it."""

    words: str
    table: Table
    file: str
    chart: Chart | None = None
    # What is to be said of just these figures, such as notes on days.
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Card:
    """A figure, and what stands beneath it."""

    name: str
    figure: str
    beneath: str = ""


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
