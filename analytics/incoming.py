"""Reading events that were sent to us: every fault of each is told, and what is right is taken.

By hand: a serializer would take longer for one event than the platform has for ten.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.http import HttpRequest

from analytics import features
from analytics.events import FROM_OUTSIDE, AudienceOf, Event, Name
from analytics.pages import page_at
from analytics.pipeline.lines import encode
from analytics.requests import VisitOfRequest
from analytics.sources import words
from common.moments import DAY, MINUTE

MOST_EVENTS = 500
# What clocks may differ by, and how long a program without a network may keep its events.
MOST_AHEAD, MOST_BEHIND = 5 * MINUTE, 7 * DAY  # seconds
MOST_PROPERTIES = 20
LONGEST_KEY, LONGEST_TEXT = 40, 200  # characters
LARGEST_PROPERTIES = 2048  # bytes, as JSON
# Beyond it JSON's numbers are not exact, and are no counts of anything.
LARGEST_NUMBER = 2.0**53
# What of those who send nonsense is told back.
MOST_UNKNOWN = 20

UUID_7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z", re.IGNORECASE)
KEY = re.compile(r"[a-z][a-z0-9_]*\Z")
TIME_ZONE = "time_zone"

# What a page_left tells: the least and the most of each. Attention in seconds, the part that was seen, the speed in
# milliseconds (largest contentful paint, interaction to next paint), and how far things jumped (cumulative layout
# shift).
MEASURED = {"seconds": (0, 3600), "scroll": (0, 1), "lcp": (0, 60_000), "inp": (0, 60_000), "cls": (0, 100)}
# What a page_view tells of where it came from.
CAME_FROM = ("source", "medium", "campaign")
# bool is an int, but no number of anything.
NUMBERS = frozenset({int, float})

Fault = dict[str, str]


@dataclass(frozen=True)
class Rejected:
    index: int
    errors: list[Fault]


class Batch(NamedTuple):
    events: list[Event]
    rejected: list[Rejected]


def fault(field: str, code: str, detail: str) -> Fault:
    return {"field": field, "code": code, "detail": detail}


REQUIRED = "This is required."
NOT_TEXT = "This must be a text."
NO_TEXT = "Null characters and halves of signs (lone surrogates) are no text."


def read_batch(sent: list[Any], visit: VisitOfRequest) -> Batch:
    """`visit` says who sent them; nothing in them does."""
    events, rejected = [], []
    now = time.time()
    audiences: dict[str, AudienceOf] = {}
    for index, one in enumerate(sent):
        reading = Reading(one, now)
        reading.read()
        if reading.faults:
            rejected.append(Rejected(index, reading.faults))
            continue
        if (zone := reading.time_zone) not in audiences:
            audiences[zone] = visit.audience_in(zone)
        events.append(
            Event(
                reading.name,
                subject=reading.subject,
                user_id=visit.user_id,
                visitor=visit.visitor,
                audience=audiences[zone],
                source=reading.source,
                properties=reading.properties,
                id=reading.id,
            )
        )
    return Batch(events, rejected)


class Reading:
    """Of one event. After `read` it has faults, or else is good."""

    id: UUID
    name = ""
    subject = ""
    source = ""
    time_zone = ""

    def __init__(self, sent: Any, now: float) -> None:
        self.sent, self.now = sent, now
        self.faults: list[Fault] = []
        self.properties: dict[str, Any] = {}
        # Seconds since 1970; None as long as no time is known.
        self.at: float | None = None

    def read(self) -> None:
        if not isinstance(self.sent, dict):
            self.blame("non_field_errors", "invalid", "An event is an object.")
            return
        self.read_id(self.sent.get("id"))
        self.read_time(self.sent.get("at"))
        self.read_name(self.sent.get("name"))
        known = OF_NO_KIND
        if kind := KINDS.get(self.name):
            known = kind.fields
            self.read_subject(kind.subject, self.sent.get(kind.subject))
            self.read_properties(kind, self.sent.get("properties"))
        if not self.sent.keys() <= known:
            for field in sorted(self.sent.keys() - known)[:MOST_UNKNOWN]:
                self.blame(readable(field), "unknown", "An event of this name has no such field.")

    def blame(self, field: str, code: str, detail: str) -> None:
        self.faults.append(fault(field, code, detail))

    def read_id(self, sent: Any) -> None:
        if sent is None:
            self.blame("id", "required", REQUIRED)
            return
        if not isinstance(sent, str) or not UUID_7.match(sent):
            self.blame("id", "invalid", "This must be a UUID of version 7, such as 019a3b1c-….")
            return
        number = int(sent.replace("-", ""), 16)
        self.id = UUID(int=number)
        self.at = (number >> 80) / 1000
        if self.at > self.now + MOST_AHEAD:
            self.blame("id", "in_future", "Its time is more than 5 minutes ahead of ours.")
        elif self.at < self.now - MOST_BEHIND:
            self.blame("id", "too_old", "Its time is more than 7 days ago.")

    def read_time(self, sent: Any) -> None:
        """For people who read batches: the time that counts is in the id, and this must say the same."""
        if sent is None:
            return
        at = seconds_of(sent)
        if at is None:
            self.blame("at", "invalid", "This must be a time such as 2026-11-30T12:00:00Z.")
        elif self.at is not None and int(at) != int(self.at):
            self.blame("at", "mismatch", "This is not the time in the id, to the second.")

    def read_name(self, sent: Any) -> None:
        if sent is None:
            self.blame("name", "required", REQUIRED)
        elif not isinstance(sent, str):
            self.blame("name", "invalid", NOT_TEXT)
        elif sent in FROM_OUTSIDE:
            self.name = sent
        elif sent in Name.values:
            self.blame("name", "not_from_outside", f"{sent} is recorded by the platform itself.")
        else:
            self.blame("name", "invalid_choice", f"This is one of {', '.join(sorted(FROM_OUTSIDE))}.")

    def read_subject(self, field: str, sent: Any) -> None:
        if sent is None:
            self.blame(field, "required", REQUIRED)
        elif not isinstance(sent, str):
            self.blame(field, "invalid", NOT_TEXT)
        elif field == "feature":
            self.subject = sent
            if sent not in features.known:
                self.blame(field, "unknown_feature", "No feature of ours is called so.")
        else:
            self.subject = page_at(sent)
            if not self.subject:
                self.blame(field, "unknown_page", "No page of ours is there. Send the path without its query.")

    def read_properties(self, kind: Kind, sent: Any) -> None:
        if sent is None:
            sent = {}
        if not isinstance(sent, dict):
            self.blame("properties", "invalid", "This must be an object.")
            return
        if len(sent) > MOST_PROPERTIES:
            self.blame("properties", "too_many", f"There may be {MOST_PROPERTIES} of them.")
            return
        for key, value in sent.items():
            check = kind.checks.get(key) or self.check_of_other(kind, key)
            if check is None:
                continue
            if (wrong := check(key, value)) is not None:
                self.blame(f"properties.{key}", *wrong)
            else:
                self.properties[key] = value
        self.time_zone = str(self.properties.pop(TIME_ZONE, ""))
        if self.name == Name.PAGE_LEFT and "seconds" not in sent:
            self.blame("properties.seconds", "required", REQUIRED)
        elif self.name == Name.PAGE_VIEW:
            self.take_source()
        elif self.name == Name.FEATURE:
            # What the others may have is never so much.
            self.measure_properties()

    def check_of_other(self, kind: Kind, key: str) -> Check | None:
        """Of a property that is not named by its kind. None, and a fault, if there may be none."""
        if not KEY.match(key) or len(key) > LONGEST_KEY:
            detail = f"A name has up to {LONGEST_KEY} small letters, digits and underscores, and begins with a letter."
            self.blame(f"properties.{readable(key)}", "invalid_name", detail)
            return None
        if kind.check_of_others is None:
            self.blame(f"properties.{key}", "unknown", "An event of this name has no such property.")
        return kind.check_of_others

    def measure_properties(self) -> None:
        if self.properties and len(encode(self.properties).encode()) > LARGEST_PROPERTIES:
            self.blame("properties", "too_large", f"Together they may have {LARGEST_PROPERTIES} bytes as JSON.")

    def take_source(self) -> None:
        """Cleaned as what stands in links is; what cannot be, is none."""
        told = {name: words(str(self.properties.pop(name, ""))) for name in CAME_FROM}
        self.source = told.pop("source")
        if self.source:
            self.properties |= {name: text for name, text in told.items() if text}


Wrong = tuple[str, str]
Check = Callable[[str, Any], Wrong | None]


def any_value(key: str, value: Any) -> Wrong | None:
    if isinstance(value, str):
        return a_text(key, value)
    if value is None or isinstance(value, bool):
        return None
    if not isinstance(value, int | float):
        return "nested", "This may be a text, a number, true, false or null: nothing that has parts."
    if abs(value) <= LARGEST_NUMBER:
        return None
    # Also what is infinite; JSON has no name for it, but 1e999 is read as that.
    return "out_of_range", "This number is too large."


def a_text(_key: str, value: Any) -> Wrong | None:
    if not isinstance(value, str):
        return "invalid", NOT_TEXT
    if len(value) > LONGEST_TEXT:
        return "too_long", f"A text may have {LONGEST_TEXT} characters."
    return None if is_text(value) else ("invalid", NO_TEXT)


def a_measure(key: str, value: Any) -> Wrong | None:
    if type(value) not in NUMBERS:
        return "invalid", "This must be a number."
    least, most = MEASURED[key]
    if least <= value <= most:
        return None
    return "out_of_range", f"This must be from {least} to {most}."


class Kind(NamedTuple):
    """What an event of one name may have: the field that says of what, and its properties, by their checks."""

    subject: str
    checks: Mapping[str, Check]
    check_of_others: Check | None = None

    @property
    def fields(self) -> frozenset[str]:
        return FIELDS[self.subject]


ALWAYS = frozenset({"id", "name", "at", "properties"})
FIELDS = {subject: ALWAYS | {subject} for subject in ("path", "feature")}
# Where the name is wrong, nobody can say which of the two it should have.
OF_NO_KIND = ALWAYS | FIELDS.keys()
KINDS: Mapping[str, Kind] = {
    Name.PAGE_VIEW: Kind("path", dict.fromkeys((TIME_ZONE, *CAME_FROM), a_text)),
    Name.PAGE_LEFT: Kind("path", {TIME_ZONE: a_text, **dict.fromkeys(MEASURED, a_measure)}),
    Name.FEATURE: Kind("feature", {TIME_ZONE: a_text}, any_value),
}


def is_text(value: str) -> bool:
    if "\0" in value:
        return False
    return value.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in value)


def readable(text: str) -> str:
    """Somebody else's name of something, fit to be told back."""
    return text[:LONGEST_KEY].encode("ascii", "replace").decode().replace("\0", "?")


def seconds_of(sent: Any) -> float | None:
    """Since 1970, of an ISO 8601 time with its time zone; None for anything else."""
    if not isinstance(sent, str) or len(sent) > LONGEST_KEY:
        return None
    try:
        at = datetime.fromisoformat(sent)
        return at.timestamp() if at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


class NotReadable(Exception):
    """The body is no JSON; the text says why."""


def read_body(body: bytes) -> Any:
    """Raises NotReadable."""
    try:
        return json.loads(body.decode(), parse_constant=refuse_constant)
    except RecursionError as error:
        raise NotReadable("JSON parse error - nested too deep.") from error
    except ValueError as error:
        raise NotReadable(f"JSON parse error - {error}"[:LONGEST_TEXT]) from error


def faults_of_batch(body: Any) -> list[Fault]:
    """What is wrong with the whole."""
    if not isinstance(body, dict):
        return [fault("non_field_errors", "invalid", "Send an object with “events”.")]
    faults = [
        fault(readable(field), "unknown", "There is no such field: who sends events is known by other ways.")
        for field in sorted(body.keys() - {"events"})[:MOST_UNKNOWN]
    ]
    events = body.get("events")
    if events is None:
        return [*faults, fault("events", "required", REQUIRED)]
    if not isinstance(events, list):
        return [*faults, fault("events", "invalid", "This must be a list of events.")]
    if not 1 <= len(events) <= MOST_EVENTS:
        return [*faults, fault("events", "too_many" if events else "empty", f"Send 1 to {MOST_EVENTS} events.")]
    return faults


def is_own_origin(request: HttpRequest) -> bool:
    """Whether one of our pages sent it. Browsers say so, and no page can make them say it falsely."""
    site = request.META.get("HTTP_SEC_FETCH_SITE")
    if site is not None:
        return bool(site == "same-origin")
    return bool(request.META.get("HTTP_ORIGIN") == f"{request.scheme}://{request.get_host()}")
