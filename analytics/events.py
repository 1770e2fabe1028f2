"""What can be counted, and what is said of each time it happens.

docs/analytics.md defines each name in words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import TextChoices

from common.identities import new_id


class Name(TextChoices):
    """Kinds of events; `subject` says of what in particular: a path, a tutorial, a feature."""

    PAGE_VIEW = "page_view", "a page was looked at"
    PAGE_LEFT = "page_left", "a page was left, with the attention it got"
    FEATURE = "feature", "a feature was used"
    TUTORIAL_PROGRESS = "tutorial_progress", "somebody came further in a tutorial"
    ENGAGEMENT = "engagement", "somebody took part in the community"
    SUBSCRIPTION = "subscription", "a subscription began, went on, changed or ended"
    SIGN_UP = "sign_up", "somebody signed up"
    KEPT_OUT = "kept_out", "requests that were not counted, by the reason"


# These are not done by somebody who is there: a provider renews a subscription, a bot is kept out.
NOT_THERE = (Name.SUBSCRIPTION, Name.KEPT_OUT)
# Whoever does nothing for so long comes anew afterwards.
VISIT_GAP = timedelta(minutes=30)

# What browsers and programs may send; all else only the platform itself knows.
FROM_OUTSIDE = frozenset({Name.PAGE_VIEW, Name.PAGE_LEFT, Name.FEATURE})


class Device(TextChoices):
    DESKTOP = "desktop", "desktop"
    PHONE = "phone", "phone"
    TABLET = "tablet", "tablet"
    PROGRAM = "program", "program"
    UNKNOWN = "", "unknown"


class Tier(TextChoices):
    VISITOR = "visitor", "visitor"
    FREE = "free", "free member"
    PREMIUM = "premium", "premium member"
    UNKNOWN = "", "unknown"


# As SQL, from the lowest to the highest: with the highest of a day somebody counts on it.
RANKED = f"ARRAY{[tier.value for tier in (Tier.UNKNOWN, Tier.VISITOR, Tier.FREE, Tier.PREMIUM)]}"


class AudienceOf(NamedTuple):
    """Among whom an event counts; what is not known is empty."""

    tier: str = ""
    # Of the time zone, ISO 3166-1 alpha-2.
    country: str = ""
    device: str = ""
    browser: str = ""
    system: str = ""


NOBODY_KNOWN = AudienceOf()


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened once. When it happened lies in its id, a UUID of version 7."""

    name: str
    subject: str = ""
    user_id: int | None = None
    # A browser on one day (analytics.visitors): a negative number, so that it is nobody's user_id.
    visitor: int | None = None
    audience: AudienceOf = NOBODY_KNOWN
    # Where a visit came from: another site's host, or the utm_source of a link. Empty within the site.
    source: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)
    id: UUID = field(default_factory=new_id)
