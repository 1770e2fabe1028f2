"""When mail of a notification is due: how often somebody wants it, at eight in the morning where they are."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from accounts.models import Profile
from community.models import Cadence, Kind, MailPreference

if TYPE_CHECKING:
    from collections.abc import Collection

# What everybody gets who has not chosen otherwise.
DEFAULTS = {
    Kind.MENTION: Cadence.AT_ONCE,
    Kind.COMMENT: Cadence.AT_ONCE,
    Kind.REPLY: Cadence.AT_ONCE,
    Kind.ACCEPTED: Cadence.AT_ONCE,
    Kind.LIKE: Cadence.WEEKLY,
    Kind.WATCHED_COMMENT: Cadence.DAILY,
    Kind.WATCHED_POST: Cadence.DAILY,
    Kind.MODERATION: Cadence.AT_ONCE,
    Kind.QUEUE: Cadence.DAILY,
}
# So long "at once" waits for more to come that goes into the same mail.
PATIENCE = timedelta(minutes=1)
MORNING = time(8)
MONDAY = 0


def due_at(cadence: Cadence, now: datetime, zone: str) -> datetime | None:
    """When a mail of something that happens now is to go to somebody in this time zone; None: never."""
    if cadence == Cadence.NEVER:
        return None
    if cadence == Cadence.AT_ONCE:
        return now + PATIENCE
    here = now.astimezone(ZoneInfo(zone))
    day = here.date()
    while True:
        # With the wall clock of each day: its distance from UTC changes with the season.
        morning = datetime.combine(day, MORNING, tzinfo=here.tzinfo)
        if morning > here and (cadence == Cadence.DAILY or day.weekday() == MONDAY):
            return morning
        day += timedelta(days=1)


def cadences_of(user: int) -> dict[Kind, Cadence]:
    """How often somebody wants mail, for every kind."""
    chosen = MailPreference.objects.filter(user=user).values_list("kind", "cadence")
    return DEFAULTS | {Kind(kind): Cadence(cadence) for kind, cadence in chosen}


def mail_times(people: Collection[int], kind: Kind, now: datetime) -> dict[int, datetime | None]:
    """When a mail is due to each of these people for something of this kind that happens now. Two queries."""
    chosen = dict(MailPreference.objects.filter(user__in=people, kind=kind).values_list("user_id", "cadence"))
    zones = dict(Profile.objects.filter(user__in=people).values_list("user_id", "time_zone"))
    default = DEFAULTS[kind]
    return {person: due_at(Cadence(chosen.get(person, default)), now, zones.get(person, "UTC")) for person in people}
