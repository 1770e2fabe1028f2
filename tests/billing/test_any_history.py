"""Whatever happens, and whatever is told of it, twice, late, in another order or not at all: what is paid is open.

Two thousand histories, a season of fifty at a time, so that the clocks need to be moved once for all of them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from billing.access import PREMIUM, may_read
from billing.models import AccessGrant, EventState, Invoice, ProviderEvent
from tests.billing.seasons import Member, Season
from tests.counterparts.process import STRIPE_KEY, STRIPE_SECRET, Counterparts

SEASONS = 9
MEMBERS = 50
STEPS = 5
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


@pytest.fixture
def both(db: None, paypal_keys: Counterparts, settings: Any) -> Counterparts:
    """The platform's Stripe and PayPal are the stand-ins."""
    settings.STRIPE_SECRET_KEY = STRIPE_KEY
    settings.STRIPE_WEBHOOK_SECRETS = [STRIPE_SECRET]
    settings.STRIPE_API_BASE = paypal_keys.stripe
    return paypal_keys


@pytest.mark.parametrize("seed", range(SEASONS))
def test_access_is_what_was_paid_for(both: Counterparts, time_machine: Any, seed: int) -> None:
    season = Season(both, time_machine, seed, members=MEMBERS)
    for _ in range(STEPS):
        season.step()
    season.end()
    for member in season.members:
        check(member)
    assert not ProviderEvent.objects.filter(state__in=(EventState.WAITING, EventState.FAILED)).exists()


def test_a_right_that_is_missing_or_too_long_would_be_found(both: Counterparts, time_machine: Any) -> None:
    season = Season(both, time_machine, 0, members=4)
    for each in season.members:
        season.subscribe(each)
    season.hear([event["id"] for event in season.news()])
    season.end()
    member = next(member for member in season.members if member.payments)
    check(member)
    paid = AccessGrant.objects.get(user=member.user, key__startswith="paid:")
    assert paid.ends_at is not None
    AccessGrant.objects.filter(pk=paid.pk).update(ends_at=paid.ends_at - SECOND)
    with pytest.raises(AssertionError, match="locked out"):
        check(member)
    AccessGrant.objects.filter(pk=paid.pk).update(ends_at=paid.ends_at + 8 * DAY)
    with pytest.raises(AssertionError, match="let in"):
        check(member)


def check(member: Member) -> None:
    story = "\n".join([member.provider, *member.story, *map(str, member.payments.values()), str(member.returned)])
    for at in moments(member):
        allowed = may_read(member.user, PREMIUM, at=at).allowed
        assert allowed or not member.must_read(at), f"locked out at {at}, who has paid:\n{story}"
        assert not allowed or member.can_read(at), f"let in at {at}, who has not paid:\n{story}"
    recorded = set(Invoice.objects.filter(user=member.user, status="paid").values_list("reference", flat=True))
    assert recorded == set(member.payments), story


def moments(member: Member) -> list[datetime]:
    """Each second at which something may begin or end, that before it, and some in between."""
    edges = {edge for paid in member.payments.values() for edge in (paid.at, paid.start, paid.end, paid.end + 7 * DAY)}
    edges |= set(member.returned.values())
    return sorted({at for edge in edges for at in (edge - SECOND, edge, edge + 3 * DAY)})
