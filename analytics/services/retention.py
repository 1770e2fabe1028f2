"""Which events are still there, and letting go of months that are over."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from analytics.days import span_of
from analytics.models import DailyCount, DeadLetter
from analytics.models.counts import EVERYBODY, Dimension
from common.partitions import by_month

logger = logging.getLogger(__name__)
MONTHS = by_month("analytics_useranalytics")
# So long somebody may look at what the database refused, and try it again; it may name a person.
DEAD_LETTERS_KEPT = timedelta(days=30)
WAITING = "SELECT EXISTS (SELECT FROM analytics_dirtyhour WHERE hour >= %s AND hour < %s)"


def oldest_kept(now: datetime) -> date:
    """The first day (UTC) of which single events are kept: ANALYTICS_MONTHS whole months, and the running one."""
    month = now.astimezone(UTC).date().replace(day=1)
    for _ in range(settings.ANALYTICS_MONTHS):
        month = (month - timedelta(days=1)).replace(day=1)
    return month


def is_gone(day: date, now: datetime) -> bool:
    """Whether events of a day may have been dropped, so that it cannot be counted anew."""
    start, end = span_of(day)
    if start.date() < oldest_kept(now):
        return True
    months = {start.date().replace(day=1), (end - timedelta(microseconds=1)).date().replace(day=1)}
    with connection.cursor() as cursor:
        is_whole = all(MONTHS.exists(cursor, month) for month in months)
    # Where nothing ever came in, there is no month; where it was counted, there was one.
    return not is_whole and DailyCount.objects.filter(dimension=Dimension.SITE, segment=EVERYBODY, day=day).exists()


def forget_dead_letters(now: datetime) -> int:
    """Returns how many there were."""
    forgotten, _ = DeadLetter.objects.filter(set_aside_at__lt=now - DEAD_LETTERS_KEPT).delete()
    return forgotten


def drop_months(now: datetime) -> Iterator[date]:
    """Drop the events of months that are over for longer than they are kept; yields the first day of each.

    One of which something waits to be counted stays until that is done.
    """
    oldest = oldest_kept(now)
    with connection.cursor() as cursor:
        months = [month for month in MONTHS.days(cursor) if month < oldest]
    for month in months:
        if drop_month(month):
            yield month
        else:
            logger.warning("events of %s wait to be counted, so they are not dropped yet", f"{month:%B %Y}")


@transaction.atomic
def drop_month(month: date) -> bool:
    """Whether nothing of it waits; then it is gone."""
    with connection.cursor() as cursor:
        if is_waited_for(cursor, month):
            return False
        # The whole before the part, as all others lock them. Nobody can add to it from here on.
        cursor.execute(f'LOCK TABLE ONLY "{MONTHS.table}" IN ACCESS EXCLUSIVE MODE')
        cursor.execute(f'LOCK TABLE "{MONTHS.name_of(month)}" IN ACCESS EXCLUSIVE MODE')
        if is_waited_for(cursor, month):
            return False
        MONTHS.drop(cursor, month)
    return True


def is_waited_for(cursor: Any, month: date) -> bool:
    start = datetime(month.year, month.month, 1, tzinfo=UTC)
    following = MONTHS.next_day(month)
    end = datetime(following.year, following.month, 1, tzinfo=UTC)
    cursor.execute(WAITING, [start, end])
    found: bool = cursor.fetchone()[0]
    return found
