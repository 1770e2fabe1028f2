"""Among whom an event counts: the tier of whoever is signed in, their device, and the country of their time zone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils import timezone

from analytics.agents import Agent
from analytics.countries import country_of
from analytics.events import AudienceOf, Tier


class Tiers:
    """How the tier of a member is told; who sells it knows."""

    tell: Callable[[Any], str] = staticmethod(lambda _user: Tier.FREE)


def tell_tiers(tell: Callable[[Any], str]) -> None:
    """`tell` gets the user of a request and answers FREE or PREMIUM. Pages ask it: it may make no query for them."""
    Tiers.tell = staticmethod(tell)  # type: ignore[method-assign]


def audience_of(user: Any | None, agent: Agent, time_zone: str = "") -> AudienceOf:
    """Of a member, or of a visitor (None). Without a time zone that of the member's settings is taken."""
    if user is None:
        tier: str = Tier.VISITOR
    else:
        tier = Tiers.tell(user)
        # Pages tell the time as it is where the person lives, so that is known.
        time_zone = time_zone or timezone.get_current_timezone_name()
    return AudienceOf(tier, country_of(time_zone), agent.device, agent.browser, agent.system)
