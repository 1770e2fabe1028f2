"""The nightly comparison: what it finds, what it repairs, and what it leaves to somebody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from django.core.management import CommandError, call_command

from billing.access import PREMIUM, may_read
from billing.gateways.stripe.client import client
from billing.models import Cause, EventState, ProviderEvent, State, Subscription
from billing.services.comparing import Picture, differences, picture_of
from billing.services.recording import Why
from billing.services.truth import bring_up_to_date
from tests.billing import paypal_shop
from tests.billing.paypal_shop import START
from tests.billing.stripe_shop import Shop, pay
from tests.billing.truths import make_subscription
from tests.factories import make_user

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
# A month after the 31st of January.
DUE = START.replace(month=2, day=28)
Letters = list[EmailMultiAlternatives]
Reconcile = Callable[..., str]


@pytest.fixture(autouse=True)
def beginning(shop: Shop, time_machine: Any) -> None:
    time_machine.move_to(START, tick=False)
    shop.stripe.stop_at(START)


@pytest.fixture
def later(shop: Shop, time_machine: Any) -> Callable[..., None]:
    """Both clocks go on from the start by so much; what is due at the providers happens."""

    def move(**step: float) -> None:
        time_machine.move_to(START + timedelta(**step))
        shop.stripe.stop_at(START + timedelta(**step))

    return move


@pytest.fixture
def reconcile(capsys: pytest.CaptureFixture[str], django_capture_on_commit_callbacks: Any) -> Reconcile:
    """What the command says; its mails are sent."""

    def run(*arguments: str) -> str:
        with django_capture_on_commit_callbacks(execute=True):
            call_command("reconcile_billing", *arguments)
        return capsys.readouterr().out

    return run


def hear(row: Subscription) -> Subscription:
    """As if its webhooks had come."""
    known = bring_up_to_date(row.provider, row.reference, Why(Cause.PROVIDER))
    assert known is not None
    return known


def now(row: Subscription) -> Subscription:
    return Subscription.objects.get(pk=row.pk)


def make_another(shop: Shop, row: Subscription, **fields: Any) -> str:
    """Staff make one at Stripe by hand, for the customer who has this one."""
    known = client().v1.subscriptions.retrieve(row.reference)
    params: Any = {
        "customer": str(known.customer),
        "default_payment_method": str(known.default_payment_method),
        "items": [{"price": shop.month.stripe_id}],
    }
    return client().v1.subscriptions.create(params | fields).id


# What it finds, and repairs


def test_where_nothing_differs_nothing_is_said_or_changed(shop: Shop, reconcile: Reconcile) -> None:
    row = hear(shop.subscribe())
    before = picture_of(row.pk)
    assert reconcile() == "Stripe: 1 compared, 0 differed, 0 not ours, 0 events never came.\n"
    assert picture_of(row.pk) == before
    assert now(row).checked_at == START


def test_a_renewal_of_which_nothing_came_is_told_to_the_second_and_the_cent_and_repaired(
    shop: Shop, reconcile: Reconcile, later: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    row = hear(shop.subscribe())
    later(days=29)
    said = reconcile()
    who = f"subscription {row.pk} ({row.reference})"
    period = "2027-02-28T15:30:00+00:00 to 2027-03-31T15:30:00+00:00"
    assert f"{who}: period: 2027-01-31T15:30:00+00:00 to 2027-02-28T15:30:00+00:00 → {period}\n" in said
    second = row.invoices.latest("issued_at", "pk")
    amounts = "50.00 USD with 0.00 tax, 50.00 paid, 0.00 given back"
    assert f"{who}: payment {second.reference}: missing → paid, {amounts}, for {period}, at 2027-02-28T" in said
    assert f"{who}: right paid:{second.reference}: missing → premium by stripe, {period}\n" in said
    assert "Stripe: 1 compared, 1 differed, 0 not ours, " in said
    assert f"drift at stripe: {who}: period:" in caplog.text
    assert may_read(shop.user, PREMIUM).until == START.replace(month=3)
    assert "1 compared, 0 differed" in reconcile()


def test_a_rehearsal_says_the_same_and_changes_nothing(
    shop: Shop, reconcile: Reconcile, later: Callable[..., None], mailoutbox: Letters
) -> None:
    row = hear(shop.subscribe())
    shop.change_card(row, "declined")
    later(days=29)
    before, events = picture_of(row.pk), ProviderEvent.objects.count()
    rehearsed = reconcile("--dry-run")
    assert f"subscription {row.pk} ({row.reference}): state: active → past_due\n" in rehearsed
    assert "1 differ, " in rehearsed
    assert rehearsed.endswith("Nothing was changed.\n")
    assert picture_of(row.pk) == before
    assert ProviderEvent.objects.count() == events
    assert not mailoutbox
    repaired = reconcile()
    drift = [line for line in rehearsed.splitlines() if line.startswith("subscription")]
    assert [line for line in repaired.splitlines() if line.startswith("subscription")] == drift
    assert row.transitions.latest("id").cause == Cause.RECONCILING
    assert [letter.subject for letter in mailoutbox] == ["Your payment for Premium failed"]


def test_somebody_who_paid_and_of_whom_nothing_ever_came_is_found_and_let_in(
    shop: Shop, reconcile: Reconcile, mailoutbox: Letters
) -> None:
    row = shop.begin()
    pay(row.checkout_url)
    assert not may_read(shop.user, PREMIUM).allowed
    said = reconcile()
    assert ": state: incomplete → active\n" in said
    assert now(row).state == State.ACTIVE
    assert may_read(shop.user, PREMIUM).why == "stripe"
    assert [letter.subject for letter in mailoutbox] == ["Welcome to Premium"]


def test_the_same_at_paypal(paypal: paypal_shop.Shop, reconcile: Reconcile) -> None:
    row = paypal.begin()
    paypal.consent(row.checkout_reference)
    said = reconcile("--provider=paypal")
    assert f"subscription {row.pk} ({row.checkout_reference}): state: incomplete → active\n" in said
    assert "PayPal: 1 compared, 1 differed, 0 not ours, " in said
    assert may_read(paypal.user, PREMIUM).why == "paypal"
    assert "PayPal: 1 compared, 0 differed, 0 not ours, 0 events" in reconcile("--provider=paypal")


def test_a_right_that_somebody_took_away_by_hand_comes_back(shop: Shop, reconcile: Reconcile) -> None:
    row = hear(shop.subscribe())
    row.access_grants.filter(source="stripe").delete()
    assert f"right paid:{row.invoices.get().reference}: missing → premium by stripe" in reconcile()
    assert row.access_grants.filter(source="stripe").exists()


def test_a_second_subscription_is_named_in_a_rehearsal_and_then_paid_back(
    shop: Shop, reconcile: Reconcile, mailoutbox: Letters
) -> None:
    first = hear(shop.subscribe())
    second = shop.begin()
    pay(second.checkout_url)
    assert "second subscription of a member who has another" in reconcile("--dry-run")
    assert now(second).state == State.INCOMPLETE
    reconcile()
    assert (now(first).state, now(second).state) == (State.ACTIVE, State.ENDED)
    assert second.invoices.get().amount_refunded == 5000
    assert "You paid twice for Premium, and we pay one back" in [letter.subject for letter in mailoutbox]


# What it leaves to somebody


def test_a_subscription_of_nobody_is_named_and_left_alone(shop: Shop, reconcile: Reconcile) -> None:
    row = hear(shop.subscribe())
    other = make_another(shop, row)
    said = reconcile()
    assert f"{other}: alive at the provider and none of ours: somebody has to look\n" in said
    assert "1 compared, 0 differed, 1 not ours" in said
    assert client().v1.subscriptions.retrieve(other).status == "active"


def test_one_that_the_provider_does_not_know_is_named_and_stays(shop: Shop, reconcile: Reconcile) -> None:
    lost = make_subscription(
        make_user(), price=shop.month, reference="sub_gone", state=State.ACTIVE, current_period_end=DUE
    )
    said = reconcile()
    assert f"subscription {lost.pk} (sub_gone): alive here and unknown to the provider: somebody has to look\n" in said
    assert now(lost).state == State.ACTIVE


# Events that never came


def test_events_that_never_came_are_kept_and_count_as_applied(
    shop: Shop, reconcile: Reconcile, later: Callable[..., None]
) -> None:
    row = hear(shop.subscribe())
    later(hours=1)
    lost = sum(1 for body in shop.stripe.events() if row.reference in str(body["data"]["object"]))
    said = reconcile()
    kept = ProviderEvent.objects.filter(subject=row.reference)
    assert f"{kept.count()} events never came" in said
    assert 0 < kept.count() <= lost
    assert set(kept.values_list("state", flat=True)) == {EventState.APPLIED}
    assert "0 events never came" in reconcile()


def test_events_of_just_now_are_still_on_their_way(shop: Shop, reconcile: Reconcile) -> None:
    hear(shop.subscribe())
    assert "0 events never came" in reconcile()
    assert not ProviderEvent.objects.exists()


def test_a_refund_after_the_end_of_which_nothing_came_is_recorded(
    shop: Shop, reconcile: Reconcile, later: Callable[..., None]
) -> None:
    row = hear(shop.subscribe())
    shop.gateway.cancel_now(row)
    row = hear(row)
    assert row.state == State.ENDED
    paid = row.invoices.get()
    shop.stripe.control("stripe/refund", invoice=paid.reference)
    later(hours=1)
    assert may_read(shop.user, PREMIUM).allowed
    reconcile()
    paid.refresh_from_db()
    assert paid.amount_refunded == 5000
    assert not may_read(shop.user, PREMIUM).allowed
    assert not ProviderEvent.objects.waiting().exists()


# A provider in trouble, and little time


def test_a_provider_that_is_away_is_an_error_and_the_other_is_still_compared(
    shop: Shop, paypal: paypal_shop.Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    row = paypal.begin()
    paypal.consent(row.checkout_reference)
    shop.stripe.control("trouble", provider="stripe", trouble="down")
    with pytest.raises(CommandError, match="Stripe does not answer as it should"):
        call_command("reconcile_billing")
    assert "PayPal: 1 compared, 1 differed" in capsys.readouterr().out
    assert now(row).state == State.ACTIVE


def test_one_that_cannot_be_compared_is_an_error_and_the_others_are_compared(
    shop: Shop, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing becomes incomplete again; here it was made active by hand."""
    unpaid = make_another(shop, hear(shop.subscribe()), payment_behavior="default_incomplete")
    broken = make_subscription(make_user(), price=shop.month, reference=unpaid, state=State.ACTIVE)
    with pytest.raises(CommandError, match="1 at Stripe could not be compared; the log says why"):
        call_command("reconcile_billing")
    assert "Stripe: 1 compared, 0 differed" in capsys.readouterr().out
    assert f"subscription {broken.pk} ({unpaid}) could not be compared" in caplog.text


def test_what_there_is_no_time_for_is_left_and_said(shop: Shop, reconcile: Reconcile) -> None:
    hear(shop.subscribe())
    assert "0 compared, 0 differed, 0 not ours, 0 events never came, 1 left for the next run." in reconcile(
        "--seconds=-1"
    )


def test_without_a_provider_there_is_nothing_to_do(shop: Shop, reconcile: Reconcile, settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = ""
    assert reconcile() == "No provider is set up, so there is nothing to compare.\n"


# The comparison itself


def test_differences_name_both_sides_and_what_is_on_one_only() -> None:
    here: Picture = {"state": "active", "period": "a to b", "right x": "premium"}
    there: Picture = {"state": "past_due", "period": "a to b", "payment y": "open"}
    assert differences(here, there) == [
        "state: active → past_due",
        "right x: premium → missing",
        "payment y: missing → open",
    ]
    assert differences(here, dict(here)) == []
