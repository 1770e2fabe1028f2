"""Topics and how much there is to read on each, as the pages show them.

Counting takes a fifth of a second at 100,000 tutorials and is asked for at every visit, so it is remembered; what is
saved is counted at once, and what comes out by itself within KEPT.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from common.remembering import remembered
from tutorials.models import Topic
from tutorials.querysets import TOPICS_KEY

KEPT = 60  # seconds


def all_topics() -> list[Any]:
    """Every topic in its order, with `tutorial_count`. At most one query."""
    return remembered(TOPICS_KEY, lambda: list(Topic.objects.with_counts()), seconds=KEPT)


def address_of_topic(slug: str) -> str:
    """Of the list of its tutorials, which engines know as a page of its own."""
    return f"{reverse('tutorials:list')}?{urlencode({'topic': slug})}"


def topics_with_counts() -> list[Any]:
    """Those that have something to read."""
    return [topic for topic in all_topics() if topic.tutorial_count]
