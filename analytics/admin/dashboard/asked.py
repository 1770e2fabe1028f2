"""What a page of figures is asked for, and what its sections are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from analytics.reports import View
from common.charts import Chart
from common.tables import Table

# Rows of a list on a page, and in a file.
MOST_SHOWN, MOST_IN_FILE = 10, 1000


@dataclass(frozen=True)
class Asked:
    """`about`: which tutorial, page or funnel in particular, where a page is about one; `rows`: of lists."""

    view: View
    now: datetime
    today: date
    about: str = ""
    rows: int = MOST_SHOWN


@dataclass(frozen=True)
class Shown:
    table: Table
    chart: Chart | None = None
    # What is to be said of these figures and not of others, such as notes on days.
    remarks: Sequence[str] = ()


@dataclass(frozen=True)
class Section:
    """A part of a page; its name is in the address of its file."""

    name: str
    words: str
    make: Callable[[Asked], Shown]
    is_wide: bool = False


@dataclass(frozen=True)
class Card:
    """A figure, and what stands beneath it."""

    name: str
    figure: str
    beneath: str = ""


@dataclass(frozen=True)
class Choice:
    """What a page can be about: its key, and what it is called."""

    key: str
    title: str


@dataclass(frozen=True)
class Page:
    name: str
    title: str
    sections: Sequence[Section]
    cards: Callable[[Asked], list[Card]] = field(default=lambda _asked: [])
    # What it can be about, and what that is called; none for most pages.
    choices: Callable[[Asked], list[Choice]] = field(default=lambda _asked: [])
    choice_label: str = ""
