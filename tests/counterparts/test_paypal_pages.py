"""The pages to which the stand-in for PayPal sends buyers."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.counterparts.merchants import CONTEXT, Merchant, link_to
from tests.counterparts.process import Counterparts


@pytest.fixture
def merchant(paypal: Counterparts) -> Iterator[Merchant]:
    with Merchant(paypal) as merchant:
        yield merchant


def test_a_buyer_sees_what_is_bought_agrees_and_comes_back(merchant: Merchant) -> None:
    made = merchant.ask()
    page = merchant.client.get(link_to(made, "approve"))
    assert page.status_code == 200
    for words in ("Stand-in for PayPal. No money moves here.", "Premium by the month", "50.00 USD, every month"):
        assert words in page.text
    answer = merchant.client.post(link_to(made, "approve"), data={"decision": "agree", "wallet": "works"})
    assert answer.status_code == 302
    place = urlsplit(answer.headers["Location"])
    assert f"{place.scheme}://{place.netloc}{place.path}" == "http://testserver/billing/return/"
    names = parse_qs(place.query)
    assert names["subscription_id"] == [made["id"]]
    assert names["ba_token"][0].startswith("BA-")
    assert set(names) == {"x", "subscription_id", "ba_token", "token"}
    shown = merchant.show(made["id"])
    assert (shown["status"], shown["subscriber"]["email_address"]) == ("ACTIVE", "buyer@example.com")


def test_whoever_cancels_comes_back_with_nothing_bought(merchant: Merchant) -> None:
    made = merchant.ask()
    answer = merchant.client.post(link_to(made, "approve"), data={"decision": "cancel"})
    assert answer.headers["Location"].startswith("http://testserver/pricing/?subscription_id=")
    assert merchant.show(made["id"])["status"] == "APPROVAL_PENDING"


def test_a_wallet_that_is_refused_leaves_the_buyer_on_the_page(merchant: Merchant) -> None:
    made = merchant.ask()
    answer = merchant.client.post(link_to(made, "approve"), data={"decision": "agree", "wallet": "refused"})
    assert (answer.status_code, "This wallet was refused" in answer.text) == (200, True)
    assert merchant.show(made["id"])["status"] == "APPROVAL_PENDING"


def test_a_change_is_agreed_to_on_a_page_too(merchant: Merchant) -> None:
    product = merchant.make_product()
    name = merchant.subscribe(merchant.make_plan(product=product))
    other = merchant.make_plan(product=product, name="Premium, otherwise")
    asked = merchant.do(name, "revise", expect=200, plan_id=other, application_context=CONTEXT)
    assert "/subscriptions/update?ba_token=" in link_to(asked, "approve")
    assert "Premium, otherwise" in merchant.client.get(link_to(asked, "approve")).text
    merchant.client.post(link_to(asked, "approve"), data={"decision": "agree"})
    assert merchant.show(name)["plan_id"] == other


def test_a_decision_is_made_once_and_in_time(paypal: Counterparts, merchant: Merchant) -> None:
    made, late = merchant.ask(), merchant.ask()
    merchant.client.post(link_to(made, "approve"), data={"decision": "agree", "wallet": "works"})
    assert merchant.client.post(link_to(made, "approve"), data={"decision": "agree"}).status_code == 404
    paypal.advance(hours=4)
    assert merchant.client.get(link_to(late, "approve")).status_code == 404
    assert merchant.client.get("/webapps/billing/subscriptions?ba_token=BA-NONE").status_code == 404


@pytest.mark.parametrize("url", ["http://evil.example/", "http://testserver.evil.example/", "https://testserver/"])
def test_the_page_leads_to_the_platform_only(merchant: Merchant, url: str) -> None:
    made = merchant.ask(application_context=CONTEXT | {"return_url": url})
    assert merchant.client.get(link_to(made, "approve")).status_code == 403
    assert merchant.client.post(link_to(made, "approve"), data={"decision": "agree"}).status_code == 403
    assert merchant.show(made["id"])["status"] == "APPROVAL_PENDING"


def test_a_buyer_stops_paying_in_their_account(merchant: Merchant) -> None:
    name = merchant.subscribe()
    path = f"/myaccount/autopay/connect/{name}"
    assert "Premium by the month" in merchant.client.get(path).text
    assert "fails" in merchant.client.post(path, data={"decision": "wallet", "wallet": "fails"}).text
    merchant.client.post(path, data={"decision": "cancel"})
    assert merchant.show(name)["status"] == "CANCELLED"


def test_a_payment_has_a_receipt(merchant: Merchant) -> None:
    sale = merchant.transactions(merchant.subscribe())[0]["id"]
    assert "50.00 USD" in merchant.client.get(f"/activity/payment/{sale}").text
    assert merchant.client.get("/activity/payment/NONE").status_code == 404


def test_the_pages_have_a_style(paypal: Counterparts) -> None:
    assert paypal.client.get("/style.css").headers["Content-Type"] == "text/css"
