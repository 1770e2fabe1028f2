"""What follows from what was paid."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine

from accounts.models import User
from billing.access import PREMIUM, Access, may_read
from billing.gateways.base import Truth
from billing.models import AccessGrant, InvoiceStatus, RefundKind, Source, State, Subscription
from billing.services.rights import GRACE, Right, rights_of, settle
from tests.billing.truths import DAY, MONTH, NOON, make_payment, make_return, make_subscription, make_truth

SECOND = timedelta(seconds=1)


def opened(truth: Truth) -> list[tuple[str, datetime, datetime]]:
    """Source, beginning and end of each right, in the order of their beginnings."""
    rights = sorted(rights_of(truth, Source.STRIPE), key=lambda right: right.starts_at)
    return [(right.source, right.starts_at, right.ends_at) for right in rights]


def test_a_paid_month_opens_that_month_and_then_waits_for_the_next_payment() -> None:
    end = NOON + MONTH
    assert opened(make_truth()) == [("stripe", NOON, end), ("grace", end, end + GRACE)]


def test_what_is_not_paid_opens_nothing() -> None:
    for status in (InvoiceStatus.OPEN, InvoiceStatus.VOID, InvoiceStatus.UNCOLLECTIBLE):
        assert opened(make_truth(make_payment(status=status, paid_at=None))) == []


@pytest.mark.parametrize("state", [State.CANCELLED, State.PAUSED, State.ENDED])
def test_nobody_is_waited_for_who_will_not_be_asked(state: State) -> None:
    assert opened(make_truth(state=state)) == [("stripe", NOON, NOON + MONTH)]


def test_a_missed_payment_has_seven_days_from_the_end_of_what_was_paid() -> None:
    missed = make_payment(1, status=InvoiceStatus.OPEN, paid=0, paid_at=None)
    end = NOON + MONTH
    assert opened(make_truth(make_payment(0), missed, state=State.PAST_DUE)) == [
        ("stripe", NOON, end),
        ("grace", end, end + timedelta(days=7)),
    ]


def test_a_first_payment_that_failed_has_no_days_of_grace() -> None:
    missed = make_payment(status=InvoiceStatus.OPEN, paid=0, paid_at=None)
    assert opened(make_truth(missed, state=State.PAST_DUE)) == []


def test_a_trial_opens_its_days_and_its_invoice_over_nothing_opens_none() -> None:
    end = NOON + 14 * DAY
    free = make_payment(total=0, paid=0, is_trial=True, period_end=end)
    truth = make_truth(free, state=State.TRIALING, trial_started_at=NOON, trial_ends_at=end)
    assert opened(truth) == [("trial", NOON, end), ("grace", end, end + GRACE)]


def test_a_trial_that_was_broken_off_ends_then() -> None:
    free = make_payment(total=0, paid=0, is_trial=True)
    truth = make_truth(
        free, state=State.ENDED, trial_started_at=NOON, trial_ends_at=NOON + 14 * DAY, ended_at=NOON + DAY
    )
    assert opened(truth) == [("trial", NOON, NOON + DAY)]


def test_what_was_wholly_given_back_ends_when_it_was() -> None:
    truth = make_truth(make_payment(returns=(make_return(),)))
    assert opened(truth) == [("stripe", NOON, NOON + 3 * DAY)]


def test_a_part_that_was_given_back_ends_nothing() -> None:
    truth = make_truth(make_payment(returns=(make_return(4_999),)), state=State.CANCELLED)
    assert opened(truth) == [("stripe", NOON, NOON + MONTH)]


def test_two_parts_end_it_with_the_second() -> None:
    parts = (make_return(3_000, NOON + 2 * DAY), make_return(2_000, NOON + 5 * DAY, reference="re_2"))
    assert opened(make_truth(make_payment(returns=parts))) == [("stripe", NOON, NOON + 5 * DAY)]


def test_a_bank_that_took_the_money_back_ends_it_too() -> None:
    dispute = make_return(kind=RefundKind.DISPUTE, reference="dp_1")
    assert opened(make_truth(make_payment(returns=(dispute,)))) == [("stripe", NOON, NOON + 3 * DAY)]


def test_a_change_of_plan_takes_the_place_of_what_it_gave_back() -> None:
    change = NOON + 10 * DAY
    year = make_payment(
        1,
        period_start=change,
        period_end=change + 365 * DAY,
        total=46_667,
        paid=46_667,
        replaces_former=True,
    )
    end = change + 365 * DAY
    assert opened(make_truth(make_payment(0), year)) == [
        ("stripe", NOON, change),
        ("stripe", change, end),
        ("grace", end, end + GRACE),
    ]


def test_a_month_paid_from_credit_counts_as_paid() -> None:
    assert opened(make_truth(make_payment(paid=0), state=State.CANCELLED)) == [("stripe", NOON, NOON + MONTH)]


# -- As rows ------------------------------------------------------------------------------------


@pytest.fixture
def subscription(learner: User) -> Subscription:
    return make_subscription(learner, reference="sub_1", state=State.ACTIVE)


def rows() -> list[tuple[str, datetime, datetime | None, datetime | None]]:
    return list(AccessGrant.objects.order_by("starts_at").values_list("source", "starts_at", "ends_at", "revoked_at"))


def test_the_same_truth_twice_is_one_set_of_rows(subscription: Subscription) -> None:
    with time_machine.travel(NOON, tick=False):
        settle(subscription, make_truth())
        before = list(AccessGrant.objects.values().order_by("pk"))
        settle(subscription, make_truth())
    assert list(AccessGrant.objects.values().order_by("pk")) == before
    assert len(before) == 2


def test_the_gate_opens_and_closes_to_the_second(learner: User, subscription: Subscription) -> None:
    end = NOON + MONTH
    with time_machine.travel(NOON, tick=False):
        settle(subscription, make_truth(state=State.CANCELLED))
        assert may_read(learner, PREMIUM) == Access(allowed=True, until=end, why="stripe")
    with time_machine.travel(NOON - SECOND, tick=False):
        assert not may_read(learner, PREMIUM).allowed
    with time_machine.travel(end - SECOND, tick=False):
        assert may_read(learner, PREMIUM).allowed
    with time_machine.travel(end, tick=False):
        assert may_read(learner, PREMIUM) == Access(allowed=False, until=None, why="premium_required")


def test_days_of_grace_are_promised_to_nobody_and_given_to_whoever_has_paid(
    learner: User, subscription: Subscription
) -> None:
    end = NOON + MONTH
    with time_machine.travel(NOON, tick=False):
        settle(subscription, make_truth())
        assert may_read(learner, PREMIUM).until == end
    with time_machine.travel(end, tick=False):
        assert may_read(learner, PREMIUM) == Access(allowed=True, until=end + GRACE, why="grace")
    with time_machine.travel(end + GRACE, tick=False):
        assert not may_read(learner, PREMIUM).allowed


def test_a_renewal_takes_the_place_of_the_grace_that_had_not_begun(subscription: Subscription) -> None:
    end = NOON + MONTH
    with time_machine.travel(NOON, tick=False):
        settle(subscription, make_truth())
    with time_machine.travel(end - SECOND, tick=False):
        settle(subscription, make_truth(make_payment(0), make_payment(1)))
    assert rows() == [
        ("stripe", NOON, end, None),
        ("stripe", end, end + MONTH, None),
        ("grace", end + MONTH, end + MONTH + GRACE, None),
    ]


def test_grace_that_had_begun_stays_on_record_as_having_ended(learner: User, subscription: Subscription) -> None:
    end, late = NOON + MONTH, NOON + MONTH + 2 * DAY
    with time_machine.travel(NOON, tick=False):
        settle(subscription, make_truth())
    with time_machine.travel(late, tick=False):
        settle(subscription, make_truth(make_payment(0), make_payment(1, paid_at=late)))
        assert may_read(learner, PREMIUM) == Access(allowed=True, until=end + MONTH, why="stripe")
        # At the time it was grace that kept the gate open, and that remains so.
        assert ("grace", end, end + GRACE, late) in rows()
        assert may_read(learner, PREMIUM, at=end + DAY).allowed


def test_a_refund_closes_the_gate_at_once_and_the_past_stays(learner: User, subscription: Subscription) -> None:
    back = NOON + 3 * DAY
    with time_machine.travel(NOON, tick=False):
        settle(subscription, make_truth())
        assert may_read(learner, PREMIUM).allowed
    with time_machine.travel(back, tick=False):
        settle(
            subscription, make_truth(make_payment(returns=(make_return(at=back),)), state=State.ENDED, ended_at=back)
        )
        assert not may_read(learner, PREMIUM).allowed
        assert may_read(learner, PREMIUM, at=back - SECOND).allowed


def test_a_payment_that_is_named_no_more_is_not_forgotten(subscription: Subscription) -> None:
    """Providers name the latest only."""
    with time_machine.travel(NOON, tick=False):
        settle(subscription, make_truth(make_payment(0), make_payment(1)))
        settle(subscription, make_truth(make_payment(1)))
    assert [row[0] for row in rows()] == ["stripe", "stripe", "grace"]


def test_whoever_is_erased_gets_nothing(subscription: Subscription) -> None:
    subscription.user = None
    settle(subscription, make_truth())
    assert rows() == []


def test_a_right_has_the_same_key_each_time() -> None:
    assert [right.key for right in rights_of(make_truth(), Source.STRIPE)] == ["paid:in_0", "grace:2026-12-01T12:00:00"]
    assert Right("paid:in_0", Source.STRIPE, NOON, NOON + MONTH) in rights_of(make_truth(), Source.STRIPE)
