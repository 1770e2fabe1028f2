"""What a page of figures is asked for, and what its sections are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

from analytics.reports import View
from common.charts import Chart
from common.tables import Card, Table

Rest = ParamSpec("Rest")
Answer = TypeVar("Answer")

# Rows of a list on a page, and in a file.
MOST_SHOWN, MOST_IN_FILE = 10, 1000


@dataclass(frozen=True)
class Asked:
    """`about`: which tutorial, page or funnel in particular, where a page is about one; `rows`: of lists;
    `steps`: how long ways are to be, if that was chosen.

    A page's cards, choices and sections ask for the same reports: `of` asks for each of them once.
    """

    view: View
    now: datetime
    today: date
    about: str = ""
    rows: int = MOST_SHOWN
    steps: int | None = None
    answers: dict[tuple[Any, ...], Any] = field(default_factory=dict, compare=False)

    def of(self, report: Callable[Concatenate[View, Rest], Answer], *args: Rest.args, **kwargs: Rest.kwargs) -> Answer:
        """What a report says of the view."""
        asked = (report, *args, *kwargs.items())
        if asked not in self.answers:
            self.answers[asked] = report(self.view, *args, **kwargs)
        answer: Answer = self.answers[asked]
        return answer


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
    # Whether it is chosen how long ways are.
    has_steps: bool = False
    # Whether its figures stand beside those of as many days before.
    is_compared: bool = True
