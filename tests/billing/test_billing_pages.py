"""The page on which members see how their plan stands, and what they have paid."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from billing.gateways.base import Truth
from billing.models import Cause, InvoiceStatus, State, Subscription
from billing.services.recording import Why, record
from tests.billing.truths import DAY, MONTH, NOON, make_payment, make_return, make_subscription, make_truth
from tests.factories import make_user

SETTINGS, INVOICES = "/billing/", "/billing/invoices/"


@pytest.fixture
def browser(learner: User) -> Client:
    client = Client()
    client.force_login(learner)
    return client


def stand(user: User, truth: Truth | None = None, cause: Cause = Cause.PROVIDER) -> Subscription:
    """Somebody's subscription as the provider says that it stands."""
    subscription = user.subscriptions.first() or make_subscription(user)
    record(subscription, truth or make_truth(), Why(cause))
    return subscription


def page_of(client: Client, address: str = SETTINGS) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


@pytest.fixture
def on_the_tenth() -> Any:
    with time_machine.travel(NOON + 10 * DAY, tick=True):
        yield


def test_without_a_subscription_there_is_what_is_free(browser: Client) -> None:
    page = page_of(browser)
    assert "You read everything that is free, for as long as you like." in page
    assert "Closed. It is for members with Premium." in page
    assert "Choose a plan" in page
    assert "You have paid nothing yet." in page
    assert "What happened when" not in page


def test_it_says_what_is_paid_and_what_comes_next(browser: Client, learner: User, on_the_tenth: None) -> None:
    stand(learner)
    page = page_of(browser)
    assert "Renews on 1 December 2026 for $50." in page
    assert "<dd> $50 on 1 December 2026 </dd>" in page
    assert "Visa ending in 4242, by Stripe" in page
    assert "Open. You have paid for it by Stripe until 1 December 2026." in page
    assert "Premium began" in page
    assert "All invoices" in page


WAYS = {
    "Change the plan": "/billing/change/",
    "Change how you pay": "/billing/portal/",
    "Pause or cancel": "/billing/cancel/",
    "Keep Premium after all": "/billing/resume/",
    "Go on now": "/billing/resume/",
    "Choose a plan": "/pricing/",
}


@pytest.mark.parametrize(
    ("fields", "ways"),
    [
        ({"state": State.ACTIVE}, {"Change the plan", "Change how you pay", "Pause or cancel"}),
        ({"state": State.PAST_DUE, "next_attempt_at": NOON + 12 * DAY}, {"Change how you pay"}),
        ({"state": State.PAUSED, "resumes_at": NOON + 2 * MONTH}, {"Go on now"}),
        ({"state": State.CANCELLED}, {"Keep Premium after all"}),
        ({"state": State.ENDED, "ended_at": NOON + 9 * DAY}, {"Choose a plan"}),
        ({"state": State.TRIALING, "trial_ends_at": NOON + 14 * DAY}, {"Change the plan", "Change how you pay"}),
    ],
)
def test_what_can_be_done_is_offered_and_nothing_else(
    browser: Client, learner: User, on_the_tenth: None, fields: dict[str, Any], ways: set[str]
) -> None:
    subscription = stand(learner)
    for name, value in fields.items():
        setattr(subscription, name, value)
    subscription.save()
    page = page_of(browser)
    assert {words for words, address in WAYS.items() if f'"{address}"' in page and words in page} == ways


def test_a_checkout_can_be_finished_or_looked_for(browser: Client, learner: User) -> None:
    make_subscription(
        learner, checkout_expires_at=timezone.now() + timedelta(hours=1), checkout_url="https://x.example"
    )
    page = page_of(browser)
    assert "Finish the payment at Stripe to begin." in page
    assert "Go on to pay" in page
    assert "I have paid: check now" in page
    assert "https://x.example" not in page


def test_what_ended_is_still_told_of(browser: Client, learner: User, on_the_tenth: None) -> None:
    stand(learner)
    stand(learner, make_truth(state=State.ENDED, ended_at=NOON + 9 * DAY))
    page = page_of(browser)
    assert "Ended on 10 November 2026. Choose a plan to read on." in page
    assert "Premium ended" in page


def test_what_happened_is_told_in_words_and_by_whom(browser: Client, learner: User, on_the_tenth: None) -> None:
    stand(learner)
    stand(learner, make_truth(state=State.CANCELLED), Cause.MEMBER)
    stand(learner, make_truth(), Cause.RECONCILING)
    page = page_of(browser)
    assert 'Cancelled <span class="history__cause">by you' in page
    assert "The cancellation was taken back" in page
    assert "as we found when we compared with Stripe" in page
    assert page.index("The cancellation was taken back") < page.index("Cancelled <span")


def test_each_invoice_says_what_it_was_for_and_what_went_back(browser: Client, learner: User) -> None:
    refunded = make_payment(
        1, returns=(make_return(2_000, NOON + MONTH + DAY),), tax=798, hosted_url="https://a.example"
    )
    unpaid = make_payment(2, status=InvoiceStatus.OPEN, paid=0, paid_at=None)
    stand(learner, make_truth(make_payment(), refunded, unpaid))
    page = page_of(browser, INVOICES)
    assert "Premium, 1 Nov 2026 to 1 Dec 2026" in page
    assert "A-1" in page
    assert "with $7.98 tax" in page
    assert "Refund: $20 on 2 December 2026" in page
    assert 'href="https://a.example"' in page
    assert "Open</li>" in page
    assert page.index("A-2") < page.index("A-1") < page.index("A-0")


def test_other_peoples_invoices_are_not_there(browser: Client, stranger: User) -> None:
    stand(stranger)
    assert "No invoices" in page_of(browser, INVOICES)
    assert "A-0" not in page_of(browser)


def test_invoices_are_paged(browser: Client, learner: User) -> None:
    stand(learner, make_truth(*(make_payment(number) for number in range(25))))
    first = browser.get(INVOICES)
    assert len(first.context["invoices"]) == 20
    second = browser.get(first.context["next"])
    assert len(second.context["invoices"]) == 5
    assert second.context["next"] is None
    assert browser.get(second.context["previous"]).context["invoices"] == first.context["invoices"]
    assert browser.get(f"{INVOICES}?cursor=x").status_code == 400


@pytest.mark.parametrize("address", [SETTINGS, INVOICES])
def test_twice_the_rows_take_the_same_queries(browser: Client, learner: User, address: str) -> None:
    counts = []
    for rows in (4, 8):
        payments = (make_payment(number, returns=(make_return(1, reference=f"re_{number}"),)) for number in range(rows))
        stand(learner, make_truth(*payments))
        browser.get(address)
        with CaptureQueriesContext(connection) as queries:
            browser.get(address)
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    "address", [SETTINGS, INVOICES, "/billing/change/", "/billing/cancel/", "/billing/checkout/return/"]
)
def test_these_pages_are_for_members(visitor: Client, db: None, address: str) -> None:
    assert visitor.get(address)["Location"] == f"/accounts/login/?next={address}"


@pytest.mark.parametrize("name", ["checkout", "checkout/check", "pause", "resume", "portal"])
def test_a_link_does_nothing(browser: Client, name: str) -> None:
    assert browser.get(f"/billing/{name}/").status_code == 405


@pytest.mark.parametrize("name", ["checkout", "change", "cancel", "pause", "resume", "portal"])
def test_a_form_of_another_site_does_nothing(learner: User, name: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(learner)
    assert client.post(f"/billing/{name}/").status_code == 403


def test_who_has_nothing_to_change_or_cancel_is_led_on(browser: Client, learner: User) -> None:
    assert browser.get("/billing/change/")["Location"] == "/pricing/"
    assert browser.get("/billing/cancel/")["Location"] == SETTINGS
    for name in ("resume", "pause", "portal"):
        response = browser.post(f"/billing/{name}/", {"months": "1"})
        assert response.status_code == 400
        assert "There is no subscription to change. Choose a plan first." in response.content.decode()


@pytest.mark.parametrize("months", ["0", "4", "x", ""])
def test_a_pause_that_cannot_be_is_refused_in_words(browser: Client, learner: User, months: str) -> None:
    stand(learner)
    response = browser.post("/billing/pause/", {"months": months})
    assert response.status_code == 400
    assert 'role="alert"' in response.content.decode()
    assert learner.subscriptions.get().state == State.ACTIVE


def test_without_a_way_to_pay_a_checkout_is_refused_next_to_the_plans(browser: Client) -> None:
    response = browser.post("/billing/checkout/", {"plan": "premium", "interval": "month", "provider": "stripe"})
    assert response.status_code == 400
    assert "There is no such way to pay. Choose from: none, at the moment." in response.content.decode()
    unknown = browser.post("/billing/checkout/", {"plan": "gold", "interval": "month", "provider": "stripe"})
    assert "There is no such plan. Choose from: free, premium, enterprise." in unknown.content.decode()


def test_an_address_that_is_not_confirmed_pays_nothing(db: None) -> None:
    client = Client()
    client.force_login(make_user(confirmed=False))
    response = client.post("/billing/checkout/", {"plan": "premium", "interval": "month", "provider": "stripe"})
    assert response.status_code == 403
    assert "Confirm your e-mail address before you pay" in response.content.decode()
    assert not Subscription.objects.exists()


def test_nobody_has_us_ask_a_provider_without_end(browser: Client) -> None:
    for _ in range(60):
        assert browser.post("/billing/resume/").status_code == 400
    assert browser.post("/billing/resume/").status_code == 429
