"""`/api/subscription` and what hangs on it: the names that others rely on, and every refusal."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from billing.models import Cause, State, Subscription
from billing.services.recording import Why, record
from tests.accounts.test_api_keys import make_key
from tests.billing.shoppers import PREMIUM, Shopper
from tests.billing.stripe_shop import pay
from tests.billing.truths import MONTH, NOON, make_payment, make_return, make_subscription, make_truth
from tests.factories import make_user
from tests.tutorials.callers import Caller, faults, refusal, words

FREE = {
    "plan": "free",
    "state": "active",
    "provider": None,
    "interval": None,
    "current_period_end": None,
    "cancel_at_period_end": False,
    "next": "You read everything that is free, for as long as you like.",
}


def test_who_has_none_has_what_is_free(learner: User) -> None:
    assert Caller(learner).get("subscription").json() == FREE


def test_one_subscribes_by_consenting_elsewhere(shopper: Shopper) -> None:
    caller = Caller(shopper.user)
    asked = caller.put("subscription", PREMIUM)
    assert asked.status_code == 202
    assert asked.json().keys() == {"state", "redirect_url"}
    assert asked.json()["state"] == "requires_action"
    assert caller.put("subscription", PREMIUM).json() == asked.json()
    assert Subscription.objects.count() == 1
    begun = caller.get("subscription").json()
    assert (begun["plan"], begun["state"], begun["current_period_end"]) == ("premium", "incomplete", None)
    assert begun["next"] == "Finish the payment at Stripe to begin."
    back = pay(asked.json()["redirect_url"]).headers["location"]
    assert back == "http://testserver/billing/checkout/return/?plan=premium&interval=month"
    shopper.hear()
    mine = caller.get("subscription").json()
    assert mine.keys() == FREE.keys()
    assert (mine["plan"], mine["state"], mine["provider"], mine["interval"]) == ("premium", "active", "stripe", "month")
    assert mine["current_period_end"].endswith("Z")
    assert not mine["cancel_at_period_end"]
    assert mine["next"].startswith("Renews on ")
    assert caller.put("subscription", PREMIUM).json() == mine


def test_to_free_is_to_cancel_and_the_plan_again_takes_that_back(shopper: Shopper) -> None:
    shopper.subscribe()
    caller = Caller(shopper.user)
    for _ in range(2):
        cancelled = caller.put("subscription", {"plan": "free"})
        assert cancelled.status_code == 200
        assert (cancelled.json()["state"], cancelled.json()["cancel_at_period_end"]) == ("cancelled", True)
        assert cancelled.json()["plan"] == "premium"
    for _ in range(2):
        again = caller.put("subscription", PREMIUM)
        assert (again.status_code, again.json()["state"]) == (200, "active")


def test_a_change_costs_what_the_preview_said(shopper: Shopper) -> None:
    shopper.subscribe()
    caller = Caller(shopper.user)
    preview = caller.post("subscription/preview", {"plan": "premium", "interval": "year"}).json()
    assert preview.keys() == {
        *("changes", "due_now", "currency", "at_once", "next_payment", "next_payment_at", "agreed"),
    }
    assert (preview["changes"], preview["currency"], preview["next_payment"]) == (True, "USD", 50_000)
    assert caller.get("subscription").json()["interval"] == "month"
    wish = PREMIUM | {"interval": "year", "agreed": preview["agreed"]}
    assert caller.put("subscription", wish).json()["interval"] == "year"
    assert caller.get("subscription/invoices").json()["results"][0]["total"] == preview["due_now"]
    assert caller.post("subscription/preview", {"plan": "premium", "interval": "year"}).json() == {"changes": False}


def test_a_pause_is_a_state(shopper: Shopper) -> None:
    shopper.subscribe()
    caller = Caller(shopper.user)
    for _ in range(2):
        assert caller.put("subscription/pause", {"months": 1}).json()["state"] == "paused"
    for _ in range(2):
        assert caller.delete("subscription/pause").json()["state"] == "active"
    caller.put("subscription", {"plan": "free"})
    assert caller.delete("subscription/pause").json()["state"] == "cancelled"


@pytest.mark.parametrize(
    ("wish", "fault"),
    [
        ({}, ("plan", "required")),
        ({"plan": 7}, ("plan", "invalid")),
        ({"plan": "gold"}, ("plan", "unknown_plan")),
        ({"plan": "enterprise"}, ("plan", "by_contract")),
        ({"plan": "free"}, ("plan", "nothing_to_cancel")),
        ({"plan": "premium", "interval": "week"}, ("interval", "unknown_interval")),
        ({"plan": "premium", "provider": "bank"}, ("provider", "unknown_provider")),
        ({"plan": "premium", "agreed": "x"}, ("agreed", "too_old")),
        ({"plan": "premium", "state": "active"}, ("state", "not_changeable")),
        ({"plan": "premium", "return_url": "https://evil.example"}, ("return_url", "not_changeable")),
    ],
)
def test_a_wish_that_cannot_be_is_told_by_field(learner: User, wish: dict[str, Any], fault: tuple[str, str]) -> None:
    assert fault in faults(Caller(learner).put("subscription", wish))
    assert not Subscription.objects.exists()


def test_both_doors_refuse_in_the_same_words(learner: User) -> None:
    wish = {"plan": "gold", "interval": "month", "provider": "stripe"}
    said = words(Caller(learner).put("subscription", wish))["plan"]
    client = Client()
    client.force_login(learner)
    assert said in client.post("/billing/checkout/", wish).content.decode()


def test_without_a_subscription_there_is_nothing_to_preview_or_pause(learner: User) -> None:
    caller = Caller(learner)
    fault = {("plan", "nothing_to_change")}
    assert faults(caller.post("subscription/preview", {"plan": "premium", "interval": "year"})) == fault
    assert faults(caller.put("subscription/pause", {"months": 1})) == fault
    assert faults(caller.delete("subscription/pause")) == fault
    for months in (0, 4):
        assert faults(caller.put("subscription/pause", {"months": months})) == {("months", "out_of_range")}
    for nonsense in ("1", True, None):
        assert {field for field, _ in faults(caller.put("subscription/pause", {"months": nonsense}))} == {"months"}


def test_a_provider_that_is_away_is_a_503(learner: User, settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_" + "0" * 24
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    record(make_subscription(learner), make_truth(), Why(Cause.PROVIDER))
    answer = Caller(learner).put("subscription", {"plan": "free"})
    assert refusal(answer) == (503, "unavailable")
    assert answer["Retry-After"] == "60"
    assert "Stripe does not answer just now." in answer.json()["detail"]
    assert learner.subscriptions.get().state == State.ACTIVE


def test_nobody_is_sent_where_no_provider_is(shopper: Shopper, settings: Any) -> None:
    settings.PAYMENT_PAGE_ORIGINS = ["https://checkout.stripe.com"]
    assert refusal(Caller(shopper.user).put("subscription", PREMIUM)) == (503, "unavailable")


def test_an_address_that_is_not_confirmed_pays_nothing(db: None) -> None:
    assert refusal(Caller(make_user(confirmed=False)).put("subscription", PREMIUM)) == (403, "permission_denied")


def test_invoices_say_all_that_was_paid_and_went_back(learner: User) -> None:
    went_back = make_payment(1, returns=(make_return(2_000, NOON + MONTH),), tax=798, pdf_url="https://a.example/pdf")
    record(make_subscription(learner), make_truth(make_payment(), went_back), Why(Cause.PROVIDER))
    latest, first = Caller(learner).get("subscription/invoices").json()["results"]
    assert latest == {
        "id": latest["id"],
        "number": "A-1",
        "provider": "stripe",
        "plan": "premium",
        "status": "paid",
        "currency": "USD",
        "total": 5000,
        "tax": 798,
        "amount_paid": 5000,
        "amount_refunded": 2000,
        "period_start": "2026-12-01T12:00:00Z",
        "period_end": "2026-12-31T12:00:00Z",
        "issued_at": "2026-12-01T12:00:00Z",
        "paid_at": "2026-12-01T12:00:00Z",
        "hosted_url": "",
        "pdf_url": "https://a.example/pdf",
        "refunds": [{"kind": "refund", "amount": 2000, "at": "2026-12-01T12:00:00Z"}],
    }
    assert (first["number"], first["refunds"]) == ("A-0", [])


def test_invoices_are_paged_and_nobody_elses(learner: User, stranger: User) -> None:
    record(make_subscription(learner), make_truth(*map(make_payment, range(5))), Why(Cause.PROVIDER))
    caller = Caller(learner)
    page = caller.get("subscription/invoices?page_size=3").json()
    rest = caller.client.get(page["next"]).json()
    assert [row["number"] for row in page["results"] + rest["results"]] == ["A-4", "A-3", "A-2", "A-1", "A-0"]
    assert Caller(stranger).get("subscription/invoices").json()["results"] == []
    assert ("cursor", "invalid") in faults(caller.get("subscription/invoices?cursor=x"))


def test_twice_the_invoices_take_the_same_queries(learner: User) -> None:
    counts, caller, subscription = [], Caller(learner), make_subscription(learner)
    for rows in (3, 6):
        payments = (make_payment(number, returns=(make_return(1, reference=f"re_{number}"),)) for number in range(rows))
        record(subscription, make_truth(*payments), Why(Cause.PROVIDER))
        caller.get("subscription/invoices")
        with CaptureQueriesContext(connection) as queries:
            assert len(caller.get("subscription/invoices").json()["results"]) == rows
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_visitors_have_no_subscription(db: None) -> None:
    visitor = Caller()
    for refused in (
        visitor.get("subscription"),
        visitor.put("subscription", PREMIUM),
        visitor.post("subscription/preview", {"plan": "premium"}),
        visitor.put("subscription/pause", {"months": 1}),
        visitor.delete("subscription/pause"),
        visitor.get("subscription/invoices"),
    ):
        assert refused.status_code == 401


@pytest.mark.parametrize("scopes", [["billing:read"], ["read"], ["write"]])
def test_a_key_reads_and_changes_nothing(learner: User, scopes: list[str]) -> None:
    headers = {"Authorization": f"Api-Key {make_key(learner, scopes=scopes).text}"}
    client = Client()
    assert client.get("/api/subscription", headers=headers).json() == FREE
    assert client.get("/api/subscription/invoices", headers=headers).status_code == 200
    for method, path in (("put", ""), ("post", "/preview"), ("put", "/pause"), ("delete", "/pause")):
        refused = getattr(client, method)(
            f"/api/subscription{path}", PREMIUM, content_type="application/json", headers=headers
        )
        assert refusal(refused) == (403, "api_key_refused")


def test_a_key_without_the_scope_reads_nothing(learner: User) -> None:
    headers = {"Authorization": f"Api-Key {make_key(learner, scopes=['tutorials:read']).text}"}
    assert refusal(Client().get("/api/subscription", headers=headers)) == (403, "missing_scope")
