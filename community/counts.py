"""What is counted of members, for the rules of achievements: as their standing has it, so without counting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import F

from community.models import Standing
from tutorials.metrics import Metric, register

# Rows are QuerySets of dictionaries; the checker's plugin has a type of its own for each.
Rows = Any


def counted(column: str) -> Callable[[int | None], Rows]:
    """The column of all people who have any, or of one person."""

    def values(person: int | None) -> Rows:
        standings = Standing.objects.filter(**{f"{column}__gt": 0}).order_by()
        if person is not None:
            standings = standings.filter(pk=person)
        return standings.values("user", value=F(column))

    return values


register(
    Metric("posts_written", "Posts written", counted("posts_count")),
    Metric("comments_written", "Comments written", counted("comments_count")),
    Metric("likes_received", "Likes received", counted("likes_received")),
    Metric("answers_accepted", "Answers accepted", counted("accepted_count")),
)
