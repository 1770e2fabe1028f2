"""The same doors with PayPal: a change needs the member's consent there, and is not told of before it is so."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from billing.models import State
from tests.billing.paypal_shop import Shop
from tests.tutorials.callers import Caller

RETURN = "/billing/checkout/return/"
WAITS_FOR = {"plan": "premium", "interval": "year"}


@pytest.fixture
def browser(paypal: Shop, settings: Any) -> Client:
    settings.PAYMENT_PAGE_ORIGINS = [paypal.paypal.url]
    client = Client()
    client.force_login(paypal.user)
    return client


def page_of(client: Client, address: str, **query: str) -> str:
    response = client.get(address, query)
    assert response.status_code == 200, response.get("Location", "")
    return " ".join(response.content.decode().split())


def check(client: Client, **waits_for: str) -> str:
    """As somebody who does not want to wait for the news."""
    return client.post("/billing/checkout/check/", waits_for, follow=True).content.decode()


def agree(paypal: Shop, url: str) -> None:
    """On PayPal's page."""
    assert url.startswith(paypal.paypal.url)
    paypal.paypal.client.post(url, data={"decision": "agree", "wallet": "works"})


def subscribe(paypal: Shop, client: Client) -> None:
    wish = {"plan": "premium", "interval": "month", "provider": "paypal"}
    agree(paypal, client.post("/billing/checkout/", wish)["Location"])
    check(client)


def test_one_subscribes_cancels_and_takes_it_back(paypal: Shop, browser: Client) -> None:
    subscribe(paypal, browser)
    page = page_of(browser, "/billing/")
    assert "Renews on 28 February 2027 for $50." in page
    assert "<dd> PayPal" in page
    browser.post("/billing/cancel/")
    assert "Ends on 28 February 2027; until then you keep Premium." in page_of(browser, "/billing/")
    browser.post("/billing/resume/")
    assert paypal.user.subscriptions.get().state == State.ACTIVE
    assert page_of(browser, "/billing/invoices/").count('class="invoice__title"') == 1


def test_a_change_waits_for_consent_at_paypal(paypal: Shop, browser: Client) -> None:
    subscribe(paypal, browser)
    preview = browser.get("/billing/change/")
    page = " ".join(preview.content.decode().split())
    assert "The change takes effect on 28 February 2027; until then nothing is different." in page
    assert "<strong>Nothing</strong>" in page
    assert "PayPal asks you once more, on its own page." in page
    consent = browser.post("/billing/change/", WAITS_FOR | {"agreed": preview.context["agreed"]})["Location"]
    assert "Waiting for PayPal" in page_of(browser, RETURN, **WAITS_FOR)
    agree(paypal, consent)
    assert "Waiting for PayPal" in page_of(browser, RETURN, **WAITS_FOR)
    assert "Changes on 28 February 2027 to $500 a year." in check(browser, **WAITS_FOR)
    assert "Premium is yours" in page_of(browser, RETURN, **WAITS_FOR)


def test_the_api_says_where_to_consent_to_a_change(paypal: Shop, browser: Client) -> None:
    subscribe(paypal, browser)
    answer = Caller(paypal.user).put("subscription", WAITS_FOR)
    assert (answer.status_code, answer.json()["state"]) == (202, "requires_action")
    agree(paypal, answer.json()["redirect_url"])
    check(browser)
    assert Caller(paypal.user).get("subscription").json()["next"] == "Changes on 28 February 2027 to $500 a year."
