"""In which tier somebody is, for analytics, which counts pages by it."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef

from accounts.querysets import ask_along
from analytics.audiences import tell_tiers
from analytics.events import Tier
from billing.access import levels_open_to
from billing.levels import PREMIUM
from billing.models import AccessGrant

# Found with the session of whoever is signed in, so that no page asks the database once more.
ATTRIBUTE = "reads_premium"


def reads_premium(user: str) -> Exists:
    return Exists(AccessGrant.objects.in_force_now().filter(user=OuterRef(user), level=PREMIUM))


def tier_of(user: Any) -> str:
    """Without a session, as with an API key, it is asked for."""
    found = getattr(user, ATTRIBUTE, None)
    if found is None:
        found = PREMIUM in levels_open_to(user)
    return Tier.PREMIUM if found else Tier.FREE


ask_along(ATTRIBUTE, reads_premium)
tell_tiers(tier_of)
