"""Events reach the table, each once, whatever is away on the way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from analytics.events import AudienceOf, Event
from analytics.models import DirtyHour, UserAnalytics
from analytics.pipeline import accept
from analytics.pipeline.collecting import Collector, collected_by
from analytics.services.ingesting import Consumer
from common.identities import time_of_id

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stream_emptied")]
LEARNER = AudienceOf(tier="free", country="DE", device="phone", browser="Firefox", system="Android")


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    settings.ANALYTICS_SPOOL = tmp_path / "spool"
    return tmp_path / "spool"


@pytest.fixture
def collector(folder: Path, settings: Settings) -> Iterator[Collector]:
    settings.ANALYTICS = True
    collector = Collector(folder)
    with collected_by(collector):
        yield collector
    collector.close()


def ingest() -> int:
    return Consumer(taken_over_after=0).empty()


def test_what_is_accepted_is_a_row_with_all_that_was_said(collector: Collector) -> None:
    event = Event(
        "feature",
        "search\twith\nall \\N signs\0",
        user_id=7,
        visitor=-5,
        audience=LEARNER,
        source="example.org",
        properties={"query": 'a "b"\n\\u0000 \\ \0\ud800', "length": 12},
    )
    accept([event, Event("page_view", "/pricing/")])
    assert UserAnalytics.objects.count() == 0
    assert ingest() == 2
    row = UserAnalytics.objects.get(pk=event.id)
    assert row.at == time_of_id(event.id)
    assert (row.name, row.subject, row.user_id, row.visitor) == ("feature", "search\twith\nall \\N signs", 7, -5)
    assert (row.source, row.properties) == ("example.org", {"query": 'a "b"\n\\u0000 \\ ?', "length": 12})
    audience = row.audience
    assert (
        AudienceOf(
            audience.segment.tier, audience.segment.country, audience.segment.device, audience.browser, audience.system
        )
        == LEARNER
    )
    other = UserAnalytics.objects.exclude(pk=event.id).get()
    assert (other.user_id, other.visitor, other.source, other.properties) == (None, None, "", {})
    assert {hour.hour for hour in DirtyHour.objects.all()} == {row.at.replace(minute=0, second=0, microsecond=0)}
