"""What is counted of people, and can therefore be rewarded: the typed list that rules of achievements choose from.

Apps above this one add what they count (posts written, likes received) with `register`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

# Rows with "user" and "value", one for each person with a value above 0: of all people, or of
# the one whose primary key is given.
Values = Callable[[int | None], QuerySet[Any, dict[str, Any]]]


@dataclass(frozen=True)
class Metric:
    """A count. `label` is what one does: "Tutorials finished"."""

    code: str
    label: str
    values: Values


registered: dict[str, Metric] = {}


def register(*metrics: Metric) -> None:
    registered.update({metric.code: metric for metric in metrics})


def choices() -> list[tuple[str, str]]:
    """For the field of a model: asked each time, since other apps register later."""
    return [(metric.code, metric.label) for metric in registered.values()]
