"""What apps above show on the pages of tutorials and on the first page, and the links that ask about a block."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from common.sections import Place, Section
from tests.clients import signed_in
from tests.factories import make_grant, make_tutorial
from tutorials import home_sections, page_sections
from tutorials.models import Tutorial


@pytest.fixture
def template(tmp_path: Path, settings: Any) -> str:
    """A fragment that shows what it is given."""
    (tmp_path / "_shown.html").write_text("<p>[{{ section.words }}]</p>")
    templates = copy.deepcopy(settings.TEMPLATES)
    templates[0]["DIRS"].append(tmp_path)
    settings.TEMPLATES = templates
    return "_shown.html"


@pytest.fixture
def asking(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the community does."""
    monkeypatch.setattr(
        page_sections, "asking", lambda tutorial, block: f"/community/new/?tutorial={tutorial.slug}&block={block}"
    )


def page(client: Client, tutorial: Tutorial) -> str:
    response = client.get(tutorial.get_absolute_url())
    assert response.status_code == 200
    return response.content.decode()


def test_sections_stand_in_the_order_of_registering_and_empty_ones_are_left_out() -> None:
    place: Place[[int]] = Place()
    place.register(Section("b.html", lambda number: {"number": number}))
    place.register(Section("small.html", lambda number: {"small": number} if number < 5 else None))
    place.register(Section("a.html", lambda number: {"twice": 2 * number}))
    assert place.shown(7) == [
        {"template": "b.html", "content": {"number": 7}},
        {"template": "a.html", "content": {"twice": 14}},
    ]


def test_the_page_of_a_tutorial_shows_what_is_registered(
    visitor: Client, learner: User, tutorial: Tutorial, template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def content(tutorial: Tutorial, viewer: User | AnonymousUser) -> dict[str, Any]:
        return {"words": f"{tutorial.title} for {viewer.name if viewer.is_authenticated else 'a visitor'}"}

    make_tutorial("Another", tags=["prompting"])
    monkeypatch.setattr(page_sections.place, "registered", [page_sections.PageSection(template, content)])
    for client, words in (
        (visitor, "[Prompting that works for a visitor]"),
        (signed_in(learner), "[Prompting that works for Lea Learner]"),
    ):
        text = page(client, tutorial)
        assert text.count(words) == 1
        assert text.index("The end.") < text.index(words) < text.index("onward")


def test_a_tutorial_that_is_not_out_shows_no_section_and_asks_nothing(
    author: User, template: str, asking: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = make_tutorial("Draft", status="draft", author=author)

    def content(tutorial: Tutorial, viewer: User | AnonymousUser) -> dict[str, Any]:
        return {"words": f"{tutorial} for {viewer}"}

    monkeypatch.setattr(page_sections.place, "registered", [page_sections.PageSection(template, content)])
    text = page(signed_in(author), draft)
    assert "[Draft for" not in text
    assert 'class="ask"' not in text


def test_the_first_page_shows_what_is_registered(
    visitor: Client, learner: User, template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def content(viewer: User | AnonymousUser) -> dict[str, Any]:
        return {"words": "for members" if viewer.is_authenticated else "for visitors"}

    monkeypatch.setattr(home_sections.place, "registered", [home_sections.HomeSection(template, content)])
    for client, words in ((visitor, "[for visitors]"), (signed_in(learner), "[for members]")):
        assert client.get(reverse("tutorials:home")).content.decode().count(words) == 1


def test_each_heading_has_a_link_to_ask_about_it(
    visitor: Client, learner: User, tutorial: Tutorial, asking: None
) -> None:
    for client in (visitor, signed_in(learner)):
        text = page(client, tutorial)
        links = re.findall(r'<a class="ask" href="([^"]+)" aria-label="([^"]+)"', text)
        here = "/community/new/?tutorial=prompting-that-works&amp;block="
        assert links == [
            (f"{here}first-steps", "Ask about First steps"),
            (f"{here}last-words", "Ask about Last words"),
        ]
        assert '<h2 id="first-steps" aria-label="First steps">First steps<a class="ask"' in text


def test_the_links_cost_no_query(
    learner: User, tutorial: Tutorial, asking: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        assert page_sections.with_questions(tutorial.body_html, tutorial).count('class="ask"') == 2


def test_names_of_headings_are_escaped(visitor: Client, asking: None) -> None:
    body = 'Opening.\n\n## "Quotes" & `<h2 id="x">` *here*\n\n### Under it\n\nText.\n\n#### Too deep\n\nText.\n'
    text = page(visitor, make_tutorial("Odd", body=body))
    assert 'aria-label="Ask about &quot;Quotes&quot; &amp; &lt;h2 id=&quot;x&quot;&gt; here"' in text
    assert 'aria-label="Ask about Under it"' in text
    assert "Ask about Too deep" not in text
    assert text.count('class="ask"') == 2


def test_only_who_may_read_a_block_is_asked_for_questions_about_it(
    visitor: Client, learner: User, stranger: User, premium_tutorial: Tutorial, asking: None
) -> None:
    make_grant(learner)
    assert page(signed_in(learner), premium_tutorial).count('class="ask"') == 2
    for client in (visitor, signed_in(stranger)):
        assert 'class="ask"' not in page(client, premium_tutorial)


def test_where_nobody_can_be_asked_the_text_is_as_it_was_written(
    tutorial: Tutorial, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_sections, "asking", None)
    assert page_sections.with_questions(tutorial.body_html, tutorial) == tutorial.body_html
