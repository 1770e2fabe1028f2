"""The tables of the page of revenue; each is also a file for spreadsheets, which has some columns more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial

from billing.admin.revenue.figures import Money, Month
from billing.admin.revenue.names import Names
from billing.reports.calendar import month_of
from billing.reports.movements import Movements
from billing.reports.revenue import Cash, Numbers, Recovering, Revenue, Trying
from billing.reports.statements import Statement
from common.figures import Count, Figure, Rate, Words
from common.tables import Column, Table

ALL_MONTHS = Words("All months")
MOVEMENTS = {
    "new": "New",
    "reactivation": "Reactivation",
    "expansion": "Expansion",
    "contraction": "Contraction",
    "churn": "Churn",
    "moved": "Moved",
}


def movements(revenue: Revenue, names: Names) -> Table:
    """MRR at the beginning, what moved it, and at the end; in the file also the exact annual amounts."""
    columns = [
        Column("Month"),
        Column("Currency", is_extra=True),
        Column("Start"),
        *(Column(heading) for name, heading in MOVEMENTS.items() if name != "moved"),
        Column(MOVEMENTS["moved"], is_extra=not shows_moved(revenue)),
        Column("End"),
        Column("ARR"),
        Column("Annual start", is_extra=True),
        *(Column(f"Annual {heading.lower()}", is_extra=True) for heading in MOVEMENTS.values()),
        Column("Known late, annual", is_extra=True),
        Column("Steps known late", is_extra=True),
    ]
    currency = revenue.view.currency
    money = partial(Money, currency=currency)

    def row(first: Figure, statement: Statement) -> list[Figure]:
        moved = statement.moved
        return [
            first,
            Words(currency),
            money(statement.start.monthly),
            *(Money(amount, currency, is_signed=True) for amount in moved.monthly),
            money(statement.end.monthly),
            money(statement.end.annual),
            money(statement.start.annual),
            *map(money, moved.annual),
            money(moved.late),
            Count(moved.late_steps),
        ]

    return by_month("movements", "MRR and its movements", columns, revenue, row)


def shows_moved(revenue: Revenue) -> bool:
    """What moves between plans and providers is nothing over all of them, but for a cent of rounding here and there."""
    return revenue.view.is_part or any(each.moved.monthly.moved for each in revenue.statements.values())


def by_month(
    name: str,
    title: str,
    columns: list[Column],
    revenue: Revenue,
    row: Callable[[Figure, Statement], list[Figure]],
) -> Table:
    rows = [row(month_figure(revenue, month), statement) for month, statement in revenue.statements.items()]
    return Table(name, title, columns, rows, row(ALL_MONTHS, revenue.summary))


def month_figure(revenue: Revenue, month: date) -> Month:
    return Month(month, is_open=month == month_of(revenue.view.as_of))


def mrr(revenue: Revenue, names: Names) -> Table:
    """MRR at the end of each month, by plan and provider."""
    currency = revenue.view.currency
    columns = [
        Column("Month"),
        Column("Currency", is_extra=True),
        *(Column(names.segment(segment)) for segment in revenue.segments),
        Column("MRR"),
    ]
    rows: list[list[Figure]] = [
        [
            month_figure(revenue, month),
            Words(currency),
            *(Money(each[month].end.monthly, currency) for each in revenue.segments.values()),
            Money(statement.end.monthly, currency),
        ]
        for month, statement in revenue.statements.items()
    ]
    return Table("mrr", "MRR by plan and provider", columns, rows, [])


def customers(revenue: Revenue, names: Names) -> Table:
    """How many pay, who came and left, and the rates that follow."""
    columns = [
        *(Column(heading) for heading in ("Month", "Start", "New", "Returned", "Left")),
        Column("Moved", is_extra=not revenue.view.is_part),
        *(Column(heading) for heading in ("End", "Customer churn", "Revenue churn")),
        Column("Currency", is_extra=True),
        Column("ARPU"),
    ]

    def row(first: Figure, statement: Statement) -> list[Figure]:
        moved = statement.moved.customers
        return [
            first,
            Count(statement.start.customers),
            Count(moved.new, is_signed=True),
            Count(moved.reactivation, is_signed=True),
            Count(moved.churn, is_signed=True),
            Count(moved.moved, is_signed=True),
            Count(statement.end.customers),
            Rate(statement.logo_churn),
            Rate(statement.revenue_churn),
            Words(revenue.view.currency),
            Money(statement.arpu, revenue.view.currency),
        ]

    return by_month("customers", "Customers, churn and ARPU", columns, revenue, row)


def segments(revenue: Revenue, names: Names) -> Table:
    """Each plan and provider over all the months together."""
    currency = revenue.view.currency
    money = partial(Money, currency=currency)
    columns = [
        Column("Plan and provider"),
        *(Column(heading, is_extra=True) for heading in ("Plan", "Provider", "Currency")),
        Column("Start"),
        *map(Column, MOVEMENTS.values()),
        *map(Column, ("End", "Customers", "ARPU", "Customer churn", "Revenue churn")),
        Column("Annual end", is_extra=True),
    ]

    def row(name: str, plan: str, provider: str, statement: Statement) -> list[Figure]:
        return [
            *map(Words, (name, plan, provider, currency)),
            money(statement.start.monthly),
            *(Money(amount, currency, is_signed=True) for amount in statement.moved.monthly),
            money(statement.end.monthly),
            Count(statement.end.customers),
            money(statement.arpu),
            Rate(statement.logo_churn),
            Rate(statement.revenue_churn),
            money(statement.end.annual),
        ]

    rows = [
        row(names.segment(segment), names.plan(segment), names.provider(segment), statement)
        for segment, statement in revenue.segment_summaries.items()
    ]
    return Table("segments", "By plan and provider", columns, rows, row("All", "", "", revenue.summary))


def cash(revenue: Revenue, names: Names) -> Table:
    """Money in and out, when it went."""
    money = partial(Money, currency=revenue.view.currency)

    def row(first: Figure, each: Cash) -> list[Figure]:
        return [
            first,
            Words(revenue.view.currency),
            Count(each.payments),
            money(each.collected),
            money(each.tax),
            money(-each.refunded),
            money(-each.disputed),
            money(each.kept),
            money(each.credited),
        ]

    headings = ("Payments", "Collected", "Tax in it", "Refunded", "Disputed", "Kept", "Credited")
    columns = [Column("Month"), Column("Currency", is_extra=True), *map(Column, headings)]
    rows = [row(month_figure(revenue, month), each) for month, each in revenue.cash.items()]
    return Table("payments", "Payments", columns, rows, row(ALL_MONTHS, summed_up(revenue.cash, Cash)))


def trials(revenue: Revenue, names: Names) -> Table:
    def row(first: Figure, each: Trying) -> list[Figure]:
        return [first, Count(each.ended), Count(each.paying), Rate(each.conversion)]

    columns = [Column(heading) for heading in ("Month", "Trials ended", "Became paying", "Conversion")]
    rows = [row(month_figure(revenue, month), each) for month, each in revenue.trials.items()]
    return Table("trials", "Trials", columns, rows, row(ALL_MONTHS, summed_up(revenue.trials, Trying)))


def recovery(revenue: Revenue, names: Names) -> Table:
    money = partial(Money, currency=revenue.view.currency)

    def row(first: Figure, each: Recovering) -> list[Figure]:
        return [
            first,
            Words(revenue.view.currency),
            Count(each.recovered),
            Count(each.lost),
            Rate(each.recovery),
            money(each.saved),
            money(each.lost_monthly),
            money(each.saved_annual),
            money(each.lost_annual),
        ]

    columns = [
        Column("Month"),
        Column("Currency", is_extra=True),
        *(Column(heading) for heading in ("Recovered", "Lost", "Recovery", "MRR saved", "MRR lost")),
        Column("Annual saved", is_extra=True),
        Column("Annual lost", is_extra=True),
    ]
    rows = [row(month_figure(revenue, month), each) for month, each in revenue.recovery.items()]
    return Table("recovery", "Failed payments", columns, rows, row(ALL_MONTHS, summed_up(revenue.recovery, Recovering)))


def detail(revenue: Revenue, names: Names) -> Table:
    """Every month, plan and provider by itself, for whoever wants to sum them up in another way. For the file only."""
    currency = revenue.view.currency
    money = partial(Money, currency=currency)
    amounts = ("start", *Movements._fields, "end")
    columns = [
        *map(Column, ("Month", "Currency", "Plan", "Provider")),
        *(Column(f"MRR {name}") for name in amounts),
        *(Column(f"Annual {name}") for name in amounts),
        Column("Customers"),
    ]
    rows: list[list[Figure]] = [
        [
            Month(month),
            Words(currency),
            Words(names.plan(segment)),
            Words(names.provider(segment)),
            *map(money, (statement.start.monthly, *statement.moved.monthly, statement.end.monthly)),
            *map(money, (statement.start.annual, *statement.moved.annual, statement.end.annual)),
            Count(statement.end.customers),
        ]
        for segment, months in revenue.segments.items()
        for month, statement in months.items()
    ]
    return Table("detail", "Every month, plan and provider", columns, rows, [])


def summed_up(months: dict[date, Numbers], kind: Callable[..., Numbers]) -> Numbers:
    return kind(*map(sum, zip(kind(), *months.values(), strict=True)))


TABLES: dict[str, Callable[[Revenue, Names], Table]] = {
    "mrr": mrr,
    "movements": movements,
    "customers": customers,
    "payments": cash,
    "trials": trials,
    "recovery": recovery,
    "segments": segments,
    "detail": detail,
}
