"""The ninety days that the demo tells of, and the one source of chance in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

import yaml

SEED = 2026
LENGTH = timedelta(days=90)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
DATA = Path(__file__).resolve().parent / "data"
Card = TypeVar("Card")


def read_data(name: str) -> Any:
    """One of the files of `data`, in which the demo's texts stand."""
    return yaml.safe_load((DATA / name).read_text(encoding="utf-8"))


class Season:
    """Everything that happens lies between `start` and `now`; the same `now` gives the same demo."""

    def __init__(self, now: datetime) -> None:
        self.now = now.replace(microsecond=0)
        self.start = self.now - LENGTH
        self.chance = Random(SEED)  # noqa: S311 - nothing here is secret

    def part(self, name: str) -> Season:
        """For one part of the demo, a chance of its own: what changes there changes no other part."""
        self.chance.seed(f"{SEED} {name}")
        return self

    def ago(self, days: float) -> datetime:
        return self.now - timedelta(days=days)

    def between(self, since: datetime, until: datetime) -> datetime:
        return since + (until - since) * self.chance.random()

    def soon_after(self, at: datetime, usually: timedelta) -> datetime:
        """Mostly within `usually`, now and then much later, and never at once."""
        return at + 2 * MINUTE + usually * self.chance.expovariate(1)

    def in_waking_hours(self, at: datetime, zone: str) -> datetime:
        """That moment, or one on the same day between seven in the morning and eleven at night, where they live."""
        # Drawn in any case, so that what follows does not depend on the time of day at which the demo is made.
        later, here = self.chance.random() * 16 * HOUR, at.astimezone(ZoneInfo(zone))
        if here.hour >= 7:
            return at
        return (datetime.combine(here.date(), time(7), tzinfo=here.tzinfo) + later).astimezone(at.tzinfo)

    def letters(self, count: int, alphabet: str) -> str:
        return "".join(self.chance.choices(alphabet, k=count))


class Deck(Generic[Card]):
    """Deals each card once, in any order, before it deals one a second time."""

    def __init__(self, cards: Sequence[Card], chance: Random) -> None:
        self.cards, self.chance = cards, chance
        self.left: list[Card] = []

    def deal(self) -> Card:
        if not self.left:
            self.left = self.chance.sample(self.cards, len(self.cards))
        return self.left.pop()
