"""What it costs: the plans as data, whoever looks, and the way to us for more than one seat."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from billing.models import ContactRequest, Plan, Price, State
from tests.billing.truths import make_subscription, premium
from tests.clients import signed_in
from tests.counterparts.process import PAYPAL_CLIENT, PAYPAL_WEBHOOK, STRIPE_KEY, STRIPE_SECRET
from tests.factories import make_grant, make_user
from tutorials.models import Tutorial

PRICING, ENTERPRISE = "/pricing/", "/billing/enterprise/"
ASKED = {"name": "Tia Team", "email": "tia@team.example", "organisation": "Team", "seats": "12", "message": "Hello."}


@pytest.fixture
def providers(settings: Any) -> None:
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRETS = STRIPE_KEY, [STRIPE_SECRET]
    settings.PAYPAL_CLIENT_ID, settings.PAYPAL_CLIENT_SECRET = PAYPAL_CLIENT
    settings.PAYPAL_WEBHOOK_ID = PAYPAL_WEBHOOK


def page_of(client: Client, address: str = PRICING) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_a_visitor_sees_every_plan_and_what_it_costs(visitor: Client) -> None:
    page = page_of(visitor)
    for words in ("Free", "Premium", "Enterprise", "$50</span> a month", "$500</span> a year", "By contract"):
        assert words in page
    assert "$100 less than twelve single months" in page
    assert "every premium tutorial and track" in page.lower()
    assert f'href="/accounts/signup/?next={PRICING}"' in page
    assert "Pay by card" not in page
    assert "Your plan" not in page


def test_what_staff_change_is_what_stands_there(visitor: Client) -> None:
    old = premium()
    Price.objects.filter(pk=old.pk).update(retired_at=timezone.now())
    Price.objects.create(plan=old.plan, interval="month", amount=4999, version=2)
    Plan.objects.filter(code="premium").update(benefits=["Everything, twice"])
    page = page_of(visitor)
    assert "$49.99</span> a month" in page
    assert "$50</span>" not in page
    assert "$99.88 less than twelve single months" in page
    assert "Everything, twice" in page


def test_a_year_that_saves_nothing_promises_nothing(visitor: Client) -> None:
    Price.objects.filter(pk=premium("year").pk).update(amount=60_000)
    assert "less than twelve" not in page_of(visitor)


def test_it_says_what_happens_then(visitor: Client) -> None:
    page = page_of(visitor)
    assert "You keep Premium to the end of what you have paid, and nothing more is charged." in page
    assert "you keep Premium for 7 days after the paid time" in page
    assert "Pause for up to 3 months." in page


@pytest.mark.parametrize(("query", "chosen"), [("", "month"), ("?interval=year", "year"), ("?interval=x", "month")])
def test_one_interval_is_chosen_at_first(visitor: Client, query: str, chosen: str) -> None:
    page = page_of(visitor, PRICING + query)
    assert page.count("checked") == 1
    assert f'value="{chosen}" form="buy-premium" checked' in page


def test_a_member_pays_each_way_that_is_set_up(learner: User, providers: None, settings: Any) -> None:
    page = page_of(signed_in(learner))
    assert "Pay by card" in page
    assert "Pay with PayPal" in page
    settings.PAYPAL_CLIENT_ID = ""
    page = page_of(signed_in(learner))
    assert "Pay by card" in page
    assert "Pay with PayPal" not in page


def test_without_a_way_to_pay_nothing_is_offered(learner: User) -> None:
    page = page_of(signed_in(learner))
    assert "Premium cannot be bought just now" in page
    assert 'type="submit" name="provider"' not in page


def test_who_has_not_confirmed_the_address_does_so_first(providers: None, db: None) -> None:
    page = page_of(signed_in(make_user(confirmed=False)))
    assert "First <a" in page
    assert 'type="submit" name="provider"' not in page


def test_ones_own_plan_is_marked(learner: User, providers: None) -> None:
    client = signed_in(learner)
    assert 'id="plan-free"> Free <span class="tag">Your plan</span>' in page_of(client)
    make_subscription(learner, state=State.ACTIVE, reference="sub_1")
    page = page_of(client)
    assert 'id="plan-premium"> Premium <span class="tag">Your plan</span>' in page
    assert page.count("Your plan") == 1
    assert "You pay $50 a month." in page
    assert 'type="submit" name="provider"' not in page


def test_who_can_read_already_is_told_so(learner: User) -> None:
    make_grant(learner, source="gift")
    assert "You can read Premium without paying. It was given to you." in page_of(signed_in(learner))


@pytest.mark.parametrize("pretended", [True, False])
def test_pretended_payments_are_called_so(visitor: Client, db: None, settings: Any, pretended: bool) -> None:
    settings.PAYMENTS_ARE_PRETENDED = pretended
    for address in (PRICING, ENTERPRISE):
        assert ("Test payments: no money moves." in page_of(visitor, address)) == pretended


def test_more_plans_take_no_more_queries(learner: User, providers: None) -> None:
    client = signed_in(learner)
    client.get(PRICING)
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            client.get(PRICING)
        counts.append(len(queries))
        for number in range(3):
            plan = Plan.objects.create(code=f"more-{len(counts)}-{number}", name="More", summary="x", position=9)
            Price.objects.create(plan=plan, interval="month", amount=100, version=1)
    assert counts[0] == counts[1]


def test_the_gate_of_a_premium_tutorial_leads_to_the_prices(visitor: Client, premium_tutorial: Tutorial) -> None:
    page = page_of(visitor, premium_tutorial.get_absolute_url())
    assert "Premium is $50 a month." in page
    assert f'href="{PRICING}">See what Premium costs' in page
    assert f"/accounts/login/?next={premium_tutorial.get_absolute_url().replace('/', '%2F')}" in page


def test_the_start_page_says_the_price_in_one_line(visitor: Client, tutorial: Tutorial) -> None:
    assert "Premium opens the rest for $50 a month." in page_of(visitor, "/")


def test_somebody_asks_for_seats_and_it_reaches_our_staff(
    visitor: Client,
    db: None,
    settings: Any,
    mailoutbox: list[EmailMultiAlternatives],
    django_capture_on_commit_callbacks: Any,
) -> None:
    settings.STAFF_EMAIL = "sales@howtoai.example"
    with django_capture_on_commit_callbacks(execute=True):
        response = visitor.post(ENTERPRISE, ASKED, follow=True)
    assert response.redirect_chain == [(PRICING, 302)]
    assert "It is with us. We answer by mail." in response.content.decode()
    request = ContactRequest.objects.get()
    assert (request.organisation, request.seats, request.email) == ("Team", 12, "tia@team.example")
    (letter,) = mailoutbox
    assert letter.to == ["sales@howtoai.example"]
    assert letter.extra_headers["Reply-To"] == "tia@team.example"
    assert letter.subject == "Team asks for 12 seats"
    assert "Hello." in str(letter.body)


def test_staff_find_it_in_the_admin(admin: User) -> None:
    request = ContactRequest.objects.create(name="Tia", email="tia@team.example", organisation="Team", seats=12)
    client = signed_in(admin)
    assert "Team" in client.get("/admin/billing/contactrequest/").content.decode()
    assert client.get(f"/admin/billing/contactrequest/{request.pk}/change/").status_code == 200


def test_a_member_need_not_type_who_they_are(learner: User) -> None:
    page = page_of(signed_in(learner), ENTERPRISE)
    assert 'value="Lea Learner"' in page
    assert f'value="{learner.email}"' in page


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seats": "0"}, "greater than or equal to 1"),
        ({"seats": "1000000"}, "less than or equal to 100000"),
        ({"email": "tia"}, "valid email address"),
        ({"organisation": " "}, "required"),
        ({"organisation": "Team\nBcc: all"}, "Control characters are not allowed."),
        ({"name": "Tia \u202emaeT"}, "Use letters, digits and signs on one line."),
        ({"message": "x" * 4001}, "at most 4000 characters"),
    ],
)
def test_what_cannot_be_is_said_at_the_field(visitor: Client, db: None, changes: dict[str, str], words: str) -> None:
    response = visitor.post(ENTERPRISE, ASKED | changes)
    assert response.status_code == 200
    assert words in response.content.decode()
    assert not ContactRequest.objects.exists()


def test_nobody_asks_without_end(visitor: Client, db: None) -> None:
    for _ in range(5):
        assert visitor.post(ENTERPRISE, ASKED).status_code == 302
    refused = visitor.post(ENTERPRISE, ASKED)
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0
    assert ContactRequest.objects.count() == 5
