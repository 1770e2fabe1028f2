"""How far a search walks: everything at once for rare words, days for common ones, no further than it may read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from accounts.models import User
from community.models import Category
from community.querysets.search import Common, Narrowed, spans, weigh
from community.search_language import understand
from community.searching import search
from tests.community.members import make_category, make_comment, make_post

A_MILLION_POSTS = {"entries": 6_000_000, "busiest_quarter": 0.08}


def steps(*shares: tuple[float, float], days: int | None = None, **others: float) -> list[str]:
    """The first letters of the marks; a dot for all times."""
    after = datetime.now(UTC) - timedelta(days=days) if days is not None else None
    return [mark[2:3] or "." for mark in spans(after, None, Common.of(list(shares), **(A_MILLION_POSTS | others)))]


def test_a_rare_word_is_looked_for_once() -> None:
    assert steps((0.0001, 0.0001)) == ["."]
    assert steps((0.2, 0.2), (0.0001, 0.0001)) == ["."]


def test_the_more_common_a_word_is_the_shorter_are_the_steps() -> None:
    assert steps((0.2, 0.2))[:3] == ["d", "d", "d"]
    assert steps((0.04, 0.04))[:4] == ["w", "w", "w", "w"]
    assert steps((0.004, 0.004)) == ["q", "q", "."]


def test_common_words_that_seldom_meet_are_looked_for_in_some_quarters() -> None:
    assert steps((0.2, 0.2), (0.05, 0.006)) == ["q", "q"]
    assert steps((0.2, 0.2), (0.1, 0.005)) == ["q"]
    # Where less is written, that is a longer time.
    assert steps((0.2, 0.2), (0.1, 0.005), busiest_quarter=0.01) == ["q"] * 10


def test_filters_alone_look_through_quarters_too() -> None:
    assert steps() == ["d", "d", "d", "w", "w", "w", "w", "q"]
    assert steps(entries=0, busiest_quarter=0) == ["q"] * 40


def test_no_time_before_what_is_asked_for_is_looked_through() -> None:
    assert steps((0.2, 0.2), days=1) == ["d", "d"]
    assert set(steps((0.2, 0.2), (0.1, 0.005), days=1)) == {"q"}
    assert set(steps((0.2, 0.2), days=20)) == {"d", "w"}


@pytest.mark.django_db
def test_the_statistics_say_how_common_words_are() -> None:
    for number in range(20):
        make_comment(make_post(f"Animals of number {number}"), body=f"Fox {number} jumps. 東京")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE community_searchentry")
    narrowed = Narrowed([category.pk for category in Category.objects.all()])
    # An animal is in each title, a fox in each comment.
    weighed = weigh(understand("foxes animal -quokka"), narrowed)
    assert weighed["shares"] == [[0.5, 0.5], [0.5, 0.5]]
    assert weighed["entries"] == 40
    assert weighed["busiest_quarter"] == 1
    assert weigh(understand("fox or animal"), narrowed)["shares"] == [[1, 1]]
    assert weigh(understand("東"), narrowed)["shares"] == [[0.5, 0.5]]
    assert weigh(understand('"animal fox"'), narrowed)["shares"] == [[0.5, pytest.approx(0.25)]]
    assert weigh(understand("animal"), narrowed)["title_shares"] == [[0.5, 0.5]]
    assert weigh(understand("-fox is:solved"), narrowed)["shares"] == []


@pytest.mark.django_db
def test_a_part_of_a_word_is_found_beside_a_phrase(learner: User) -> None:
    make_category("Tools")
    make_post("The red fox makes progress", author=learner)
    make_post("The red fox is here", author=learner)
    assert [row["title"] for row in search('"red fox" gress', user=learner).rows] == ["The red fox makes progress"]
