"""Whatever happens to subscriptions, the movements add up to the change, and are what a slow recomputation finds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import pytest
from django.db.models import F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from billing.models import Contract, Organisation, Price, State, Subscription, SubscriptionTransition
from billing.reports.calendar import Months, month_of
from billing.reports.changes import Segment, monthly_changes
from billing.reports.movements import Movements
from billing.reports.rounding import twelfth
from billing.reports.statements import Book, book_of
from tests.billing.revenue_histories import NOW, make_contract, make_subscription, price_of
from tests.factories import make_user

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
PAYING = (State.ACTIVE, State.PAST_DUE, State.CANCELLED)
MONTHS = Months(date(2026, 1, 1), date(2026, 11, 1))
PRICES = 4
Payers = tuple[list[Subscription], list[Price], Organisation]


class Deed(NamedTuple):
    """What happens to one subscription: to which state and price, when (days), and how late we hear of it (days)."""

    subscription: int
    state: State
    price: int
    day: int
    late: int


deeds = st.lists(
    st.builds(
        Deed,
        st.integers(0, 5),
        st.sampled_from([State.TRIALING, State.ACTIVE, State.PAST_DUE, State.PAUSED, State.CANCELLED, State.ENDED]),
        st.integers(0, PRICES - 1),
        st.integers(0, 300),
        st.sampled_from([0, 0, 0, 40]),
    ),
    max_size=25,
)
contracts = st.lists(st.tuples(st.integers(1, 120), st.integers(1, 99_999)), max_size=3)


class Level(NamedTuple):
    subject: str
    stream: str
    at: datetime
    amount: int
    segment: Segment


def make_prices() -> list[Price]:
    return [
        price_of("month"),
        price_of("year"),
        price_of("month", plan="team", amount=8001),
        price_of("year", plan="team", amount=77_777),
    ]


def play(subscriptions: list[Subscription], prices: list[Price], history: list[Deed]) -> None:
    rows = []
    for deed in history:
        subscription = subscriptions[deed.subscription]
        at = BEGIN + timedelta(days=deed.day)
        rows.append(
            SubscriptionTransition(
                subscription=subscription,
                name="x",
                from_state="active",
                to_state=deed.state,
                price=prices[deed.price],
                annual_amount=prices[deed.price].annual_amount if deed.state in PAYING else 0,
                at=at,
                recorded_at=at + timedelta(days=deed.late),
                cause="provider",
            )
        )
    SubscriptionTransition.objects.bulk_create(rows)


def levels() -> Iterator[Level]:
    """Each step's amount from then on, one by one, by the words of docs/billing.md."""
    latest: dict[int, datetime] = {}
    states: dict[int, set[str]] = defaultdict(set)
    steps = SubscriptionTransition.objects.order_by("id").select_related("subscription", "price__plan")
    for step in steps.filter(recorded_at__lte=NOW):
        key = step.subscription_id
        latest[key] = max(latest.get(key, step.at), step.at)
        states[key].add(step.to_state)
        in_trial = "trialing" in states[key] and not states[key] & {"active", "past_due"}
        yield Level(
            f"person {step.subscription.user_id}",
            f"subscription {key}",
            latest[key],
            0 if step.to_state == "cancelled" and in_trial else step.annual_amount,
            Segment(step.price.plan.code, step.subscription.provider),
        )
    for contract in Contract.objects.annotate(whose=F("organisation_id")):
        for at, amount in ((contract.starts_at, contract.annual_amount), (contract.ends_at, 0)):
            segment = Segment("enterprise", "contract")
            yield Level(f"organisation {contract.whose}", f"contract {contract.pk}", at, amount, segment)


def standing(all_levels: list[Level], at: datetime) -> dict[str, dict[Segment, int]]:
    """Customer → plan and provider → what a year of it brings in, after all that happened by this moment."""
    last: dict[str, Level] = {level.stream: level for level in all_levels if level.at <= at}
    found: dict[str, dict[Segment, int]] = defaultdict(lambda: defaultdict(int))
    for level in last.values():
        if level.amount:
            found[level.subject][level.segment] += level.amount
    return found


def recomputed(all_levels: list[Level]) -> dict[tuple[date, Segment | None], Movements]:
    """Month and segment (None: all of them) → what moved, found by looking at every customer at every moment."""
    sums: dict[tuple[date, Segment | None], list[int]] = defaultdict(lambda: [0] * len(Movements._fields))
    was: set[str] = set()
    before: dict[str, dict[Segment, int]] = {}
    for at in sorted({level.at for level in all_levels if level.at <= NOW}):
        after = standing(all_levels, at)
        for subject in sorted({*before, *after}):
            old, new = before.get(subject, {}), after.get(subject, {})
            kind = kind_of(sum(old.values()), sum(new.values()), came_before=subject in was)
            changes = {key: new.get(key, 0) - old.get(key, 0) for key in sorted({*old, *new})}
            exchanged = min(sum(max(one, 0) for one in changes.values()), sum(max(-one, 0) for one in changes.values()))
            left = {1: exchanged, -1: exchanged}
            for segment, change in changes.items():
                sign = 1 if change > 0 else -1
                moved = sign * min(abs(change), left[sign])
                left[sign] -= abs(moved)
                for key in ((month_of(at), segment), (month_of(at), None)):
                    sums[key][Movements._fields.index("moved")] += moved
                    sums[key][Movements._fields.index(kind)] += change - moved
            if new:
                was.add(subject)
        before = after
    return {key: Movements(*amounts) for key, amounts in sums.items() if any(amounts)}


def kind_of(old: int, new: int, *, came_before: bool) -> str:
    if not old and new:
        return "reactivation" if came_before else "new"
    if old and not new:
        return "churn"
    return "expansion" if new > old else "contraction"


def expect_sums_to_add_up(book: Book) -> None:
    for segment in [*book.segments, None]:
        statements = book.statements(MONTHS, lambda each, only=segment: only in (None, each))  # type: ignore[misc]
        annual = monthly = customers = 0
        for statement in statements.values():
            assert statement.start == (annual, monthly, customers)
            annual += statement.moved.annual.total
            monthly += statement.moved.monthly.total
            customers += statement.moved.customers.total
            assert statement.end == (annual, monthly, customers)
            assert min(statement.end) >= 0
            if segment is None:
                assert abs(12 * monthly - annual) <= 6 * len(book.segments), "half a cent for each plan and provider"
                assert statement.moved.annual.moved == 0
                continue
            assert monthly == twelfth(annual), "how a plan stands is rounded once"
            for exact, shown in zip(statement.moved.annual, statement.moved.monthly, strict=True):
                assert abs(exact - 12 * shown) < 24
                assert exact or not shown, "what did not move does not change by a cent"


def everything(segment: Segment) -> bool:
    return True


@pytest.fixture
def payers(db: None) -> Payers:
    """Three people with two subscriptions each, of which the second is PayPal's, and an organisation."""
    prices = make_prices()
    people: list[User] = [make_user() for _ in range(3)]
    subscriptions = [
        make_subscription(person, prices[0], provider) for person in people for provider in ("stripe", "paypal")
    ]
    return subscriptions, prices, Organisation.objects.create(name="Acme", slug="acme")


@given(history=deeds, agreed=contracts)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_movements_add_up_and_are_what_a_slow_recomputation_finds(
    payers: Payers, history: list[Deed], agreed: list[tuple[int, int]]
) -> None:
    subscriptions, prices, organisation = payers
    SubscriptionTransition.objects.all().delete()
    Contract.objects.all().delete()
    play(subscriptions, prices, history)
    since = BEGIN
    for days, amount in agreed:
        until = since + timedelta(days=days)
        make_contract(organisation, amount, since, until)
        since = until
    book = book_of("USD", monthly_changes(NOW))
    found: dict[tuple[date, Segment | None], Movements] = {
        (month, segment): cell.annual for month, cells in book.cells.items() for segment, cell in cells.items()
    }
    for month in book.cells:
        found[month, None] = book.moved_in([month], everything).annual
    all_levels = list(levels())
    assert {key: movements for key, movements in found.items() if any(movements)} == recomputed(all_levels)
    expect_sums_to_add_up(book)
    now = standing(all_levels, NOW)
    end = book.standing_before(date(2026, 12, 1), everything)
    assert end.annual == sum(sum(each.values()) for each in now.values())
    for segment in book.segments:
        there = book.standing_before(date(2026, 12, 1), segment.__eq__)
        assert there.customers == sum(segment in each for each in now.values())
