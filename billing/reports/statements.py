"""Recurring revenue month by month: where it stood, how it moved, and the rates that follow. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from billing.reports.calendar import Months
from billing.reports.changes import MonthlyChange, Segment
from billing.reports.movements import Movements, added
from billing.reports.rounding import A_YEAR, by_month

Choice = Callable[[Segment], bool]
NOTHING = Movements()


class Standing(NamedTuple):
    """How things stand at one moment: `annual` is exact, `monthly` is a twelfth of it as shown (reports.rounding)."""

    annual: int = 0
    monthly: int = 0
    customers: int = 0


@dataclass(frozen=True)
class Cell:
    """All that moved in one month in one segment, or in several together."""

    annual: Movements = NOTHING
    monthly: Movements = NOTHING
    customers: Movements = NOTHING
    late: int = 0
    late_steps: int = 0

    def after(self, before: Standing) -> Standing:
        return Standing(
            before.annual + self.annual.total,
            before.monthly + self.monthly.total,
            before.customers + self.customers.total,
        )


@dataclass(frozen=True)
class Statement:
    """A month, or several months together: what was there, what moved, what is there then."""

    start: Standing
    moved: Cell
    # Customers and annual amounts at the beginning of each month of it: what the rates of churn are of.
    exposed_customers: int
    exposed_annual: int

    @property
    def end(self) -> Standing:
        return self.moved.after(self.start)

    @property
    def arpu(self) -> int | None:
        """Of a month, for each customer at its end; rounded once, halves to even."""
        return round(Fraction(self.end.annual, A_YEAR * self.end.customers)) if self.end.customers else None

    @property
    def logo_churn(self) -> Fraction | None:
        """Customers lost, of those that there were at the beginning; of several months, on average of a month."""
        return rate(-self.moved.customers.churn, self.exposed_customers)

    @property
    def revenue_churn(self) -> Fraction | None:
        """Revenue lost by churn and contraction, of what there was at the beginning; as `logo_churn`."""
        return rate(-self.moved.annual.churn - self.moved.annual.contraction, self.exposed_annual)


def rate(part: int, whole: int) -> Fraction | None:
    return Fraction(part, whole) if whole else None


@dataclass(frozen=True)
class Book:
    """All movements in one currency since the beginning, by month and segment."""

    currency: str
    cells: Mapping[date, Mapping[Segment, Cell]]

    @property
    def segments(self) -> list[Segment]:
        """All that ever brought in something, in the order of their names."""
        return sorted({segment for cells in self.cells.values() for segment in cells})

    def standing_before(self, month: date, chosen: Choice) -> Standing:
        return self.moved_in((each for each in self.cells if each < month), chosen).after(Standing())

    def moved_in(self, months: Iterable[date], chosen: Choice) -> Cell:
        return together(
            cell for month in months for segment, cell in self.cells.get(month, {}).items() if chosen(segment)
        )

    def statements(self, months: Months, chosen: Choice) -> dict[date, Statement]:
        """One for each month, also where nothing happened."""
        standing = self.standing_before(months.first, chosen)
        statements = {}
        for month in months:
            moved = self.moved_in([month], chosen)
            statements[month] = Statement(standing, moved, standing.customers, standing.annual)
            standing = statements[month].end
        return statements

    def summary(self, months: Months, chosen: Choice) -> Statement:
        """All the months together."""
        each = self.statements(months, chosen).values()
        return Statement(
            self.standing_before(months.first, chosen),
            together(statement.moved for statement in each),
            sum(statement.start.customers for statement in each),
            sum(statement.start.annual for statement in each),
        )


def together(cells: Iterable[Cell]) -> Cell:
    cells = list(cells)
    return Cell(
        added(cell.annual for cell in cells),
        added(cell.monthly for cell in cells),
        added(cell.customers for cell in cells),
        sum(cell.late for cell in cells),
        sum(cell.late_steps for cell in cells),
    )


def book_of(currency: str, changes: Iterable[MonthlyChange]) -> Book:
    """Of all changes, those in this currency, with their monthly amounts."""
    rows = [change for change in changes if change.currency == currency]
    annual: dict[date, dict[Segment, Movements]] = defaultdict(dict)
    for row in rows:
        annual[row.month][Segment(row.plan, row.provider)] = amounts_of(row)
    monthly = by_month(annual)
    cells: dict[date, dict[Segment, Cell]] = defaultdict(dict)
    for row in rows:
        segment = Segment(row.plan, row.provider)
        cells[row.month][segment] = Cell(
            annual[row.month][segment],
            monthly[row.month][segment],
            customers_of(row),
            row.late,
            row.late_steps,
        )
    return Book(currency, cells)


def amounts_of(row: MonthlyChange) -> Movements:
    return Movements(row.new, row.reactivation, row.expansion, row.contraction, row.churn, row.moved)


def customers_of(row: MonthlyChange) -> Movements:
    return Movements(
        new=row.customers_new,
        reactivation=row.customers_returned,
        churn=row.customers_left,
        moved=row.customers_moved,
    )
