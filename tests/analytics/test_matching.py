"""The rule by which goals and steps of funnels find events."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from analytics.matching import matches, matches_sql, validate_rule, validate_steps
from analytics.models import Funnel, Goal

EXAMPLES = [
    ("page_view", "/pricing/", "page_view", "/pricing/", True),
    ("page_view", "/pricing/", "page_view", "/pricing/more/", False),
    ("page_view", "/tutorials/*", "page_view", "/tutorials/first/", True),
    ("page_view", "/tutorials/*", "page_view", "/tracks/", False),
    ("page_view", "", "page_view", "/anything/", True),
    ("page_view", "*", "page_view", "", True),
    ("page_view", "", "feature", "search", False),
    ("feature", "search", "feature", "SEARCH", False),
    ("page_view", "/100%*", "page_view", "/100%/", True),
    ("page_view", "/a_b*", "page_view", "/axb/", False),
]


@pytest.mark.parametrize(("event", "subject", "name", "about", "expected"), EXAMPLES)
def test_what_a_rule_finds(event: str, subject: str, name: str, about: str, expected: bool) -> None:
    assert matches(event, subject, name=name, about=about) is expected


texts = st.text(st.sampled_from("/a*%_\\"), max_size=4)


@pytest.mark.django_db
@given(rule=texts, about=texts)
def test_the_database_finds_the_same(rule: str, about: str) -> None:
    sql = matches_sql("%(event)s::text", "%(subject)s::text", name="%(name)s::text", about="%(about)s::text")
    with connection.cursor() as cursor:
        given = {"event": "page_view", "subject": rule, "name": "page_view", "about": about}
        cursor.execute(f"SELECT {sql}", given)
        assert cursor.fetchone()[0] is matches("page_view", rule, name="page_view", about=about)


@pytest.mark.parametrize(
    ("event", "subject", "field"),
    [
        ("hover", "", "event"),
        ("kept_out", "", "event"),
        ("page_view", "/*/", "subject"),
        ("page_view", "/" * 201, "subject"),
    ],
)
def test_a_rule_that_finds_nothing_is_refused(event: str, subject: str, field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        validate_rule(event, subject)
    assert list(refused.value.message_dict) == [field]
    with pytest.raises(ValidationError) as refused:
        Goal(name="Goal", event=event, subject=subject).clean()
    assert list(refused.value.message_dict) == [field]


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([], "2 to 10 steps"),
        ("page_view", "2 to 10 steps"),
        ([{"event": "page_view"}], "2 to 10 steps"),
        ([{"event": "page_view"}] * 11, "2 to 10 steps"),
        ([{"event": "page_view"}, "pricing"], "Step 2 is not of the form"),
        ([{"event": "page_view"}, {"event": "page_view", "title": "x"}], "Step 2 is not of the form"),
        ([{"event": "page_view"}, {"event": "hover"}], "Step 2: There is no event “hover”"),
        ([{"event": "page_view", "subject": "a*b"}, {"event": "page_view"}], "Step 1: A \\* may stand at the end only"),
        ([{"event": "page_view", "subject": 5}, {"event": ["x"]}], "Step 1: A subject has at most"),
    ],
)
def test_steps_that_are_no_funnel_are_refused(steps: Any, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        validate_steps(steps)


@pytest.mark.django_db
def test_a_funnel_and_a_goal_that_are_right_are_taken() -> None:
    steps = [{"event": "page_view", "subject": "/tutorials/*"}, {"event": "sign_up"}]
    validate_steps(steps)
    Funnel(name="Funnel", steps=steps, days=7).full_clean()
    Goal(name="Goal", event="feature", subject="search").full_clean()
    with pytest.raises(ValidationError) as refused:
        Funnel(name="Funnel", steps=[], days=31).full_clean()
    assert {"steps", "days"} & set(refused.value.message_dict)
