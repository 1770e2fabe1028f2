"""What is put into the document beside operations (SPECTACULAR_SETTINGS)."""

from __future__ import annotations

from typing import Any

from common.openapi.problems import Part, components


def add_problems(result: Part, **_: Any) -> Part:
    """The answers that all operations share, and the groups in the order in which they are read."""
    own = result["components"]
    for kind, parts in components().items():
        own[kind] = dict(sorted((own.get(kind, {}) | parts).items()))
    without_marks(result)
    return result


def without_marks(part: Any) -> None:
    """Of enumerations, by which the library's own hook would name them."""
    if isinstance(part, dict):
        part.pop("x-spec-enum-id", None)
    for each in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        without_marks(each)
