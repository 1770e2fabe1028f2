"""Tutorials as plain Markdown, for programs that read: one by one, and what there is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.urls import reverse

from common import markdown
from tutorials import quiz
from tutorials.models import Tutorial
from tutorials.querysets import NEWEST_FIRST
from tutorials.topics import topics_with_counts

# From an address of ours to one that others can use.
Absolute = Callable[[str], str]
LISTED = 500


def tutorial_as_markdown(tutorial: Tutorial, absolute: Absolute) -> str:
    """Title, summary and what everybody may read: all of a free tutorial but its quiz, the opening of a premium one."""
    text = quiz.split(tutorial.body)[0]
    if tutorial.access != "free":
        page = absolute(tutorial.get_absolute_url())
        text = f"{markdown.opening_of(text).rstrip()}\n\nThis is the opening. The rest is premium: {page}\n"
    for name in markdown.image_names(text):
        address = absolute(reverse("tutorials:image", args=[tutorial.slug, name]))
        text = with_address(text, name, address)
    return f"# {tutorial.title}\n\n> {tutorial.summary}\n\n{text.strip()}\n"


def with_address(text: str, name: str, address: str) -> str:
    """The text with an image's address in the place of its name."""
    written = "|".join(re.escape(form) for form in dict.fromkeys((name, quote(name))))
    return re.sub(rf"(!\[[^\]]*\]\(\s*<?)(?:{written})(?=[\s>)])", lambda found: found[1] + address, text)


def llms_txt(absolute: Absolute) -> str:
    """What there is to read here (the form is described at llmstxt.org): the newest free tutorials, by topic."""
    free = Tutorial.objects.published().filter(access="free").as_rows().order_by(*NEWEST_FIRST)[:LISTED]
    by_topic: dict[str, list[dict[str, Any]]] = {}
    for row in free:
        by_topic.setdefault(row["topic_slug"], []).append(row)
    sections = [
        f"## {topic.name}\n\n{links(by_topic[topic.slug], absolute)}"
        for topic in topics_with_counts()
        if topic.slug in by_topic
    ]
    head = (
        f"# {settings.SITE_NAME}\n\n> Tutorials on using AI: ask well, check what comes back, build with it.\n\n"
        f"The free tutorials are listed here as Markdown. All of them: {absolute(reverse('tutorials:list'))}"
    )
    return "\n\n".join([head, *sections]) + "\n"


def links(rows: Iterable[dict[str, Any]], absolute: Absolute) -> str:
    return "\n".join(
        f"- [{escaped(row['title'])}]({absolute(reverse('tutorials:markdown', args=[row['slug']]))}): {row['summary']}"
        for row in rows
    )


def escaped(title: str) -> str:
    """As the text of a link."""
    return re.sub(r"([\\\[\]])", r"\\\1", title)
