"""The pictures of the page of revenue, each with what it says in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from billing.admin.revenue.figures import Money, short_money
from billing.admin.revenue.names import Names
from billing.admin.revenue.tables import MOVEMENTS, shows_moved
from billing.money import WITHOUT_HUNDREDTHS
from billing.reports.changes import Segment
from billing.reports.revenue import Revenue
from common.charts import Chart, Frame, Series, Value, columns, lines
from common.figures import Count, Rate

# Of plans and providers, by number; the last stands for all that come after.
LOOKS = ("one", "two", "five", "three", "four", "six")
LOOK_OF = {
    "new": "one",
    "reactivation": "five",
    "expansion": "two",
    "contraction": "three",
    "churn": "four",
    "moved": "six",
}


@dataclass(frozen=True)
class Kind:
    """A kind of number: how it is said in full and on an axis, and how far apart the lines of the axis are at least."""

    said: Callable[[Any], str]
    tick: Callable[[Value], str]
    least_step: Value = 1


def money(revenue: Revenue, *, is_signed: bool = False) -> Kind:
    currency = revenue.view.currency
    return Kind(
        lambda amount: Money(amount, currency, is_signed).shown,
        lambda amount: short_money(amount, currency),
        # No lines at fractions of a whole unit.
        least_step=1 if currency in WITHOUT_HUNDREDTHS else 100,
    )


COUNTS = Kind(lambda number: Count(number).shown, lambda number: Count(int(number)).shown)
# Their values are in thousandths.
RATES = Kind(lambda rate: Rate(None if rate is None else Fraction(rate, 1000)).shown, lambda rate: f"{rate / 10:g} %")


def mrr(revenue: Revenue, names: Names) -> Chart:
    kind = money(revenue)
    series = [
        Series(
            names.segment(segment),
            [month.end.monthly for month in each.values()],
            look_of(segment, revenue),
            kind.said(revenue.segment_summaries[segment].end.monthly),
        )
        for segment, each in revenue.segments.items()
    ]
    whole = Series("MRR", [month.end.monthly for month in revenue.statements.values()], "line")
    return columns(framed(revenue, "mrr", "MRR at the end of each month", kind, series, whole), series)


def movements(revenue: Revenue, names: Names) -> Chart:
    kind = money(revenue, is_signed=True)
    months = revenue.statements.values()
    series = [
        Series(
            MOVEMENTS[name],
            [getattr(month.moved.monthly, name) for month in months],
            LOOK_OF[name],
            kind.said(getattr(revenue.summary.moved.monthly, name)),
        )
        for name in MOVEMENTS
        if name != "moved" or shows_moved(revenue)
    ]
    net = Series(
        "Net", [month.moved.monthly.total for month in months], "line", kind.said(revenue.summary.moved.monthly.total)
    )
    return columns(framed(revenue, "movements", "What moved MRR in each month", kind, series, net), series, net)


def churn(revenue: Revenue, names: Names) -> Chart:
    months = list(revenue.statements.values())
    series = [
        Series("Customers", thousandths(month.logo_churn for month in months), "four"),
        Series("Revenue", thousandths(month.revenue_churn for month in months), "two"),
    ]
    title = "Lost in each month, of what there was at its beginning"
    return lines(framed(revenue, "customers", title, RATES, series), series)


def payments(revenue: Revenue, names: Names) -> Chart:
    kind = money(revenue)
    months = revenue.cash.values()
    series = [
        Series("Collected", [month.collected for month in months], "one"),
        Series("Refunded", [-month.refunded for month in months], "three"),
        Series("Disputed", [-month.disputed for month in months], "four"),
    ]
    kept = Series("Kept", [month.kept for month in months], "line")
    title = "Payments collected and given back in each month"
    return columns(framed(revenue, "payments", title, kind, series, kept), series)


def trials(revenue: Revenue, names: Names) -> Chart:
    months = revenue.trials.values()
    series = [
        Series("Became paying", [month.paying for month in months], "one"),
        Series("Did not", [month.ended - month.paying for month in months], "six"),
    ]
    return columns(framed(revenue, "trials", "Trials that ended in each month", COUNTS, series), series)


def recovery(revenue: Revenue, names: Names) -> Chart:
    months = revenue.recovery.values()
    series = [
        Series("Recovered", [month.recovered for month in months], "one"),
        Series("Lost", [-month.lost for month in months], "four"),
    ]
    title = "What became of failed payments in each month"
    return columns(framed(revenue, "recovery", title, COUNTS, series), series)


PICTURES: dict[str, Callable[[Revenue, Names], Chart]] = {
    "mrr": mrr,
    "movements": movements,
    "customers": churn,
    "payments": payments,
    "trials": trials,
    "recovery": recovery,
}


def look_of(segment: Segment, revenue: Revenue) -> str:
    """The same whichever months, plans and providers are looked at."""
    return LOOKS[min(revenue.book.segments.index(segment), len(LOOKS) - 1)]


def thousandths(rates: Iterable[Fraction | None]) -> list[int | None]:
    return [None if rate is None else round(rate * 1000) for rate in rates]


def framed(
    revenue: Revenue, name: str, title: str, kind: Kind, series: Sequence[Series], whole: Series | None = None
) -> Frame:
    """`whole` is what all the series come to; it is what the picture is described by, if there is such a thing."""
    months = list(revenue.view.months)
    everything = [*([whole] if whole else []), *series]
    return Frame(
        name,
        title,
        " ".join(described(each, months, kind) for each in ([whole] if whole else series)),
        [f"{month:%b}" if month.month > 1 else f"{month:%Y}" for month in months],
        [
            "\n".join([f"{month:%B %Y}", *(f"{each.name}: {kind.said(each.values[place])}" for each in everything)])
            for place, month in enumerate(months)
        ],
        kind.tick,
        kind.least_step,
    )


def described(series: Series, months: Sequence[date], kind: Kind) -> str:
    """Where it begins and ends, and when it was highest."""
    known = [(value, month) for value, month in zip(series.values, months, strict=True) if value is not None]
    if not known:
        return f"{series.name}: nothing yet."
    (first, since), (last, until) = known[0], known[-1]
    most, when = max(known, key=lambda each: each[0])
    return (
        f"{series.name}: {kind.said(first)} in {since:%B %Y}, {kind.said(last)} in {until:%B %Y};"
        f" the most was {kind.said(most)} in {when:%B %Y}."
    )
