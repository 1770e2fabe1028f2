"""Goals and funnels: what staff define is counted from then on, and for the time before as far as it goes quickly."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from analytics.days import day_of, start_of
from analytics.models import DailyCount, DirtyHour, Funnel, Goal
from analytics.models.counts import Dimension

# So far back a new definition is counted by itself; `roll_up_analytics --from` goes further.
DAYS_BACK = 90
DIMENSIONS = {Goal: (Dimension.GOAL, Dimension.GOAL_PAGE), Funnel: (Dimension.FUNNEL,)}


@transaction.atomic
def define(definition: Goal | Funnel) -> None:
    """Keep a definition, new or changed, and have the days before counted anew. Raises ValidationError by field."""
    definition.full_clean()
    definition.save()
    counts_of(definition).delete()
    today = day_of(timezone.now())
    # One hour is enough for its day.
    DirtyHour.objects.bulk_create(
        DirtyHour(hour=start_of(today - timedelta(days=number))) for number in range(DAYS_BACK)
    )


@transaction.atomic
def forget(definition: Goal | Funnel) -> None:
    """With all that was counted of it."""
    counts_of(definition).delete()
    definition.delete()


def counts_of(definition: Goal | Funnel) -> QuerySet[DailyCount]:
    dimensions = DIMENSIONS[type(definition)]
    return DailyCount.objects.filter(dimension__in=dimensions, key__startswith=f"{definition.pk}|")
