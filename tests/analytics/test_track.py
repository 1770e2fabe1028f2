"""One line counts a deed; it never fails for being counted, and what was rolled back was never done."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from django.db import connection, transaction

from analytics import track
from analytics.events import NOBODY_KNOWN, AudienceOf
from analytics.visits import Visit, current
from common.identities import time_of_id
from tests.recording import Recorded

AUDIENCE = AudienceOf(tier="free", country="DE", device="phone")


@contextmanager
def visited(visit: Visit) -> Iterator[None]:
    token = current.set(visit)
    yield
    current.reset(token)


@pytest.fixture
def committed(transactional_db: None) -> None:
    """No transaction is in progress but what a test begins."""


@pytest.mark.usefixtures("committed")
def test_each_deed_is_one_line(recorded: Recorded) -> None:
    track.page_view(None, "/tutorials/getting-started/")
    track.tutorial_progress(7, "tutorial123", 0.75, 300, block="quiz")
    track.feature(7, "search", query_length=12, name="any")
    track.engagement(7, "like", post=3)
    track.subscription(7, "started", plan="monthly", cents=900)
    track.sign_up(7, method="password")
    assert [(event.name, event.subject, event.user_id, event.properties) for event in recorded.events()] == [
        ("page_view", "/tutorials/getting-started/", None, {}),
        ("tutorial_progress", "tutorial123", 7, {"fraction": 0.75, "seconds": 300, "block": "quiz"}),
        ("feature", "search", 7, {"query_length": 12, "name": "any"}),
        ("engagement", "like", 7, {"post": 3}),
        ("subscription", "started", 7, {"plan": "monthly", "cents": 900}),
        ("sign_up", "", 7, {"method": "password"}),
    ]
    assert {event.audience for event in recorded.events()} == {NOBODY_KNOWN}


@pytest.mark.usefixtures("committed")
def test_within_a_request_it_is_known_who_it_is(recorded: Recorded) -> None:
    with visited(Visit(visitor=-12, audience=AUDIENCE, kept_out="")):
        track.feature(7, "search")
    (event,) = recorded.events()
    assert (event.visitor, event.audience) == (-12, AUDIENCE)


@pytest.mark.usefixtures("committed")
def test_of_whoever_is_kept_out_nothing_is_counted(recorded: Recorded) -> None:
    with visited(Visit(visitor=-12, audience=AUDIENCE, kept_out="staff")):
        track.feature(7, "search")
        track.sign_up(7)
    assert recorded.events() == []


@pytest.mark.usefixtures("committed")
def test_an_event_leaves_when_what_was_done_is_committed(recorded: Recorded) -> None:
    with transaction.atomic():
        track.feature(7, "search")
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            (during,) = cursor.fetchone()
        assert recorded.events() == []
    (event,) = recorded.events()
    # It happened when it was done, and not when that was committed.
    assert (time_of_id(UUID(event.id)) - during).total_seconds() < 0.001


@pytest.mark.usefixtures("committed")
def test_what_is_rolled_back_was_never_done(recorded: Recorded) -> None:
    with pytest.raises(RuntimeError):
        use_and_fail("search")
    with transaction.atomic():
        with pytest.raises(RuntimeError):
            use_and_fail("inner")
        track.feature(7, "outer")
    assert [event.subject for event in recorded.events()] == ["outer"]


@transaction.atomic
def use_and_fail(feature: str) -> None:
    track.feature(7, feature)
    raise RuntimeError


def test_without_a_database_it_is_counted_all_the_same(recorded: Recorded) -> None:
    """No fixture of this test lets it use one."""
    track.feature(None, "search")
    assert len(recorded.events()) == 1


def test_a_wrong_call_is_an_error_in_the_log_and_nothing_else(
    recorded: Recorded, caplog: pytest.LogCaptureFixture
) -> None:
    track.page_view(None, "no path")
    track.tutorial_progress(7, "tutorial", 1.5, 3)
    track.tutorial_progress(7, "tutorial", 0.5, -3)
    track.feature(7, "")
    track.feature()  # type: ignore[call-arg]
    track.engagement(7, 5)  # type: ignore[arg-type]
    track.feature("somebody", "search")  # type: ignore[arg-type]
    track.feature(7, "search", much="x" * 9_000)
    assert recorded.events() == []
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 8


def test_nothing_is_counted_in_other_tests(settings: object) -> None:
    assert not settings.ANALYTICS  # type: ignore[attr-defined]
