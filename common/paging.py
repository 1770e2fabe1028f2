"""Lists paged by key: a page begins after a row, not after a number of rows.

So the hundredth page costs what the first does, nothing is skipped or shown twice while rows
arrive, and no list counts its rows. Pages and API use the same cursor.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core import signing
from django.core.exceptions import ValidationError
from django.db.models import Field, Q, QuerySet
from django.http import HttpRequest, QueryDict

PAGE_SIZE = 20
LARGEST_PAGE = 100
NEXT, PREVIOUS = "next", "previous"


@dataclass(frozen=True)
class Page:
    """Some rows of a list, mostly dictionaries, and the cursors of its neighbours (None at the ends)."""

    rows: list[Any]
    next: str | None
    previous: str | None


def page_of(
    rows: QuerySet[Any, dict[str, Any]], *, order: Sequence[str], cursor: str = "", size: int = PAGE_SIZE
) -> Page:
    """One page of `rows`, which are `values()` that contain every key of `order`.

    `order` holds field names, "-" for descending; the last must be unique. Raises
    ValidationError for `cursor` if it was not made by this function for this order.
    """
    direction, keys = read_cursor(cursor, order) if cursor else (NEXT, [])
    backwards = direction == PREVIOUS
    effective = [flip(name) for name in order] if backwards else list(order)
    if keys:
        rows = rows.filter(
            beyond(effective, [field_of(rows, name).to_python(key) for name, key in zip(order, keys, strict=True)])
        )
    found = list(rows.order_by(*effective)[: size + 1])
    return page_from(found, order=order, begins=not cursor, backwards=backwards, size=size)


def page_from(found: list[dict[str, Any]], *, order: Sequence[str], begins: bool, backwards: bool, size: int) -> Page:
    """A page of rows that were found from a place on, one more than it holds if there are more.

    `begins`: there was no place, it is the first page. `backwards`: they were found in the opposite order.
    """
    more = len(found) > size
    found = found[:size]
    if backwards:
        found.reverse()
    if not found:
        return Page([], None, None)
    return Page(
        found,
        next=make_cursor(NEXT, found[-1], order) if more or backwards else None,
        previous=make_cursor(PREVIOUS, found[0], order) if (more if backwards else not begins) else None,
    )


def page_among(
    rows: Sequence[dict[str, Any]], *, order: Sequence[str], cursor: str = "", size: int = PAGE_SIZE
) -> Page:
    """One page of rows at hand, which are in this order already and whose keys are numbers. Else as `page_of`."""

    def place(row: dict[str, Any]) -> tuple[float, ...]:
        return tuple(-row[name[1:]] if name.startswith("-") else row[name] for name in order)

    begin, end = 0, size
    if cursor:
        direction, keys = read_cursor(cursor, order)
        reached = place(dict(zip((name.removeprefix("-") for name in order), keys, strict=True)))
        if direction == PREVIOUS:
            end = bisect_left(rows, reached, key=place)
            begin = max(0, end - size)
        else:
            begin = bisect_right(rows, reached, key=place)
            end = begin + size
    found = list(rows[begin:end])
    return Page(
        found,
        next=make_cursor(NEXT, found[-1], order) if found and end < len(rows) else None,
        previous=make_cursor(PREVIOUS, found[0], order) if found and begin > 0 else None,
    )


def address_at(path: str, query: QueryDict, cursor: str | None) -> str | None:
    """The address of a neighbouring page: the same question at another place."""
    if cursor is None:
        return None
    there = query.copy()
    there["cursor"] = cursor
    return f"{path}?{there.urlencode()}"


def neighbours(request: HttpRequest, page: Page) -> dict[str, str | None]:
    """The addresses of the pages before and after, as the pager takes them."""
    return {
        "next": address_at(request.path, request.GET, page.next),
        "previous": address_at(request.path, request.GET, page.previous),
    }


def beyond(order: Sequence[str], keys: Sequence[Any]) -> Q:
    """What comes after the row with these keys.

    `a <= x AND (a < x OR (a = x AND ...))` rather than the shorter OR alone: the first part is
    a range that an index can serve.
    """
    name, key = order[0].removeprefix("-"), keys[0]
    past = "lt" if order[0].startswith("-") else "gt"
    if len(order) == 1:
        return Q((f"{name}__{past}", key))
    rest = Q((f"{name}__{past}", key)) | (Q((name, key)) & beyond(order[1:], keys[1:]))
    return Q((f"{name}__{past}e", key)) & rest


def flip(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def field_of(rows: QuerySet[Any, Any], name: str) -> Field[Any, Any]:
    name = name.removeprefix("-")
    annotation = rows.query.annotations.get(name)
    return annotation.output_field if annotation is not None else rows.model._meta.get_field(name)


def make_cursor(direction: str, row: dict[str, Any], order: Sequence[str]) -> str:
    """Signed, so that whatever comes back is ours; the salt ties it to this list's order."""
    keys = [row[name.removeprefix("-")] for name in order]
    plain = [in_json(key) for key in keys]
    return signing.dumps([direction, *plain], salt=salt(order))


def in_json(key: Any) -> Any:
    if isinstance(key, datetime):
        return key.isoformat()
    return str(key) if isinstance(key, UUID) else key


def read_cursor(cursor: str, order: Sequence[str]) -> tuple[str, list[Any]]:
    try:
        direction, *keys = signing.loads(cursor, salt=salt(order))
    except signing.BadSignature:
        raise ValidationError({"cursor": "This cursor is not valid here. Start again without it."}) from None
    return direction, keys


def salt(order: Sequence[str]) -> str:
    return "cursor:" + ",".join(order)
