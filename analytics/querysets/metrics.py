"""Rules of alerts and what they found, by name."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet

if TYPE_CHECKING:
    from analytics.models import Alert, AlertRule, WeeklyReader  # noqa: F401 - in strings

MOST_TRIES = 8


class AlertRuleQuerySet(QuerySet["AlertRule"]):
    def awake(self, now: datetime) -> AlertRuleQuerySet:
        """Those that are looked at: active, and not told to be quiet for a while."""
        return self.filter(Q(snoozed_until__isnull=True) | Q(snoozed_until__lte=now), is_active=True)


class AlertQuerySet(QuerySet["Alert"]):
    def lasting(self) -> AlertQuerySet:
        return self.filter(ended_at__isnull=True)

    def unmailed(self) -> AlertQuerySet:
        return self.filter(mailed_at__isnull=True).exclude(rule__recipients=[])

    def unposted(self) -> AlertQuerySet:
        """Not tried too often yet."""
        return self.filter(posted_at__isnull=True, tries__lt=MOST_TRIES).exclude(rule__webhook_url="")


class WeeklyReaderQuerySet(QuerySet["WeeklyReader"]):
    def to_be_told(self, week: date) -> WeeklyReaderQuerySet:
        """Those who have not had the summary of this week, which begins on a Monday."""
        return self.filter(Q(told__isnull=True) | Q(told__lt=week)).order_by("pk")
