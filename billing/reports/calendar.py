"""Months of reports: calendar months in UTC, each named by its first day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime


def month_of(at: datetime) -> date:
    return at.astimezone(UTC).date().replace(day=1)


def months_on(month: date, count: int) -> date:
    """The month so many later, or earlier if it is below nothing. Raises ValueError outside of the years 1 to 9999."""
    year, index = divmod(month.year * 12 + month.month - 1 + count, 12)
    return date(year, index + 1, 1)


@dataclass(frozen=True)
class Months:
    """A range of months, the last included."""

    first: date
    last: date

    def __iter__(self) -> Iterator[date]:
        return (months_on(self.first, number) for number in range(len(self)))

    def __len__(self) -> int:
        return (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1
