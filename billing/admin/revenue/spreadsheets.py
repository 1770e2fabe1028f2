"""A table as a file for spreadsheets, sent row by row."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from django.http import StreamingHttpResponse

from billing.admin.revenue.figures import Words
from billing.admin.revenue.table import Table


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
