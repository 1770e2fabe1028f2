"""Events that happened, as rows; and what says that their hours are to be counted."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from analytics.events import AudienceOf, Event, Name
from analytics.models import Audience, DirtyHour, Segment
from common.identities import new_id, time_of_id
from common.partitions import by_month

MONTHS = by_month("analytics_useranalytics")
INSERT = """
INSERT INTO analytics_useranalytics (id, at, user_id, visitor, audience_id, name, subject, source, properties)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)  # a Monday
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
VISITOR = AudienceOf("visitor", "", "desktop", "Firefox", "Linux")
FREE = VISITOR._replace(tier="free")


def an_event(name: str = Name.PAGE_VIEW, subject: str = "/", *, at: datetime = NOON, **fields: Any) -> Event:
    """Of nobody who is known, unless `user_id` or `visitor` (a negative number) says so."""
    audience = fields.pop("audience", FREE if "user_id" in fields else VISITOR)
    identity = new_id(int(at.timestamp() * 1000))
    return Event(name, subject, audience=audience, id=identity, **fields)


def at(event: Event, moment: datetime) -> Event:
    return replace(event, id=new_id(int(moment.timestamp() * 1000)))


def come_in(*events: Event) -> None:
    """As the consumer does it: each once, however often it comes, and their hours become dirty."""
    known: dict[AudienceOf, int] = {}
    with connection.cursor() as cursor:
        for event in events:
            moment = time_of_id(event.id)
            MONTHS.ensure(cursor, moment.date())
            if event.audience not in known:
                known[event.audience] = audience_id(event.audience)
            values: list[Any] = [event.id, moment, event.user_id, event.visitor, known[event.audience], event.name]
            cursor.execute(INSERT, [*values, event.subject, event.source, json.dumps(dict(event.properties))])
    mark_dirty(events)


def mark_dirty(events: Iterable[Event]) -> None:
    hours = {time_of_id(event.id).replace(minute=0, second=0, microsecond=0) for event in events}
    DirtyHour.objects.bulk_create(DirtyHour(hour=hour) for hour in hours)


def audience_id(audience: AudienceOf) -> int:
    segment, _ = Segment.objects.get_or_create(tier=audience.tier, country=audience.country, device=audience.device)
    row, _ = Audience.objects.get_or_create(segment=segment, browser=audience.browser, system=audience.system)
    return int(row.pk)
