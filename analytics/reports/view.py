"""What figures are asked of: some days, and among whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection

from analytics.days import DAY
from analytics.events import Device, Tier
from analytics.models.counts import EVERYBODY, Dimension
from analytics.subjects import KIND_OF, PAGE, keys_of, topics

MOST_DAYS = 731
WRONG_WAY_ROUND = "The last day is before the first."
TOO_LONG = f"Ask for at most {MOST_DAYS} days."
UNKNOWN = "There is no {what} “{value}”."
# Kept of everybody only, so no filter but that of days narrows them.
UNFILTERED = frozenset({Dimension.STEP, Dimension.KEPT_OUT})
SEGMENTS = "SELECT id FROM analytics_segment WHERE "


@dataclass(frozen=True, slots=True)
class View:
    """Days (both included), and a part of those who came; an empty filter lets everybody and everything through.

    `topic` narrows pages and tutorials, and leaves what is neither as it is.
    """

    first: date
    last: date
    tier: str = ""
    country: str = ""
    device: str = ""
    topic: str = ""

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def before(self) -> View:
        """The same among the same, as many days before."""
        return replace(self, first=self.first - self.days * DAY, last=self.first - DAY)

    @property
    def is_of_everybody(self) -> bool:
        return not (self.tier or self.country or self.device)

    def validate(self) -> None:
        """Raises ValidationError by field. Asks which topics there are only if one is named."""
        faults: dict[str, str] = {}
        if self.last < self.first:
            faults["last"] = WRONG_WAY_ROUND
        elif self.days > MOST_DAYS:
            faults["last"] = TOO_LONG
        if self.tier not in Tier.values:
            faults["tier"] = UNKNOWN.format(what="tier", value=self.tier)
        if self.device not in Device.values:
            faults["device"] = UNKNOWN.format(what="device", value=self.device)
        if self.country and not is_country(self.country):
            faults["country"] = UNKNOWN.format(what="country", value=self.country)
        if self.topic and self.topic not in {topic.slug for topic in topics()}:
            faults["topic"] = UNKNOWN.format(what="topic", value=self.topic)
        if faults:
            raise ValidationError(faults)


def is_country(text: str) -> bool:
    """Whether it has the form of an ISO 3166-1 alpha-2 code."""
    return len(text) == 2 and text.isascii() and text.isalpha() and text.isupper()


@dataclass(frozen=True, slots=True)
class Where:
    """A condition in SQL with its parameters."""

    sql: str
    values: Sequence[Any]


def segments(view: View, column: str = "segment") -> Where:
    """Only those of the view, by a column with numbers of segments."""
    asked = {"tier": view.tier, "country": view.country, "device": view.device}
    given = {name: value for name, value in asked.items() if value}
    if not given:
        return Where("TRUE", [])
    condition = " AND ".join(f"{name} = %s" for name in given)
    # An array, so that the planner takes each number as a place in the index.
    return Where(f"{column} = ANY(ARRAY({SEGMENTS}{condition}))", list(given.values()))


def counted(
    view: View, dimension: Dimension, *, span: str = "day BETWEEN %s AND %s", ends: Sequence[Any] = ()
) -> Where:
    """The rows of a dimension in DailyCount, or with another `span` in HourlyCount, that make up a view."""
    everybody = view.is_of_everybody or dimension in UNFILTERED
    among = Where("segment = %s", [EVERYBODY]) if everybody else segments(view)
    about = of_topic(view, dimension)
    return Where(
        f"dimension = %s AND {among.sql} AND {span} AND {about.sql}",
        [dimension.value, *among.values, *(ends or (view.first, view.last)), *about.values],
    )


def of_topic(view: View, dimension: Dimension) -> Where:
    kind = KIND_OF.get(dimension)
    if not view.topic or kind is None:
        return Where("TRUE", [])
    keys, values = keys_of(view.topic, kind)
    if kind != PAGE:
        return Where(f"split_part(key, '|', 1) IN ({keys})", values)
    # A page is about what its path, or the one above it, is about: a tutorial's quiz, a post with its title behind.
    sql = f"(key IN ({keys}) OR regexp_replace(key, '[^/]+/$', '') IN ({keys}))"
    return Where(sql, [*values, *values])


def rows(sql: str, values: Sequence[Any] | Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def row(sql: str, values: Sequence[Any]) -> tuple[Any, ...]:
    return rows(sql, values)[0]
