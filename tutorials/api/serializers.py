"""The JSON of a tutorial. Built from rows by hand: these two reads carry the API's traffic."""

from __future__ import annotations

from typing import Any

from billing.access import Access
from tutorials.models import Tutorial


def list_item(row: dict[str, Any]) -> dict[str, Any]:
    """An entry of the list, from a row of `TutorialQuerySet.as_rows`."""
    return {
        "slug": row["slug"],
        "title": row["title"],
        "summary": row["summary"],
        "topic": row["topic_slug"],
        "difficulty": row["difficulty"],
        "access": row["access"],
        "minutes": row["minutes"],
        "published_at": row["published_at"],
    }


def detail_of(tutorial: Tutorial, access: Access) -> dict[str, Any]:
    """One tutorial; `body_html` holds the opening only when `may_read` does not allow more."""
    return {
        "slug": tutorial.slug,
        "title": tutorial.title,
        "summary": tutorial.summary,
        "topic": tutorial.topic.slug,
        "difficulty": tutorial.difficulty,
        "access": tutorial.access,
        "minutes": tutorial.minutes,
        "published_at": tutorial.published_at,
        "author": tutorial.author.get_full_name() if tutorial.author else None,
        "body_html": tutorial.html_for(access),
        "blocks": tutorial.headings,
        "may_read": {"allowed": access.allowed, "until": access.until, "why": access.why},
    }
