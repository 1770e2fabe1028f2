"""What the gateway makes of objects of Stripe's that the stand-in never shows."""

from __future__ import annotations

from typing import Any

import pytest

from billing.gateways.stripe.invoices import period_of
from billing.gateways.stripe.truth import in_words, next_price_of, own_key_of, state_of
from billing.models import State


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("incomplete", State.INCOMPLETE),
        ("incomplete_expired", State.ENDED),
        ("trialing", State.TRIALING),
        ("active", State.ACTIVE),
        ("past_due", State.PAST_DUE),
        ("unpaid", State.PAST_DUE),
        ("paused", State.PAUSED),
        ("canceled", State.ENDED),
    ],
)
def test_each_status_is_a_state(status: str, state: State) -> None:
    plain = {"status": status, "cancel_at_period_end": False, "cancel_at": None, "pause_collection": None}
    assert state_of(plain) == state
    renews = status in ("trialing", "active")
    assert state_of(plain | {"cancel_at": 1_800_000_000}) == (State.CANCELLED if renews else state)
    collects = renews or status in ("past_due", "unpaid")
    assert state_of(plain | {"pause_collection": {"behavior": "void"}}) == (State.PAUSED if collects else state)


def test_what_staff_have_planned_for_later_is_the_next_price() -> None:
    def scheduled(*prices: str) -> dict[str, Any]:
        phases = [
            {"start_date": number, "end_date": number + 1, "items": [{"price": price}]}
            for number, price in enumerate(prices)
        ]
        return {"schedule": {"current_phase": {"start_date": 1, "end_date": 2}, "phases": phases}}

    assert next_price_of({"schedule": None}, "now") == ""
    assert next_price_of({"schedule": {"current_phase": None, "phases": []}}, "now") == ""
    assert next_price_of(scheduled("before", "now"), "now") == ""
    assert next_price_of(scheduled("before", "now", "now"), "now") == ""
    assert next_price_of(scheduled("before", "now", "next", "later"), "now") == "next"


@pytest.mark.parametrize(
    ("method", "words"),
    [
        ({}, ""),
        ({"type": "card", "card": {"brand": "visa", "last4": "4242"}}, "Visa ending in 4242"),
        ({"type": "card", "card": {"brand": "amex", "last4": "0005"}}, "American Express ending in 0005"),
        ({"type": "sepa_debit", "sepa_debit": {"last4": "3000"}}, "SEPA debit ending in 3000"),
        ({"type": "us_bank_account", "us_bank_account": {"last4": "6789"}}, "US bank account ending in 6789"),
        ({"type": "link", "link": {"email": "somebody@howtoai.example"}}, "Link"),
    ],
)
def test_every_way_to_pay_has_words(method: dict[str, Any], words: str) -> None:
    assert in_words(method) == words


@pytest.mark.parametrize(("metadata", "key"), [({}, None), ({"subscription": "12"}, 12), ({"subscription": "²"}, None)])
def test_our_key_is_a_number(metadata: dict[str, str], key: int | None) -> None:
    assert own_key_of({"metadata": metadata}) == key


def line(amount: int, end: int, *, by_hand: bool = False) -> dict[str, Any]:
    kind = "invoice_item_details" if by_hand else "subscription_item_details"
    return {"amount": amount, "period": {"start": 0, "end": end}, "parent": {"type": kind, kind: {"proration": False}}}


def test_an_invoice_is_for_the_longest_time_that_it_charges() -> None:
    lines = [line(-4900, 30), line(100, 30), line(5000, 60), line(900, 99, by_hand=True)]
    assert period_of(lines) == {"start": 0, "end": 60}
    assert period_of([line(0, 7)]) == {"start": 0, "end": 7}
    assert period_of([line(900, 99, by_hand=True)]) is None
