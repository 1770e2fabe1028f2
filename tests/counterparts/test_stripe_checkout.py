"""Somebody buys at Stripe's Checkout, as the stand-in shows it."""

from __future__ import annotations

from tests.counterparts.process import PLATFORM
from tests.counterparts.shop import START, Shop


def test_checkout_shows_what_is_bought_and_leads_home(shop: Shop) -> None:
    session = shop.open_checkout(client_reference_id="17", customer_email="lea@howtoai.example")
    assert session.url
    page = shop.counterparts.client.get(session.url)
    for words in ("No money moves here", "Premium", "$50.00 / month", "lea@howtoai.example", f"{PLATFORM}/pricing/"):
        assert words in page.text
    answer = shop.fill_in(session.url, card="works", name="Lea Learner", country="US", postal_code="10001")
    assert answer.status_code == 302
    assert answer.headers["location"] == f"{PLATFORM}/billing/return/?session={session.id}"
    session = shop.stripe.v1.checkout.sessions.retrieve(session.id, {"expand": ["subscription", "customer", "invoice"]})
    assert (session.status, session.payment_status, session.client_reference_id) == ("complete", "paid", "17")
    assert session.subscription.status == "active"
    assert session.customer.email == "lea@howtoai.example"
    assert session.invoice.amount_paid == 5000
    assert shop.kinds()[-1] == "checkout.session.completed"


def test_a_trial_costs_nothing_today(shop: Shop) -> None:
    session = shop.open_checkout(subscription_data={"trial_period_days": 7, "metadata": {"member": "17"}})
    assert "Free until 7 February 2026, 12:00 UTC" in shop.counterparts.client.get(str(session.url)).text
    shop.fill_in(session.url, card="works", email="lea@howtoai.example")
    session = shop.stripe.v1.checkout.sessions.retrieve(session.id, {"expand": ["subscription", "invoice"]})
    assert session.payment_status == "no_payment_required"
    subscription = session.subscription
    assert subscription.status == "trialing"
    assert subscription.metadata["member"] == "17"
    assert subscription.trial_end == int(START.timestamp()) + 7 * 24 * 3600
    assert (session.invoice.status, session.invoice.total) == ("paid", 0)


def test_a_declined_card_is_said_so_and_another_is_taken(shop: Shop) -> None:
    session = shop.open_checkout()
    answer = shop.fill_in(session.url, card="declined", email="lea@howtoai.example")
    assert answer.status_code == 422
    assert "Your card was declined." in answer.text
    assert shop.stripe.v1.subscriptions.list().data == []
    assert shop.fill_in(session.url, card="works", email="lea@howtoai.example").status_code == 302


def test_3_d_secure_is_approved_or_refused(shop: Shop) -> None:
    session = shop.open_checkout()
    bank = shop.fill_in(session.url, card="secure", email="lea@howtoai.example").headers["location"]
    assert "$50.00 to How-to-AI" in shop.counterparts.client.get(bank).text
    refused = shop.fill_in(bank, decision="refuse")
    assert "unable to authenticate" in refused.text
    assert shop.stripe.v1.subscriptions.list().data == []
    bank = shop.fill_in(session.url, card="secure", email="lea@howtoai.example").headers["location"]
    assert shop.fill_in(bank, decision="approve").headers["location"].startswith(PLATFORM)
    (subscription,) = shop.stripe.v1.subscriptions.list().data
    assert subscription.status == "active"


def test_a_promotion_code_takes_off_what_it_says(shop: Shop) -> None:
    coupon = shop.stripe.v1.coupons.create({"percent_off": 20, "duration": "once", "name": "Spring"})
    code = shop.stripe.v1.promotion_codes.create(
        {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "SPRING", "max_redemptions": 1}
    )
    session = shop.open_checkout(allow_promotion_codes=True)
    assert "This code is invalid." in shop.fill_in(session.url, do="apply", promotion_code="WINTER").text
    applied = shop.fill_in(session.url, do="apply", promotion_code="spring").text
    assert "-$10.00" in applied
    assert "$40.00" in applied
    shop.fill_in(session.url, do="pay", card="works", email="lea@howtoai.example")
    (invoice,) = shop.stripe.v1.invoices.list({"expand": ["data.discounts"]}).data
    assert (invoice.subtotal, invoice.total, invoice.amount_paid) == (5000, 4000, 4000)
    assert invoice.discounts[0].promotion_code == code.id
    shop.counterparts.advance(days=29)
    assert shop.stripe.v1.invoices.list().data[0].total == 5000
    again = shop.open_checkout(allow_promotion_codes=True)
    assert "This code is invalid." in shop.fill_in(again.url, do="apply", promotion_code="SPRING").text


def test_a_tax_id_is_kept_with_the_customer(shop: Shop) -> None:
    session = shop.open_checkout(tax_id_collection={"enabled": True}, automatic_tax={"enabled": True})
    shop.fill_in(
        session.url, card="works", email="a@b.example", tax_id_type="eu_vat", tax_id="DE123456789", country="DE"
    )
    session = shop.stripe.v1.checkout.sessions.retrieve(session.id)
    (told,) = session.customer_details.tax_ids
    assert (told.type, told.value) == ("eu_vat", "DE123456789")
    (tax_id,) = shop.stripe.v1.customers.tax_ids.list(str(session.customer)).data
    assert tax_id.value == "DE123456789"
    invoice = shop.stripe.v1.invoices.retrieve(str(session.invoice))
    assert [one.value for one in invoice.customer_tax_ids or []] == ["DE123456789"]


def test_a_session_ends_after_a_day(shop: Shop) -> None:
    session = shop.open_checkout()
    shop.counterparts.advance(hours=24)
    assert shop.stripe.v1.checkout.sessions.retrieve(session.id).status == "expired"
    assert shop.kinds()[-1] == "checkout.session.expired"
    assert shop.counterparts.client.get(str(session.url)).status_code == 410


def test_checkout_leads_to_no_stranger(shop: Shop) -> None:
    session = shop.open_checkout(success_url="https://elsewhere.example/")
    answer = shop.fill_in(session.url, card="works", email="lea@howtoai.example")
    assert answer.status_code == 403
