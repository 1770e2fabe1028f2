"""What the providers told is not kept for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from billing.models import EventState, ProviderEvent


def make_event(name: str, *, days: int, state: str = EventState.APPLIED) -> ProviderEvent:
    at = timezone.now() - timedelta(days=days)
    return ProviderEvent.objects.create(
        provider="stripe",
        event_id=name,
        kind="invoice.paid",
        happened_at=at,
        received_at=at,
        body={"email": "lea@howtoai.example"},
        digest=b"x" * 32,
        state=state,
    )


def test_what_was_told_long_ago_is_emptied_and_stays_in_the_ledger(
    db: None, capsys: pytest.CaptureFixture[str]
) -> None:
    make_event("old", days=91)
    make_event("aside", days=91, state=EventState.SET_ASIDE)
    make_event("failed", days=91, state=EventState.FAILED)
    make_event("new", days=89)
    call_command("forget_events")
    call_command("forget_events")
    assert capsys.readouterr().out == "Events emptied: 2.\nEvents emptied: 0.\n"
    empty = ProviderEvent.objects.filter(body={}).values_list("event_id", flat=True)
    assert set(empty) == {"old", "aside"}
    assert ProviderEvent.objects.count() == 4
