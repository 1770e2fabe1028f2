"""The page of a tutorial: what all see of it is made once and kept for a while, what is one reader's is filled in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.safestring import SafeString

from accounts.models import User
from billing.access import Access
from common.fragments import Value, Variant, with_gaps
from common.frame import frame_of
from common.kept import kept
from common.prepared import Prepared
from tutorials import learning, page_sections
from tutorials.models import Tutorial
from tutorials.services import awarding

# Seconds. What a page shows beside the tutorial itself (neighbours, the author's name) may be as old.
KEPT = 60
TEMPLATE = "tutorials/detail.html"
# What is another for each member. Of a person or a request nothing else gets into what is kept for all.
OWN = ("header", "messages", "csrf_token", "canonical", "fraction", "place", "resume", "awards", "marks", "sections")
# What has to be known of a tutorial to find the page that was kept, and to fill it.
LIGHT = ("slug", "title", "status", "published_at", "updated_at", "access", "author", "blocks")
PUBLISHED: Prepared[Tutorial] = Prepared(
    lambda slug, user, at: Tutorial.objects.published(at).filter(slug=slug).only(*LIGHT).with_reading_of(user),
    slug=str,
    user=int,
    at=datetime,
)


@dataclass(frozen=True)
class Reading:
    """What somebody has left at a tutorial."""

    fraction: float = 0
    block: str = ""
    heading: str = ""
    completed_at: datetime | None = None

    @property
    def percent(self) -> int:
        return int(self.fraction * 100)

    @classmethod
    def of(cls, tutorial: Any) -> Reading:
        """Of a tutorial that was found `with_reading_of` somebody."""
        if tutorial.reading is None:
            return cls()
        headings = {block["id"]: block["text"] for block in tutorial.blocks}
        block = tutorial.reading["block"] if tutorial.reading["block"] in headings else ""
        return cls(
            fraction=tutorial.reading["fraction"],
            block=block,
            heading=headings.get(block, ""),
            completed_at=parse_datetime(tutorial.reading["completed_at"] or ""),
        )


def find_with_reading(user: User, slug: str) -> Any:
    """A tutorial, without its texts, with what this person has left there. Raises Http404."""
    found = PUBLISHED.first(slug=slug, user=user.pk, at=timezone.now())
    if found is None:
        # Some see what is not out.
        visible = Tutorial.objects.visible_to(user).only(*LIGHT)
        found = get_object_or_404(visible.with_reading_of(user.pk), slug=slug)
    return found


def page_for_member(request: HttpRequest, tutorial: Any, user: User) -> SafeString:
    """Of a tutorial that was found `with_reading_of` this person, who with this is told what they have earned."""
    reading, token = Reading.of(tutorial), get_token(request)
    page = page_with_gaps(tutorial, reading, user)
    news = awarding.announce(user=user) if tutorial.has_news and "awards" in page.names else awarding.News()
    own: dict[str, Value] = {
        **frame_of(request, csrf_token=token),
        "csrf_token": token,
        "fraction": str(reading.fraction),
        "place": "" if reading.completed_at else reading.block,
        "resume": filled("_resume.html", reading=reading) if reading.completed_at or reading.block else "",
        "awards": news_of(news),
        "marks": filled("_marks.html", tutorial=tutorial, marks=marks_of(tutorial), csrf_token=token)
        if tutorial.marked and "marks" in page.names
        else "",
        "sections": sections_of(tutorial, user) if "sections" in page.names else "",
    }
    return page.fill(own)


def page_with_gaps(tutorial: Any, reading: Reading, user: User) -> Variant:
    """What all members see who have this access and have come as far; with gaps for what is in OWN.

    It is found by all that it is made of, so what changed makes another one.
    """
    access = tutorial.access_for(user)
    facts = [
        *("tutorial", tutorial.pk, tutorial.updated_at, tutorial.is_out(), access.allowed),
        *(reading.completed_at is not None, tutorial.quiz_passed, bool(tutorial.marked)),
        # In which its dates are told.
        timezone.get_current_timezone_name(),
    ]

    def render(gaps: dict[str, str]) -> str:
        whole = Tutorial.objects.all().for_reading().get(pk=tutorial.pk)
        context = {
            **shown_to_all(whole, access),
            **gaps,
            "site_name": settings.SITE_NAME,
            "is_member": True,
            "is_done": reading.completed_at is not None,
            "quiz_passed": tutorial.quiz_passed,
        }
        if not tutorial.marked:
            context["marks"] = filled("_marks.html", tutorial=whole, csrf_token=gaps["csrf_token"])
        return render_to_string(TEMPLATE, context)

    return kept(lambda: with_gaps(OWN, render), *facts, seconds=KEPT)


def page_for_visitor(request: HttpRequest, tutorial: Tutorial) -> SafeString:
    """The whole tutorial, or its opening and an honest offer: the same for all of them, but for what waits for one."""
    context = {
        **shown_to_all(tutorial, tutorial.access_for(request.user)),
        **frame_of(request, csrf_token=""),
        "sections": sections_of(tutorial, AnonymousUser()),
    }
    return render_to_string(TEMPLATE, context)


def shown_to_all(tutorial: Tutorial, access: Access) -> dict[str, Any]:
    """What everybody with this access sees of a tutorial."""
    walk = learning.walk_through(tutorial)
    html = tutorial.html_for(access)
    return {
        "tutorial": tutorial,
        "access": access,
        # Of what is not out yet nobody else could read a question.
        "html": page_sections.with_questions(html, tutorial) if tutorial.is_out() else html,
        "questions": questions_in(tutorial),
        "walk": walk,
        "neighbours": None if walk else Tutorial.objects.neighbours(tutorial),
        "related": Tutorial.objects.related_to(tutorial),
    }


def questions_in(tutorial: Tutorial) -> int:
    return len(tutorial.quiz["questions"]) if tutorial.quiz else 0


def marks_of(tutorial: Any) -> list[dict[str, str]]:
    """The reader's bookmarks here, in the order of the text, each {"block", "heading", "note"}."""
    headings = {"": "The beginning"} | {block["id"]: block["text"] for block in tutorial.blocks}
    notes = {mark["block"]: mark["note"] for mark in tutorial.marked}
    return [
        {"block": block, "heading": heading, "note": notes[block]}
        for block, heading in headings.items()
        if block in notes
    ]


def news_of(news: awarding.News) -> SafeString:
    return filled("_awards.html", news=news) if news else SafeString("")


def sections_of(tutorial: Tutorial, reader: User | AnonymousUser) -> SafeString:
    """What other apps show below a tutorial that is out."""
    shown = page_sections.place.shown(tutorial, reader) if tutorial.is_out() else []
    return SafeString("".join(render_to_string(each["template"], {"section": each["content"]}) for each in shown))


def filled(template: str, **context: Any) -> SafeString:
    return render_to_string(f"tutorials/{template}", context)
