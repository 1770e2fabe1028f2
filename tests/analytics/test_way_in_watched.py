"""Those who run the platform see what is on its way, and are told when it stands still."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from analytics.events import Event
from analytics.pipeline import accept
from analytics.pipeline.collecting import Collector
from analytics.pipeline.store import Store
from analytics.services.ingesting import Consumer
from common import metrics
from ops.overview import overview
from ops.problems import events
from tests.brokers import valkey_away

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stream_emptied", "collector")]


@pytest.fixture(autouse=True)
def nobody_is_there() -> Iterator[None]:
    """Valkey keeps what it has, as it should; that of the tests does not."""
    metrics.valkey().config_set("appendonly", "yes")
    yield
    metrics.valkey().config_set("appendonly", "no")
    metrics.valkey().flushdb()


def keys() -> list[str]:
    return [problem.key for problem in events()]


def part() -> tuple[str, str]:
    (found,) = [part for part in overview().parts if part.name == "Events"]
    return found.mark, found.words


def test_all_is_well_while_somebody_reads() -> None:
    metrics.Reporter("events").say()
    accept([Event("feature", "search")])
    assert keys() == []
    mark, words = part()
    assert mark == "good"
    assert words.startswith("1 batches waiting, the oldest for 1 second; read by: 1 process, ")


def test_it_is_told_when_nobody_reads() -> None:
    (problem,) = events()
    assert "no ingest_events has given a sign of life" in problem.text
    assert "manage.py ingest_events" in problem.remedy
    assert part() == ("amiss", "0 batches waiting; read by: No process")


def test_it_is_told_when_events_wait_for_long() -> None:
    accept([Event("feature", "search")])
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=59)):
        assert keys() == ["events:reader"]
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=125)):
        assert keys() == ["events:reader", "events:late"]
        assert "Events have waited in Valkey for 3 minutes." in [problem.text for problem in events()]


def test_it_is_told_what_the_database_refused() -> None:
    metrics.Reporter("events").say()
    store = Store()
    store.set_aside(b"no event", "no")
    store.close()
    assert keys() == ["events:refused"]
    assert part()[1].endswith("; 1 refused and set aside")


def test_without_valkey_events_are_no_problem_of_their_own() -> None:
    with valkey_away():
        assert keys() == []
        assert part() == ("amiss", "Go to the database directly, without Valkey")


def test_it_is_shown_that_valkey_would_forget_what_waits() -> None:
    metrics.Reporter("events").say()
    metrics.valkey().config_set("appendonly", "no")
    assert part()[0] == "amiss"
    assert part()[1].endswith("; a restart of Valkey loses them: set appendonly")


def test_where_nothing_is_counted_nobody_need_read(settings: Any) -> None:
    settings.ANALYTICS = False
    assert keys() == []
    assert part()[0] == "off"


def test_prometheus_is_told(client: Client, settings: Any, admin: User, collector: Collector) -> None:
    settings.METRICS_TOKEN = "token"
    accept([Event("feature", "search")])
    shown = client.get("/metrics", headers={"authorization": "Bearer token"}).content.decode()
    assert "howtoai_events_waiting 1.0" in shown
    assert "howtoai_events_refused 0.0" in shown
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=5)):
        shown = client.get("/metrics", headers={"authorization": "Bearer token"}).content.decode()
    (age,) = [float(line.split()[1]) for line in shown.splitlines() if line.startswith("howtoai_events_age_seconds ")]
    assert 299 < age < 400
    Consumer(taken_over_after=0).empty()
    assert (
        "howtoai_events_waiting 0.0"
        in client.get("/metrics", headers={"authorization": "Bearer token"}).content.decode()
    )
