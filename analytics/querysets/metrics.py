"""Rules of alerts and what they found, by name."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet

if TYPE_CHECKING:
    from analytics.models import Alert, AlertRule, WeeklyReader  # noqa: F401 - in strings

MOST_TRIES = 8
# After its end an alert is still told of: as often as it may be tried, with five minutes between.
STILL_NEWS = timedelta(hours=1)


class AlertRuleQuerySet(QuerySet["AlertRule"]):
    def awake(self, now: datetime) -> AlertRuleQuerySet:
        """Those that are looked at: active, and not told to be quiet for a while."""
        return self.filter(Q(snoozed_until__isnull=True) | Q(snoozed_until__lte=now), is_active=True)


class AlertQuerySet(QuerySet["Alert"]):
    def lasting(self) -> AlertQuerySet:
        return self.filter(ended_at__isnull=True)

    def news(self, now: datetime) -> AlertQuerySet:
        """Those that last, or did a short while ago: who is named by a rule today is told nothing of last month."""
        return self.filter(Q(ended_at__isnull=True) | Q(ended_at__gt=now - STILL_NEWS))

    def unmailed(self, now: datetime) -> AlertQuerySet:
        return self.news(now).filter(mailed_at__isnull=True).exclude(rule__recipients=[])

    def unposted(self, now: datetime) -> AlertQuerySet:
        """Not tried too often yet."""
        return self.news(now).filter(posted_at__isnull=True, tries__lt=MOST_TRIES).exclude(rule__webhook_url="")


class WeeklyReaderQuerySet(QuerySet["WeeklyReader"]):
    def to_be_told(self, week: date) -> WeeklyReaderQuerySet:
        """Those who have not had the summary of this week, which begins on a Monday."""
        return self.filter(Q(told__isnull=True) | Q(told__lt=week)).order_by("pk")
