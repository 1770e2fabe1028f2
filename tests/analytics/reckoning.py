"""What a day's events add up to, reckoned the plain way from docs/analytics.md: to hold the counts against."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from analytics.events import Event, Name
from common.identities import time_of_id

GAP = timedelta(minutes=30)
NOT_THERE = {Name.SUBSCRIPTION, Name.KEPT_OUT}


@dataclass(frozen=True)
class Day:
    events: int
    views: int
    visitors: int
    anonymous: int
    visits: int
    bounces: int
    seconds: int


def reckoned(events: Iterable[Event], zone: ZoneInfo) -> dict[date, Day]:
    """Events that came twice count once."""
    days: dict[date, dict[object, Event]] = {}
    for event in events:
        days.setdefault(time_of_id(event.id).astimezone(zone).date(), {})[event.id] = event
    found = {day: reckon_day(list(of_day.values())) for day, of_day in days.items()}
    return {day: of_day for day, of_day in found.items() if of_day.events}


def reckon_day(events: list[Event]) -> Day:
    owners: dict[int, int] = {}
    for event in events:
        if event.visitor is not None and event.user_id is not None:
            owners[event.visitor] = min(owners.get(event.visitor, event.user_id), event.user_id)
    of_people: dict[int, list[Event]] = {}
    for event in sorted(events, key=lambda event: event.id.int):
        who = event.user_id
        if who is None and event.visitor is not None:
            who = owners.get(event.visitor, event.visitor)
        if who is not None and event.name not in NOT_THERE:
            of_people.setdefault(who, []).append(event)
    visits = [visit for theirs in of_people.values() for visit in visits_of(theirs)]
    there = [event for theirs in of_people.values() for event in theirs]
    return Day(
        events=len(there),
        views=sum(event.name == Name.PAGE_VIEW for event in there),
        visitors=len(of_people),
        anonymous=sum(who < 0 for who in of_people),
        visits=len(visits),
        bounces=sum(map(is_bounce, visits)),
        seconds=sum(map(seconds_of, there)),
    )


def visits_of(events: list[Event]) -> list[list[Event]]:
    visits: list[list[Event]] = []
    last: datetime | None = None
    for event in events:
        moment = time_of_id(event.id)
        if last is None or moment - last >= GAP:
            visits.append([])
        visits[-1].append(event)
        last = moment
    return visits


def is_bounce(visit: list[Event]) -> bool:
    names = [event.name for event in visit]
    return (
        names.count(Name.PAGE_VIEW) == 1
        and set(names) <= {Name.PAGE_VIEW, Name.PAGE_LEFT}
        and sum(map(seconds_of, visit)) < 10
    )


def seconds_of(event: Event) -> int:
    return int(event.properties.get("seconds", 0)) if event.name == Name.PAGE_LEFT else 0
