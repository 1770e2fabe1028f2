"""Finding a tutorial in the list."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from common.remembering import mark_changed
from tests.factories import make_topic, make_tutorial, make_user
from tutorials.listing import is_shelf
from tutorials.models import Tutorial, TutorialProgress
from tutorials.querysets import TOPICS_KEY
from tutorials.topics import all_topics, topics_with_counts

pytestmark = pytest.mark.django_db


def listed(client: Client, query: str = "") -> list[str]:
    """The slugs in the order in which the page shows them, and the API too."""
    page = client.get(f"/tutorials/?{query}")
    api = client.get(f"/api/tutorials?{query}")
    assert page.status_code == api.status_code == 200
    slugs = re.findall(r'<h3 class="row__title">\s*<a href="/tutorials/([a-z0-9-]+)/">', page.content.decode())
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


LISTS = (
    "/tutorials/",
    "/tutorials/?q=tutorial",
    "/tutorials/?q=tutorail",
    "/tutorials/?tag=rag",
    "/api/tutorials?q=tutorial",
)


def statements(queries: CaptureQueriesContext) -> list[str]:
    """But for those with which a test nests transactions."""
    return [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]


@pytest.mark.parametrize("address", ["/", *LISTS])
def test_more_rows_cost_no_more_queries(visitor: Client, learner: User, address: str) -> None:
    member = Client()
    member.force_login(learner)
    # A misspelt search is two, with a look into the vocabulary between them.
    again = 2 if "tutorail" in address else 0
    # The first page also shows what members discuss, and to visitors the price.
    of_visitor, of_member = (6, 14) if address == "/" else (4 + again, 7 + again)
    for client, most in ((visitor, of_visitor), (member, of_member)):
        counts = []
        # What every page remembers: the categories, and how much somebody has not read.
        client.get("/community/")
        for number in range(12):
            make_tutorial(f"{number} tutorial of {most}", topic=make_topic(f"Topic {number}"), tags=["rag"])
            if number in (0, 11):
                mark_changed((TOPICS_KEY,))  # the dearest case: nothing is remembered
                with CaptureQueriesContext(connection) as queries:
                    assert client.get(address).status_code == 200
                counts.append(len(statements(queries)))
        assert counts[0] == counts[1]
        assert counts[0] <= most, statements(queries)


def test_members_see_what_they_have_read(learner: User) -> None:
    tutorials = [make_tutorial(title) for title in ("New", "Begun", "Done")]
    now = timezone.now()
    TutorialProgress.objects.create(user=learner, tutorial=tutorials[1], fraction=0.4)
    TutorialProgress.objects.create(user=learner, tutorial=tutorials[2], fraction=1, completed_at=now)
    TutorialProgress.objects.create(user=make_user(), tutorial=tutorials[0], fraction=1, completed_at=now)
    member = Client()
    member.force_login(learner)
    for query in ("", "q=read"):
        page = member.get(f"/tutorials/?{query}").content.decode()
        assert page.count("40 % read") == 1
        assert page.count("Finished") == 1
        assert page.count('class="row"') == 3


def test_a_tag_narrows_the_list_and_stays_with_other_filters(visitor: Client) -> None:
    make_tutorial("A", tags=["rag"])
    make_tutorial("B", tags=["agents"])
    assert listed(visitor, "tag=rag") == ["a"]
    page = visitor.get("/tutorials/?tag=rag").content.decode()
    assert 'type="hidden" name="tag" value="rag"' in page
    assert 'href="/tutorials/?tag=rag"' in page
    assert visitor.get("/tutorials/?tag=No+tag").status_code == 400


def test_a_topic_without_tutorials_can_be_asked_for_and_an_unknown_one_cannot(visitor: Client) -> None:
    make_topic("Empty")
    assert listed(visitor, "topic=empty") == []
    assert visitor.get("/tutorials/?topic=nothing").status_code == 400


def test_topics_are_counted_again_when_something_is_saved() -> None:
    topic = make_topic("Tools")
    assert topics_with_counts() == []
    tutorial = make_tutorial("A", topic=topic)
    assert [found.tutorial_count for found in topics_with_counts()] == [1]
    tutorial.status = "archived"
    tutorial.save()
    assert topics_with_counts() == []
    topic.name = "Renamed"
    topic.save()
    assert [found.name for found in all_topics()] == ["Renamed"]


def test_neighbours_are_those_of_the_topic_in_the_order_of_publication() -> None:
    days = [make_tutorial(f"Day {day}", published_at=datetime(2026, 1, day, tzinfo=UTC)) for day in (1, 2, 3)]
    make_tutorial("Elsewhere", topic=make_topic("Tools"), published_at=datetime(2026, 1, 2, 12, tzinfo=UTC))
    make_tutorial("Hidden", status="draft", published_at=datetime(2026, 1, 2, 1, tzinfo=UTC))
    with CaptureQueriesContext(connection) as queries:
        around = [Tutorial.objects.neighbours(day) for day in days]
        assert [(each.previous, each.next) for each in around] == [
            (None, days[1]),
            (days[0], days[2]),
            (days[1], None),
        ]
    assert len(queries) == 3
    draft = make_tutorial("Undated", status="draft", published_at=None)
    assert Tutorial.objects.neighbours(draft).previous == days[2]


def test_related_are_those_with_tags_in_common_then_those_of_the_topic() -> None:
    tools, other = make_topic("Tools"), make_topic("Other")
    tutorial = make_tutorial("It", topic=tools, tags=["a", "b"])
    make_tutorial("Both tags", topic=other, tags=["a", "b", "c"])
    make_tutorial("One tag here", topic=tools, tags=["a"])
    make_tutorial("One tag there", topic=other, tags=["b"])
    make_tutorial("No tag", topic=tools)
    make_tutorial("Too many", topic=tools, published_at=datetime(2020, 1, 1, tzinfo=UTC))
    make_tutorial("Draft", topic=tools, tags=["a", "b"], status="draft")
    make_tutorial("Unrelated", topic=other)
    with CaptureQueriesContext(connection) as queries:
        related = [row["slug"] for row in Tutorial.objects.related_to(tutorial)]
    assert related == ["both-tags", "one-tag-here", "one-tag-there", "no-tag"]
    assert len(queries) == 1


def test_the_kept_list_shows_each_member_their_own_marks(visitor: Client, learner: User, stranger: User) -> None:
    begun, finished = make_tutorial("Begun"), make_tutorial("Finished")
    now = timezone.now()
    TutorialProgress.objects.create(user=learner, tutorial=begun, fraction=0.4)
    TutorialProgress.objects.create(user=learner, tutorial=finished, fraction=1, completed_at=now)
    TutorialProgress.objects.create(user=stranger, tutorial=finished, fraction=0.1)
    clients = {"visitor": visitor, "learner": Client(), "stranger": Client()}
    clients["learner"].force_login(learner)
    clients["stranger"].force_login(stranger)
    expected = {"visitor": [], "learner": ["40 % read", "Finished"], "stranger": ["10 % read"]}
    for _ in ("made", "kept"):
        for name, client in clients.items():
            page = client.get("/tutorials/").content.decode()
            found = re.findall(r"\d+ % read|(?<=</svg>)Finished", page)
            assert sorted(found) == sorted(expected[name])


def test_the_kept_list_changes_with_what_it_shows(visitor: Client, tutorial: Tutorial) -> None:
    assert visitor.get("/tutorials/").content.decode().count('class="row"') == 1
    make_tutorial("Another")
    assert visitor.get("/tutorials/").content.decode().count('class="row"') == 2
    tutorial.status = "archived"
    tutorial.save()
    page = visitor.get("/tutorials/").content.decode()
    assert page.count('class="row"') == 1
    assert "Another" in page
    tutorial.topic.name = "Renamed"
    tutorial.topic.save()
    assert "Renamed" in visitor.get("/tutorials/").content.decode()
    assert "Renamed" in visitor.get("/").content.decode()


@pytest.mark.parametrize("address", ["/", "/tutorials/", "/tutorials/?q=prompting", "/tutorials/?topic=tools"])
def test_visitors_get_no_cookie_for_looking(visitor: Client, address: str) -> None:
    make_tutorial("A", topic=make_topic("Tools"))
    response = visitor.get(address)
    assert response.status_code == 200
    assert not response.cookies


@pytest.mark.parametrize(
    ("asked", "is_kept"),
    [
        ("", True),
        ("topic=tools&access=free", True),
        ("topic=x1&topic=tools", False),
        ("q=tools", False),
        ("tag=rag", False),
        ("utm_source=x", False),
    ],
)
def test_only_what_is_asked_in_few_ways_is_kept(asked: str, is_kept: bool) -> None:
    assert is_shelf(QueryDict(asked)) == is_kept
