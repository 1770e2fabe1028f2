"""How a view says what a method of it takes, gives and refuses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from django import forms
    from rest_framework.serializers import Serializer
    from rest_framework.views import APIView

Method = TypeVar("Method", bound=Callable[..., Any])

JSON, FORM = "application/json", "multipart/form-data"
# By whose uses a limit counts.
OF_ONE_NETWORK, OF_ONE_PERSON = "from one network", "of one person"
PERIODS = {"s": "second", "m": "minute", "h": "hour", "d": "day"}


@dataclass(frozen=True)
class Listed:
    """One page of a list of these."""

    shape: type[Serializer]


@dataclass(frozen=True)
class Refusal:
    """A problem that a method has beyond those of all: its status, its `code`, and when it comes."""

    status: int
    code: str
    when: str


@dataclass(frozen=True)
class Limit:
    """How often, as `common.limits` writes it ("20/h"), and by whose uses it counts."""

    rate: str
    of: str

    def __str__(self) -> str:
        """In words, such as “20 an hour from one network”."""
        uses, number, period = re.fullmatch(r"(\d+)/(\d*)([smhd])", self.rate).groups()  # type: ignore[union-attr]
        name = PERIODS[period]
        span = f"in {number} {name}s" if number else f"{'an' if name == 'hour' else 'a'} {name}"
        return f"{int(uses):,} {span} {self.of}"


@dataclass(frozen=True)
class Scheme:
    """One way to show who is asking. `needs_token`: together with X-CSRFToken for whatever changes something."""

    name: str
    definition: dict[str, Any]
    needs_token: bool = False
    # Those of an API key stand with it, as what it needs.
    has_scopes: bool = False


Answer = type["Serializer"] | Listed | Mapping[str, Any] | None


@dataclass(frozen=True)
class Description:
    title: str
    gives: dict[int, Answer]
    takes: type[Serializer] | None = None
    media: str = JSON
    query: type[forms.Form] | type[Serializer] | None = None
    # Of requests; what each means, common.openapi.inspecting knows.
    headers: tuple[str, ...] = ()
    # Of answers that are no refusal.
    gives_headers: tuple[str, ...] = ()
    refuses: tuple[Refusal, ...] = ()
    limits: tuple[Limit, ...] = ()


def described(title: str, *, gives: Answer | Mapping[int, Answer] = None, **more: Any) -> Callable[[Method], Method]:
    """Beside a method of a view. `gives` is what a 200 holds, or by status; without it there is an empty 204.

    `{thing}` in the title stands for what the view says of itself by that name. The rest are fields of Description.
    """
    by_status: Any = gives
    if not isinstance(gives, Mapping) or not all(isinstance(status, int) for status in gives):
        by_status = {HTTPStatus.NO_CONTENT if gives is None else HTTPStatus.OK: gives}
    description = Description(title, {int(status): answer for status, answer in by_status.items()}, **more)

    def mark(method: Method) -> Method:
        method.described = description  # type: ignore[attr-defined]  # ours, on a function
        return method

    return mark


def stands_for(view: type[APIView]) -> Callable[[Method], Method]:
    """On a view that is no class of the framework's: this class describes it, and is never called."""

    def mark(function: Method) -> Method:
        # By these the framework knows its own views.
        function.cls, function.initkwargs = view, {}  # type: ignore[attr-defined]
        return function

    return mark
