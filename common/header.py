"""What apps show of a member in the header of every page, such as how many notifications they have not read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class HeaderItem:
    """A link with an icon. `label` is what it leads to, in words; a `count` above 0 stands beside the icon.

    `icon` is the name of one of Lucide's, and `unit` says in words what is counted: "unread".
    """

    address: str
    label: str
    icon: str
    count: int = 0
    unit: str = ""


# Called with whoever is signed in, at every page: it must cost next to nothing, so no query of its own.
Source = Callable[[Any], HeaderItem | None]
sources: list[Source] = []


def show_in_header(source: Source) -> Source:
    """Register a function that says what to show to a member; None shows nothing."""
    sources.append(source)
    return source


def items_for(user: Any) -> list[HeaderItem]:
    return [item for source in sources if (item := source(user)) is not None]
