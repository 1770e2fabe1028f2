"""Events of the providers, each of which has its effect once, whatever goes wrong on the way."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.services import erasure
from billing.gateways import gateway_of
from billing.models import EventState, Invoice, ProviderEvent, State, Subscription
from billing.services import applying, receiving
from billing.services.applying import MOST_ATTEMPTS, NO_LONGER_THERE, NOT_OURS, apply_due, replay
from billing.services.subscribing import Wish, subscribe
from common.database import lock_for_transaction
from tests.at_once import alone, overtaken
from tests.billing.shops import CANCEL, RETURN
from tests.billing.stripe_shop import Shop, pay
from tests.counterparts.process import Counterparts
from tests.factories import make_user

WISH = Wish("premium", "month", "stripe", RETURN, CANCEL)


@pytest.fixture
def paid(learner: User, shop: Shop) -> Subscription:
    """Somebody has paid at Stripe; nothing of that has arrived yet."""
    outcome = subscribe(user=learner, wish=WISH)
    pay(outcome.redirect_url)
    assert outcome.subscription is not None
    return outcome.subscription


def keep(counterparts: Counterparts, kind: str = "") -> list[ProviderEvent]:
    """Events arrive, and are not looked at yet."""
    ids = [event["id"] for event in counterparts.events(kind=kind)]
    signed = counterparts.signed(*ids)
    read = gateway_of("stripe").read_webhook
    kept = [receiving.keep("stripe", read(each.body, each.headers)) for each in signed]
    return [event for event in kept if event is not None]


def states() -> set[str]:
    return set(ProviderEvent.objects.values_list("state", flat=True))


def test_all_that_waits_about_a_subscription_is_one_question(paid: Subscription, counterparts: Counterparts) -> None:
    keep(counterparts)
    before = len(counterparts.control("journal", provider="stripe"))
    apply_due()
    paid.refresh_from_db()
    assert paid.state == State.ACTIVE
    assert Invoice.objects.get().status == "paid"
    fetched = [entry["path"] for entry in counterparts.control("journal", provider="stripe")][before:]
    assert sum(path.endswith(f"/subscriptions/{paid.reference}") for path in fetched) <= 2
    assert states() == {EventState.APPLIED, EventState.SET_ASIDE}


@pytest.mark.parametrize("kind", ["customer.subscription.created", "invoice.paid", "checkout.session.completed"])
def test_any_one_of_its_events_is_enough(paid: Subscription, counterparts: Counterparts, kind: str) -> None:
    keep(counterparts, kind)
    apply_due()
    paid.refresh_from_db()
    assert (paid.state, Invoice.objects.get().status) == (State.ACTIVE, "paid")


def test_an_old_event_undoes_nothing(paid: Subscription, counterparts: Counterparts) -> None:
    keep(counterparts)
    apply_due()
    gateway = gateway_of("stripe")
    paid.refresh_from_db()
    gateway.cancel_now(paid)
    keep(counterparts, "customer.subscription.deleted")
    apply_due()
    ProviderEvent.objects.filter(kind="customer.subscription.created").update(state=EventState.WAITING)
    apply_due()
    paid.refresh_from_db()
    assert paid.state == State.ENDED


def test_the_same_event_is_kept_once_and_another_content_is_told_to_the_log(
    paid: Subscription, counterparts: Counterparts, caplog: pytest.LogCaptureFixture
) -> None:
    (event,) = keep(counterparts, "invoice.paid")
    assert keep(counterparts, "invoice.paid") == []
    assert "another content" not in caplog.text
    ProviderEvent.objects.filter(pk=event.pk).update(digest=b"x" * 32)
    assert keep(counterparts, "invoice.paid") == []
    assert "another content" in caplog.text


def test_what_is_about_nothing_of_ours_is_kept_and_set_aside(shop: Shop, counterparts: Counterparts) -> None:
    keep(counterparts, "product.created")
    assert apply_due() == 1
    event = ProviderEvent.objects.get()
    assert (event.state, event.error) == (EventState.SET_ASIDE, NOT_OURS)


def test_a_subscription_that_the_provider_does_not_know_is_set_aside_after_an_hour(
    paid: Subscription, counterparts: Counterparts, time_machine: Any
) -> None:
    """It may know it a moment later."""
    (event,) = keep(counterparts, "invoice.paid")
    ProviderEvent.objects.filter(pk=event.pk).update(subject="sub_gone")
    for hours, state in ((0, EventState.WAITING), (2, EventState.SET_ASIDE)):
        time_machine.move_to(timezone.now() + timedelta(hours=hours), tick=False)
        apply_due()
        event.refresh_from_db()
        assert event.state == state
    assert event.error == NO_LONGER_THERE


def test_a_provider_that_is_down_is_waited_for(
    paid: Subscription, counterparts: Counterparts, time_machine: Any
) -> None:
    (event,) = keep(counterparts, "invoice.paid")
    counterparts.control("trouble", provider="stripe", trouble="down")
    delays = []
    for _ in range(MOST_ATTEMPTS + 2):
        time_machine.move_to(timezone.now() + timedelta(hours=1), tick=False)
        assert apply_due() == 0
        event.refresh_from_db()
        delays.append((event.try_after - timezone.now()).total_seconds())
    assert delays[:4] == [10, 20, 40, 80]
    assert delays[-1] == 3_600
    assert event.state == EventState.WAITING
    assert Subscription.objects.get().state == State.INCOMPLETE

    counterparts.control("trouble", provider="stripe", trouble="")
    time_machine.move_to(timezone.now() + timedelta(hours=1), tick=False)
    assert apply_due() == 1
    assert Subscription.objects.get().state == State.ACTIVE


def test_many_events_about_one_subscription_count_one_failure(paid: Subscription, counterparts: Counterparts) -> None:
    keep(counterparts)
    counterparts.control("trouble", provider="stripe", trouble="nonsense")
    for event in ProviderEvent.objects.exclude(subject=""):
        applying.apply(event.provider, event.subject)
    assert set(ProviderEvent.objects.exclude(subject="").values_list("attempts", flat=True)) == {1}


def test_what_fails_again_and_again_is_left_to_staff(
    paid: Subscription, counterparts: Counterparts, caplog: pytest.LogCaptureFixture, time_machine: Any
) -> None:
    (event,) = keep(counterparts, "invoice.paid")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE billing_subscription ADD CONSTRAINT broken CHECK (state <> 'active') NOT VALID")
    for _ in range(MOST_ATTEMPTS):
        time_machine.move_to(timezone.now() + timedelta(hours=1), tick=False)
        assert apply_due() == 0
    event.refresh_from_db()
    assert event.state == EventState.FAILED
    assert "given up" in caplog.text
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE billing_subscription DROP CONSTRAINT broken")
    assert apply_due() == 0
    assert replay(event)
    assert not replay(event)
    assert apply_due() == 1
    assert Subscription.objects.get().state == State.ACTIVE


def test_it_is_not_tried_again_before_its_time(paid: Subscription, counterparts: Counterparts) -> None:
    keep(counterparts, "invoice.paid")
    counterparts.control("trouble", provider="stripe", trouble="nonsense")
    apply_due()
    asked = len(counterparts.control("journal", provider="stripe"))
    apply_due()
    assert len(counterparts.control("journal", provider="stripe")) == asked


def test_a_fault_of_one_does_not_hold_up_another(
    paid: Subscription, counterparts: Counterparts, caplog: pytest.LogCaptureFixture
) -> None:
    other = subscribe(user=make_user(), wish=WISH)
    pay(other.redirect_url)
    keep(counterparts, "invoice.paid")
    # Another row has its reference: that cannot be recorded twice.
    first = ProviderEvent.objects.order_by("pk")[0]
    Subscription.objects.filter(pk=paid.pk).update(state=State.ENDED, reference="", provider="paypal")
    with caplog.at_level(logging.WARNING):
        apply_due()
    assert Subscription.objects.get(pk=other.subscription.pk).state == State.ACTIVE  # type: ignore[union-attr]
    first.refresh_from_db()
    assert first.state == EventState.SET_ASIDE


def test_staff_replay_what_failed_with_a_button(
    admin: User, paid: Subscription, counterparts: Counterparts, client: Client
) -> None:
    (event,) = keep(counterparts, "invoice.paid")
    ProviderEvent.objects.filter(pk=event.pk).update(state=EventState.FAILED, attempts=10)
    client.force_login(admin)
    address = reverse("admin:billing_providerevent_changelist")
    answer = client.post(address, {"action": "replay", "_selected_action": [event.pk]}, follow=True)
    assert "Waiting again: 1. Not needed: 0." in answer.content.decode()
    assert applying.apply_due() == 1
    assert Subscription.objects.get().state == State.ACTIVE


def test_whoever_pays_twice_at_once_keeps_one_and_gets_the_other_back(
    learner: User, shop: Shop, counterparts: Counterparts, caplog: pytest.LogCaptureFixture
) -> None:
    """Two tabs: the second one closed the checkout of the first, but that was paid already."""
    pay_twice(learner)
    keep(counterparts)
    apply_due()
    rows = Subscription.objects.order_by("pk")
    assert sorted(row.state for row in rows) == [State.ACTIVE, State.ENDED]
    ended = rows.get(state=State.ENDED)
    assert Invoice.objects.get(subscription=ended).amount_refunded == 5_000
    assert Invoice.objects.get(subscription=rows.get(state=State.ACTIVE)).amount_refunded == 0
    assert "is a second one" in caplog.text


def test_the_second_payment_goes_back_even_if_that_is_cut_off(
    learner: User, shop: Shop, counterparts: Counterparts
) -> None:
    """The process dies after the money went back and before it was ended: it is found again, and done once."""
    first, second = pay_twice(learner)
    keep(counterparts)
    applying.apply("stripe", reference_of(first))
    (payment,) = gateway_of("stripe").fetch(reference_of(second)).payments
    key = f"second-{second.pk}-{payment.reference}"
    gateway_of("stripe").refund(payment.reference, amount=5_000, currency="USD", key=key)
    apply_due()
    second.refresh_from_db()
    assert (second.state, second.is_second) == (State.ENDED, True)
    assert Invoice.objects.get(subscription=second).amount_refunded == 5_000


def test_who_pays_after_the_account_was_erased_gets_it_back(paid: Subscription, counterparts: Counterparts) -> None:
    Subscription.objects.update(user=None)
    keep(counterparts)
    apply_due()
    paid.refresh_from_db()
    invoice = Invoice.objects.get()
    assert (paid.state, invoice.amount_refunded) == (State.ENDED, 5_000)
    assert (paid.payment_method, paid.card_expires_on, invoice.hosted_url, invoice.pdf_url) == ("", None, "", "")
    assert all(event.body == {} for event in ProviderEvent.objects.filter(state=EventState.APPLIED))


def pay_twice(user: User) -> tuple[Subscription, Subscription]:
    first = subscribe(user=user, wish=WISH)
    # Its time is over as far as we know, while the page is still open in a tab.
    Subscription.objects.update(checkout_expires_at=timezone.now())
    second = subscribe(user=user, wish=WISH)
    pay(first.redirect_url)
    pay(second.redirect_url)
    assert first.subscription is not None
    assert second.subscription is not None
    return first.subscription, second.subscription


def reference_of(row: Subscription) -> str:
    return gateway_of(row.provider).find(row)


@pytest.mark.django_db(transaction=True)
def test_of_what_comes_while_somebody_is_erased_no_name_is_kept(
    paid: Subscription, learner: User, counterparts: Counterparts
) -> None:
    keep(counterparts, "invoice.paid")
    apply_due()
    paid.refresh_from_db()

    def erased() -> None:
        # As another worker does, which has been asking the provider.
        lock_for_transaction("billing", learner.pk)
        User.objects.filter(pk=learner.pk).update(erase_after=timezone.now() - timedelta(days=1))
        assert erasure.erase_if_due(learner.pk)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(alone, partial(keep, counterparts, "customer.subscription.created")).result()

    assert overtaken(erased, partial(applying.apply, "stripe", paid.reference)) == 1
    event = ProviderEvent.objects.get(kind="customer.subscription.created")
    assert (event.state, event.body) == (EventState.APPLIED, {})
