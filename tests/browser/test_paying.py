"""The ways to Premium: by Stripe, by PayPal, by a seat. The gate opens with the payment and closes to the second."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from billing.models import Contract, Subscription
from billing.services.offers import sync_plans
from common.middleware import policy
from tests.billing.organisations import make_organisation, token_to
from tests.browser.test_accessibility import sign_in
from tests.counterparts.process import PAYPAL_CLIENT, PAYPAL_WEBHOOK, STRIPE_KEY, STRIPE_SECRET, Counterparts
from tests.factories import make_tutorial, make_user

SECOND = timedelta(seconds=1)
MIDDLE = "The secret middle."
PREMIUM = "/tutorials/agents-and-tools/"


@pytest.fixture(autouse=True)
def both_providers(
    transactional_db: None, counterparts: Counterparts, live_server: Any, settings: Any, tmp_path: Path
) -> Iterator[None]:
    """The platform's Stripe and PayPal are the stand-ins, whose webhooks come at once."""
    authority = tmp_path / "paypal-ca.pem"
    authority.write_text(counterparts.control("paypal/authority"))
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRETS = STRIPE_KEY, [STRIPE_SECRET]
    settings.STRIPE_API_BASE, settings.PAYPAL_API_BASE = counterparts.stripe, counterparts.paypal
    settings.PAYPAL_CLIENT_ID, settings.PAYPAL_CLIENT_SECRET = PAYPAL_CLIENT
    settings.PAYPAL_WEBHOOK_ID, settings.PAYPAL_CA_FILE = PAYPAL_WEBHOOK, str(authority)
    settings.PAYMENT_PAGE_ORIGINS = [counterparts.url]
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    to_pages = directives | {"form-action": [*directives["form-action"], counterparts.url]}
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": to_pages}
    policy.cache_clear()
    counterparts.control("platform", url=live_server.url)
    sync_plans()
    counterparts.control("mode", mode="send")
    make_tutorial("Agents and tools", access="premium")
    yield
    policy.cache_clear()


@pytest.fixture
def member(transactional_db: None) -> User:
    return make_user(name="Lea Learner")


def expect_open(page: Page) -> None:
    page.goto(PREMIUM)
    expect(page.get_by_text(MIDDLE)).to_be_visible()


def expect_closed(page: Page) -> None:
    page.goto(PREMIUM)
    expect(page.get_by_role("heading", level=1)).to_have_text("Agents and tools")
    expect(page.get_by_text(MIDDLE)).to_have_count(0)


def expect_to_close_at(page: Page, person: User, end: datetime, clock: Any) -> None:
    """Open until the last second before, and not a second longer. A session of today would be over by then."""
    clock.move_to(end - SECOND, tick=False)
    page.context.clear_cookies()
    sign_in(page, person)
    expect_open(page)
    clock.move_to(end, tick=False)
    expect_closed(page)


def period_end(person: User) -> datetime:
    end = Subscription.objects.live().get(user=person).current_period_end
    assert end is not None
    return end


def test_by_stripe_cancelled_resumed_and_changed_to_the_year(page: Page, member: User, time_machine: Any) -> None:
    sign_in(page, member)
    expect_closed(page)
    page.get_by_role("link", name="See what Premium costs").click()
    page.get_by_role("button", name="Pay by card").click()
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("heading", name="Premium is yours")).to_be_visible()
    expect_open(page)

    page.goto("/billing/")
    expect(page.get_by_text("Visa ending in 4242")).to_be_visible()
    page.get_by_role("link", name="Cancel", exact=False).first.click()
    page.get_by_role("button", name="Cancel Premium").click()
    expect(page.get_by_text("Cancelled.", exact=False).first).to_be_visible()
    expect_open(page)
    page.goto("/billing/")
    page.get_by_role("button", name="Keep Premium after all").click()
    expect(page.get_by_text("It goes on.", exact=False).first).to_be_visible()

    page.get_by_role("link", name="Change the plan").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Change to $500 a year?")
    page.get_by_role("button", name="Change and pay").click()
    expect(page.get_by_text("for $500.").first).to_be_visible()
    assert period_end(member) > timezone.now() + timedelta(days=360)

    page.get_by_role("link", name="Cancel", exact=False).first.click()
    page.get_by_role("button", name="Cancel Premium").click()
    expect(page.get_by_text("Cancelled.", exact=False).first).to_be_visible()
    expect_to_close_at(page, member, period_end(member), time_machine)


def test_by_paypal(page: Page, member: User, time_machine: Any) -> None:
    sign_in(page, member)
    page.goto("/pricing/")
    page.get_by_role("button", name="Pay with PayPal").click()
    page.get_by_role("button", name="Agree and subscribe").click()
    expect(page.get_by_role("heading", name="Premium is yours")).to_be_visible()
    expect_open(page)
    page.goto("/billing/cancel/")
    page.get_by_role("button", name="Cancel Premium").click()
    expect(page.get_by_text("Cancelled.", exact=False).first).to_be_visible()
    expect_to_close_at(page, member, period_end(member), time_machine)


def test_whoever_comes_back_without_paying_is_told_so(page: Page, member: User) -> None:
    sign_in(page, member)
    page.goto("/pricing/")
    page.get_by_role("button", name="Pay by card").click()
    page.get_by_role("link", name="Back").click()
    expect(page).to_have_url(re.compile("/billing/checkout/cancelled/$"))
    expect_closed(page)


def test_the_page_waits_for_the_news_and_promises_nothing(page: Page, member: User, counterparts: Counterparts) -> None:
    counterparts.control("mode", mode="hold")
    sign_in(page, member)
    page.goto("/pricing/")
    page.get_by_role("button", name="Pay by card").click()
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("heading", name="Waiting for Stripe")).to_be_visible()
    expect_closed(page)
    page.go_back()
    counterparts.control("release")
    expect(page.get_by_role("heading", name="Premium is yours")).to_be_visible()
    expect_open(page)


def test_by_a_seat_of_an_organisation(page: Page, member: User, time_machine: Any) -> None:
    admin = make_user(role="administrator")
    owner = make_user(name="Olga Owner")
    organisation = make_organisation(owner, by=admin, seats=2, name="Example Ltd")
    sign_in(page, owner)
    page.goto(f"/billing/organisations/{organisation.slug}/")
    page.get_by_label("E-mail").fill(member.email)
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_text(member.email).first).to_be_visible()
    assert mail.outbox[-1].to == [member.email]

    page.context.clear_cookies()
    sign_in(page, member)
    expect_closed(page)
    page.goto(f"/billing/invitations/{token_to(member.email)}/")
    page.get_by_role("button", name="Join Example Ltd").click()
    expect_open(page)
    expect_to_close_at(page, member, Contract.objects.get().ends_at, time_machine)
