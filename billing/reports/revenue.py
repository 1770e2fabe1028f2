"""Everything that the page of revenue shows, for one choice of months, currency, plan and provider."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any, NamedTuple, TypeVar

from django.db.models import Count
from django.utils.functional import cached_property

from billing.models import Contract, Price
from billing.reports.calendar import Months, month_of
from billing.reports.changes import Segment, monthly_changes
from billing.reports.payments import payments
from billing.reports.recovery import recovery
from billing.reports.rounding import twelfth
from billing.reports.statements import Book, Statement, book_of, rate
from billing.reports.trials import trials

DEFAULT_CURRENCY = "USD"
Numbers = TypeVar("Numbers", bound=tuple[int, ...])


@dataclass(frozen=True)
class View:
    """What is asked for. An empty plan or provider stands for all of them."""

    months: Months
    currency: str
    as_of: datetime
    plan: str = ""
    provider: str = ""

    @property
    def is_part(self) -> bool:
        """Whether there are plans or providers that it leaves out."""
        return bool(self.plan or self.provider)

    def shows(self, segment: Segment) -> bool:
        return self.plan in ("", segment.plan) and self.provider in ("", segment.provider)


class Cash(NamedTuple):
    """As MonthOfPayments, of all that is looked at."""

    payments: int = 0
    collected: int = 0
    tax: int = 0
    refunded: int = 0
    disputed: int = 0
    credited: int = 0

    @property
    def kept(self) -> int:
        return self.collected - self.refunded - self.disputed


class Trying(NamedTuple):
    ended: int = 0
    paying: int = 0

    @property
    def conversion(self) -> Fraction | None:
        return rate(self.paying, self.ended)


class Recovering(NamedTuple):
    """As MonthOfRecovery; what was at stake in a month is a twelfth of the annual amounts, each rounded once."""

    recovered: int = 0
    lost: int = 0
    lasting: int = 0
    saved_annual: int = 0
    lost_annual: int = 0
    lasting_annual: int = 0

    @property
    def ended(self) -> int:
        return self.recovered + self.lost

    @property
    def recovery(self) -> Fraction | None:
        return rate(self.recovered, self.ended)

    @property
    def saved(self) -> int:
        return twelfth(self.saved_annual)

    @property
    def lost_monthly(self) -> int:
        return twelfth(self.lost_annual)

    @property
    def at_risk(self) -> int:
        return twelfth(self.lasting_annual)


@dataclass(frozen=True)
class Revenue:
    """The figures of one view. What goes by month has every month of it, also those in which nothing happened."""

    view: View
    book: Book
    cash: dict[date, Cash]
    trials: dict[date, Trying]
    recovery: dict[date, Recovering]
    # Payments that are missing as of the view.
    past_due: Recovering

    @cached_property
    def statements(self) -> dict[date, Statement]:
        return self.book.statements(self.view.months, self.view.shows)

    @cached_property
    def summary(self) -> Statement:
        return self.book.summary(self.view.months, self.view.shows)

    @cached_property
    def segments(self) -> dict[Segment, dict[date, Statement]]:
        """Each plan and provider by itself, if it is looked at and brought in something in these months."""
        each = {
            segment: self.book.statements(self.view.months, segment.__eq__)
            for segment in self.book.segments
            if self.view.shows(segment)
        }
        return {
            segment: statements
            for segment, statements in each.items()
            if any(month.start.annual or any(month.moved.annual) for month in statements.values())
        }

    @cached_property
    def segment_summaries(self) -> dict[Segment, Statement]:
        return {segment: self.book.summary(self.view.months, segment.__eq__) for segment in self.segments}

    @cached_property
    def now(self) -> Statement:
        """The month in which the view was made, so far."""
        month = month_of(self.view.as_of)
        return self.book.summary(Months(month, month), self.view.shows)


def month_so_far(at: datetime) -> tuple[Statement, str]:
    """This month, of all that is sold in the most common currency, and which one that is. Three queries."""
    month, currency = month_of(at), currencies()[0]
    return book_of(currency, monthly_changes(at)).summary(Months(month, month), lambda _: True), currency


def revenue(view: View) -> Revenue:
    """Four queries, whatever the view: money and customers are those of its currency, plan and provider."""
    months = list(view.months)
    troubles = recovery(view.as_of)
    return Revenue(
        view,
        book_of(view.currency, monthly_changes(view.as_of)),
        summed(payments(view.as_of), view, months, Cash),
        summed(trials(view.as_of), view, months, Trying),
        summed(troubles, view, months, Recovering),
        summed(troubles, view, [None], Recovering)[None],
    )


def summed(
    rows: Iterable[tuple[Any, ...]], view: View, months: Sequence[Any], kind: Callable[..., Numbers]
) -> dict[Any, Numbers]:
    """By month; each row is a month, a currency, a plan and a provider, and then its numbers."""
    sums: dict[Any, Numbers] = {month: kind() for month in months}
    for month, currency, plan, provider, *numbers in rows:
        if month in sums and currency == view.currency and view.shows(Segment(plan, provider)):
            sums[month] = kind(*map(sum, zip(sums[month], numbers, strict=True)))
    return sums


def currencies() -> list[str]:
    """All that something is, or was, sold in, the most common first; never none. Two queries."""
    counted: dict[str, int] = defaultdict(int, {DEFAULT_CURRENCY: 0})
    for currency, count in Price.objects.order_by().values_list("currency").annotate(Count("subscriptions")):
        counted[currency] += count
    for currency, count in Contract.objects.order_by().values_list("currency").annotate(Count("pk")):
        counted[currency] += count
    return sorted(counted, key=lambda currency: (-counted[currency], currency))
