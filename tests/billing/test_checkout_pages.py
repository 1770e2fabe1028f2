"""From the prices to Stripe and back, and all that a member does with the subscription, at the real doors."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import User
from billing.access import PREMIUM, may_read
from billing.agreements import GOOD_FOR, seal, unseal
from billing.gateways.base import Preview
from billing.models import Cause, Plan, State, Subscription
from billing.payment_pages import require_payment_page
from billing.services.asking import AWAY, ProviderDown
from billing.services.offers import set_price, sync_plans
from billing.services.recording import Why, record
from billing.services.subscribing import CHANGED_MEANWHILE
from tests.billing.shoppers import Shopper
from tests.billing.stripe_shop import pay
from tests.billing.truths import DAY, make_subscription, make_truth
from tests.counterparts.process import Counterparts

RETURN = "/billing/checkout/return/"
HTMX = {"HX-Request": "true"}


def state_of(user: User) -> str:
    return user.subscriptions.latest("id").state


def test_one_pays_and_the_page_waits_until_it_is_recorded(shopper: Shopper) -> None:
    pay(shopper.begin())
    waiting = shopper.page(RETURN)
    assert "Waiting for Stripe" in waiting
    assert "Premium is yours" not in waiting
    assert not may_read(shopper.user, PREMIUM).allowed
    shopper.hear()
    assert may_read(shopper.user, PREMIUM).allowed
    there = shopper.page(RETURN)
    assert "Premium is yours" in there
    assert "for $50." in there
    assert "hx-get" not in there


def test_stripe_sends_them_back_to_our_page(shopper: Shopper) -> None:
    back = pay(shopper.begin()).headers["location"]
    assert back == f"http://testserver{RETURN}?plan=premium&interval=month"
    assert "Waiting for Stripe" in shopper.page(back.removeprefix("http://testserver"))


def test_the_page_asks_by_itself_and_answers_only_what_is_new(shopper: Shopper) -> None:
    begun = timezone.now()
    pay(shopper.begin())
    page = shopper.browser.get(RETURN)
    look = page.context["look"]
    assert f'hx-get="{look.replace("&", "&amp;")}"' in page.content.decode()
    assert shopper.browser.get(look, headers=HTMX).status_code == 204
    with time_machine.travel(begun + timedelta(seconds=12), tick=True):
        late = shopper.browser.get(look, headers=HTMX)
        assert "Check now" in late.content.decode()
        assert "<html" not in late.content.decode()
        look = late.context["look"]
        assert shopper.browser.get(look, headers=HTMX).status_code == 204
    with time_machine.travel(begun + timedelta(seconds=400), tick=True):
        tired = shopper.browser.get(look, headers=HTMX).content.decode()
        assert "Check now" in tired
        assert "hx-get" not in tired
    shopper.hear()
    assert "Premium is yours" in shopper.browser.get(look, headers=HTMX).content.decode()


def test_without_script_one_looks_again_and_may_then_ask(shopper: Shopper) -> None:
    shopper.begin()
    first = shopper.browser.get(RETURN)
    assert "Check now" not in first.content.decode()
    with time_machine.travel(timezone.now() + timedelta(seconds=12), tick=True):
        assert "Check now" in shopper.page(first.context["again"])


def test_news_that_does_not_come_is_asked_for(shopper: Shopper) -> None:
    url = shopper.begin()
    not_yet = shopper.browser.post("/billing/checkout/check/", {"since": "1"}, follow=True)
    assert "Stripe knows of no payment yet." in not_yet.content.decode()
    pay(url)
    found = shopper.browser.post("/billing/checkout/check/", {"plan": "premium", "interval": "month"}, follow=True)
    assert found.redirect_chain == [(f"{RETURN}?plan=premium&interval=month", 302)]
    assert "Premium is yours" in found.content.decode()
    assert may_read(shopper.user, PREMIUM).allowed


def test_a_checkout_that_was_begun_goes_on(shopper: Shopper) -> None:
    first = shopper.begin()
    assert shopper.begin() == first
    assert Subscription.objects.count() == 1
    assert "You have begun to pay $50 a month with Stripe." in shopper.page("/pricing/")
    assert shopper.begin(interval="year") != first


def test_who_comes_back_without_paying_is_told_so(shopper: Shopper) -> None:
    shopper.begin()
    page = shopper.page("/billing/checkout/cancelled/")
    assert "You came back without paying" in page
    assert "Go on to pay after all" in page


def test_there_is_nothing_to_wait_for_without_a_checkout(shopper: Shopper) -> None:
    assert "There is no payment under way" in shopper.page(RETURN)


def test_a_change_is_shown_to_the_cent_before_it_is_done(shopper: Shopper) -> None:
    shopper.subscribe()
    preview = shopper.browser.get("/billing/change/")
    page = " ".join(preview.content.decode().split())
    assert "Change to $500 a year?" in page
    assert "Now you pay $50 a month." in page
    due = preview.context["preview"].due_now
    assert 0 < due < 50_000
    assert f"Change and pay ${due // 100}" in page
    done = shopper.browser.post(
        "/billing/change/", {"plan": "premium", "interval": "year", "agreed": preview.context["agreed"]}, follow=True
    )
    assert done.redirect_chain == [("/billing/", 302)]
    assert "Changed. Renews on" in done.content.decode()
    subscription = shopper.user.subscriptions.get()
    assert subscription.price.interval == "year"
    assert subscription.invoices.latest("issued_at", "pk").total == due


def test_a_yes_to_something_else_or_too_late_changes_nothing(shopper: Shopper, stranger: User) -> None:
    shopper.subscribe()
    agreed = shopper.browser.get("/billing/change/").context["agreed"]
    for sent in ("", "x", agreed + "x"):
        again = shopper.browser.post("/billing/change/", {"plan": "premium", "interval": "year", "agreed": sent})
        assert again.status_code == 400
        assert "What it costs was reckoned a while ago. Look at it again." in again.content.decode()
        assert "Change to $500 a year?" in again.content.decode()
    assert shopper.user.subscriptions.get().price.interval == "month"


def test_an_agreement_is_good_for_one_member_one_change_and_a_while(learner: User, stranger: User) -> None:
    now = timezone.now()
    preview = Preview(due_now=-3, currency="USD", at=now, next_payment_at=now + DAY, next_payment=5, at_once=True)
    about = {"user": learner, "plan": "premium", "interval": "year"}
    agreed = seal(preview, **about)  # type: ignore[arg-type]
    assert unseal(agreed, **about) == preview  # type: ignore[arg-type]
    for other in ({"user": stranger}, {"plan": "free"}, {"interval": "month"}):
        with pytest.raises(ValidationError):
            unseal(agreed, **about | other)  # type: ignore[arg-type]
    with time_machine.travel(now + GOOD_FOR + DAY, tick=False), pytest.raises(ValidationError):
        unseal(agreed, **about)  # type: ignore[arg-type]


def test_one_cancels_with_a_reason_and_takes_it_back(shopper: Shopper) -> None:
    shopper.subscribe()
    page = shopper.page("/billing/cancel/")
    assert "Or only pause?" in page
    assert "and nothing more is charged" in page
    done = shopper.browser.post("/billing/cancel/", {"reason": "time", "comment": "Later."}, follow=True)
    assert done.redirect_chain == [("/billing/", 302)]
    assert "Nothing more will be charged." in done.content.decode()
    subscription = shopper.user.subscriptions.get()
    assert (subscription.state, subscription.leaving_reason, subscription.leaving_comment) == (
        State.CANCELLED,
        "time",
        "Later.",
    )
    assert may_read(shopper.user, PREMIUM).allowed
    back = shopper.browser.post("/billing/resume/", follow=True)
    assert "It goes on. Renews on" in back.content.decode()
    assert state_of(shopper.user) == State.ACTIVE


def test_a_reason_that_there_is_not_is_refused(shopper: Shopper) -> None:
    shopper.subscribe()
    refused = shopper.browser.post("/billing/cancel/", {"reason": "spite"})
    assert "spite is not one of the available choices" in refused.content.decode()
    assert state_of(shopper.user) == State.ACTIVE


def test_one_pauses_instead_and_goes_on(shopper: Shopper) -> None:
    shopper.subscribe()
    paused = shopper.browser.post("/billing/pause/", {"months": "2"}, follow=True)
    assert "Paused. Nothing is charged until" in paused.content.decode()
    assert state_of(shopper.user) == State.PAUSED
    assert "It goes on." in shopper.browser.post("/billing/resume/", follow=True).content.decode()
    assert state_of(shopper.user) == State.ACTIVE


def test_cards_are_changed_on_the_page_of_the_provider(shopper: Shopper) -> None:
    shopper.subscribe()
    response = shopper.browser.post("/billing/portal/")
    assert response.status_code == 302
    assert response["Location"].startswith(shopper.counterparts.url)


def test_who_pays_already_is_asked_about_the_change_first(shopper: Shopper) -> None:
    shopper.subscribe()
    response = shopper.browser.post("/billing/checkout/", {"plan": "premium", "interval": "year", "provider": "stripe"})
    assert response["Location"] == "/billing/change/?plan=premium&interval=year"


def test_what_somebody_has_already_is_no_change(shopper: Shopper) -> None:
    shopper.subscribe()
    response = shopper.browser.get("/billing/change/", {"plan": "premium", "interval": "month"}, follow=True)
    assert response.redirect_chain == [("/billing/", 302)]
    assert "That is what you have already." in response.content.decode()


@pytest.fixture
def dead_stripe(settings: Any) -> None:
    """Nobody listens there."""
    settings.STRIPE_SECRET_KEY = "sk_test_" + "0" * 24
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("address", "sent"),
    [
        ("/billing/cancel/", {}),
        ("/billing/pause/", {"months": "1"}),
        ("/billing/portal/", {}),
    ],
)
def test_a_provider_that_is_away_is_a_503_in_words_and_changes_nothing(
    learner: User, client: Any, dead_stripe: None, address: str, sent: dict[str, str]
) -> None:
    record(make_subscription(learner), make_truth(), Why(Cause.PROVIDER))
    client.force_login(learner)
    response = client.post(address, sent)
    assert response.status_code == 503
    assert int(response["Retry-After"]) > 0
    assert AWAY.format(provider="Stripe") in (response.content.decode())
    assert state_of(learner) == State.ACTIVE


def test_a_preview_that_cannot_be_had_is_a_503(learner: User, client: Any, dead_stripe: None) -> None:
    record(make_subscription(learner), make_truth(), Why(Cause.PROVIDER))
    client.force_login(learner)
    response = client.get("/billing/change/")
    assert response.status_code == 503
    assert "Stripe does not answer just now." in response.content.decode()


def test_nobody_is_sent_where_no_provider_is(shopper: Shopper, settings: Any) -> None:
    settings.PAYMENT_PAGE_ORIGINS = ["https://checkout.stripe.com"]
    response = shopper.browser.post(
        "/billing/checkout/", {"plan": "premium", "interval": "month", "provider": "stripe"}
    )
    assert response.status_code == 503
    assert "none of the payment provider" in response.content.decode()


@pytest.mark.parametrize(
    "url",
    [
        "https://checkout.stripe.com.evil.example/x",
        "https://checkout.stripe.com@evil.example/x",
        "https://evil.example/https://checkout.stripe.com",
        "http://checkout.stripe.com/x",
        "//checkout.stripe.com/x",
        "https://[x/",
        "javascript:alert(1)//https://checkout.stripe.com",
        "",
    ],
)
def test_an_address_that_only_looks_like_the_provider_s_is_refused(settings: Any, url: str) -> None:
    settings.PAYMENT_PAGE_ORIGINS = ["https://checkout.stripe.com"]
    assert require_payment_page("https://checkout.stripe.com/c/pay/1") == "https://checkout.stripe.com/c/pay/1"
    # Not even where one of ours is missing.
    for ours in (["https://checkout.stripe.com"], [""]):
        settings.PAYMENT_PAGE_ORIGINS = ours
        with pytest.raises(ProviderDown):
            require_payment_page(url)


def test_what_was_agreed_to_must_still_be_what_it_costs(shopper: Shopper, admin: User) -> None:
    """Staff change the price between the page and the yes: nobody pays what they were not shown."""
    shopper.subscribe()
    page = shopper.page("/billing/change/")
    agreed = re.search(r'name="agreed" value="([^"]+)"', page)
    assert agreed is not None
    set_price(plan=Plan.objects.get(code="premium"), interval="year", amount=90_000, by=admin)
    sync_plans()
    wish = {"plan": "premium", "interval": "year", "agreed": agreed.group(1)}
    response = shopper.browser.post("/billing/change/", wish)
    assert response.status_code == 400
    assert CHANGED_MEANWHILE in response.content.decode()
    assert shopper.user.subscriptions.get().price.interval == "month"
    assert shopper.user.invoices.count() == 1


@pytest.mark.parametrize("deed", ["cancel", "pause"])
def test_a_change_takes_back_neither_a_cancellation_nor_a_pause(shopper: Shopper, deed: str) -> None:
    shopper.subscribe()
    shopper.browser.post(f"/billing/{deed}/", {"months": "1"})
    before = shopper.user.subscriptions.get().state
    response = shopper.browser.post("/billing/change/", {"plan": "premium", "interval": "year"})
    assert response.status_code == 400
    assert shopper.user.subscriptions.get().state == before != "active"


def test_going_on_after_the_paid_time_says_what_it_charges(shopper: Shopper, counterparts: Counterparts) -> None:
    shopper.subscribe()
    shopper.browser.post("/billing/pause/", {"months": "2"})
    assert "Go on now" in shopper.page("/billing/")
    later = timezone.now() + timedelta(days=40)
    counterparts.stop_at(later)
    with time_machine.travel(later, tick=False):
        shopper.browser.force_login(shopper.user)
        assert "Go on and pay $50 now" in shopper.page("/billing/")
