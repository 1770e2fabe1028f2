"""Finding a tutorial in the list."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.factories import make_topic, make_tutorial

pytestmark = pytest.mark.django_db


def listed(client: Client, query: str = "") -> list[str]:
    """The slugs in the order in which the page shows them, and the API too."""
    page = client.get(f"/tutorials/?{query}")
    api = client.get(f"/api/tutorials?{query}")
    assert page.status_code == api.status_code == 200
    slugs = [row["slug"] for row in page.context["tutorials"]]
    assert slugs == [result["slug"] for result in api.json()["results"]]
    return slugs


def test_the_newest_come_first(visitor: Client) -> None:
    make_tutorial("Older", published_at=datetime(2026, 1, 1, tzinfo=UTC))
    make_tutorial("Newer", published_at=datetime(2026, 2, 1, tzinfo=UTC))
    assert listed(visitor) == ["newer", "older"]


def test_drafts_and_the_future_are_not_listed(visitor: Client) -> None:
    make_tutorial("Draft", status="draft")
    make_tutorial("Tomorrow", published_at=timezone.now() + timedelta(days=1))
    make_tutorial("Today", published_at=timezone.now() - timedelta(seconds=1))
    assert listed(visitor) == ["today"]


def test_filters_narrow_the_list_together(visitor: Client) -> None:
    tools = make_topic("Tools")
    make_tutorial("A", topic=tools, difficulty="advanced", access="premium")
    make_tutorial("B", topic=tools, difficulty="beginner")
    make_tutorial("C", difficulty="advanced")
    assert sorted(listed(visitor, "topic=tools")) == ["a", "b"]
    assert sorted(listed(visitor, "difficulty=advanced")) == ["a", "c"]
    assert listed(visitor, "access=premium") == ["a"]
    assert listed(visitor, "topic=tools&difficulty=beginner") == ["b"]
    assert listed(visitor, "topic=tools&difficulty=beginner&access=premium") == []


def test_an_empty_list_says_what_to_do(visitor: Client) -> None:
    page = visitor.get("/tutorials/?q=nothing-like-this").content.decode()
    assert 'href="/tutorials/"' in page


def test_htmx_gets_the_results_alone(visitor: Client) -> None:
    make_tutorial("Only one")
    part = visitor.get("/tutorials/", headers={"hx-request": "true"})
    assert b"Only one" in part.content
    assert b"<html" not in part.content
    assert "HX-Request" in part["Vary"]
    rows = re.compile(rb'<ol class="rows">.*</ol>', re.DOTALL)
    assert rows.findall(part.content) == rows.findall(visitor.get("/tutorials/").content)


def test_neighbouring_pages_keep_the_filters(visitor: Client) -> None:
    for number in range(3):
        make_tutorial(f"T{number}", difficulty="advanced")
    first = visitor.get("/tutorials/?difficulty=advanced&page_size=2")
    second = visitor.get(first.context["next"])
    assert [row["slug"] for row in first.context["tutorials"]] == ["t2", "t1"]
    assert [row["slug"] for row in second.context["tutorials"]] == ["t0"]
    assert "difficulty=advanced" in second.context["previous"]


@pytest.mark.parametrize(
    "address", ["/", "/tutorials/", "/tutorials/?q=tutorial", "/tutorials/tutorial-a/", "/api/tutorials"]
)
def test_more_rows_cost_no_more_queries(
    visitor: Client, django_assert_max_num_queries: DjangoAssertNumQueries, address: str
) -> None:
    make_tutorial("Tutorial A")
    with django_assert_max_num_queries(4) as few:
        visitor.get(address)
    for number in range(12):
        make_tutorial(f"Tutorial more {number}", topic=make_topic(f"Topic {number}"))
    with django_assert_max_num_queries(4) as many:
        visitor.get(address)
    assert len(many) == len(few)
