"""Places on pages where apps above the page's own show something: they register a section, the page includes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec

# What a section is told of the page: a profile or a tutorial, and who looks.
Shown = ParamSpec("Shown")


@dataclass(frozen=True)
class Section(Generic[Shown]):
    """`template` gets what `content` returns as `section`, beside what the page has; None: the section is left out."""

    template: str
    content: Callable[Shown, dict[str, Any] | None]


class Place(Generic[Shown]):
    """One place; its sections stand in the order in which they register."""

    def __init__(self) -> None:
        self.registered: list[Section[Shown]] = []

    def register(self, section: Section[Shown]) -> None:
        self.registered.append(section)

    def shown(self, *args: Shown.args, **kwargs: Shown.kwargs) -> list[dict[str, Any]]:
        """The sections that have something to show, each {"template", "content"}."""
        shown = ((section.template, section.content(*args, **kwargs)) for section in self.registered)
        return [{"template": template, "content": content} for template, content in shown if content is not None]
