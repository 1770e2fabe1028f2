"""What tutorials hold about people."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.personal_data import Holding, register
from tutorials.models import Tutorial

DERIVED = "it is made from the title, the summary and the body"


def forget_author(tutorials: QuerySet[Tutorial]) -> int:
    """Tutorials, drafts too, are the platform's: they stay, and nobody is named as their author."""
    return tutorials.update(author=None)


register(
    Holding(
        Tutorial,
        title="Tutorials that you wrote",
        path="author",
        exported=(
            *("title", "slug", "summary", "body", "topic__name", "difficulty", "access", "status", "published_at"),
            "updated_at",
        ),
        left_out=dict.fromkeys(("body_html", "opening_html", "headings", "minutes", "search"), DERIVED),
        anonymise=forget_author,
    ),
)
