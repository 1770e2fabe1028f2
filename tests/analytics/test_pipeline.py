"""Events reach the table, each once, whatever is away on the way."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import connection

from analytics.events import AudienceOf, Event
from analytics.models import Audience, DirtyHour, Segment, UserAnalytics
from analytics.pipeline import NotKept, accept, collect, stream
from analytics.pipeline.collecting import Collector
from analytics.pipeline.lines import LONGEST_SUBJECT, line_of
from analytics.pipeline.store import MONTHS, Store
from analytics.services.ingesting import Consumer
from common.identities import new_id, time_of_id
from tests.at_once import at_once
from tests.collecting import collected_by
from tests.config.processes import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stream_emptied")]
LEARNER = AudienceOf(tier="free", country="DE", device="phone", browser="Firefox", system="Android")
ComeBack = Callable[[], None]


def ingest() -> int:
    return Consumer(taken_over_after=0).empty()


def stored() -> set[UUID]:
    return set(UserAnalytics.objects.values_list("pk", flat=True))


def some(count: int) -> list[Event]:
    return [Event("feature", f"number {number}") for number in range(count)]


def ids(events: list[Event]) -> set[UUID]:
    return {event.id for event in events}


def audience_of(row: UserAnalytics) -> AudienceOf:
    segment = row.audience.segment
    return AudienceOf(segment.tier, segment.country, segment.device, row.audience.browser, row.audience.system)


def test_what_is_accepted_becomes_a_row_with_all_that_was_said(collector: Collector) -> None:
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
    assert stored() == set()
    assert ingest() == 2
    row = UserAnalytics.objects.get(pk=event.id)
    assert row.at == time_of_id(event.id)
    assert (row.name, row.subject, row.user_id, row.visitor) == ("feature", "search\twith\nall \\N signs", 7, -5)
    assert (row.source, row.properties) == ("example.org", {"query": 'a "b"\n\\u0000 \\ ?', "length": 12})
    assert audience_of(row) == LEARNER
    other = UserAnalytics.objects.exclude(pk=event.id).get()
    assert (other.user_id, other.visitor, other.source, other.properties) == (None, None, "", {})
    assert {hour.hour for hour in DirtyHour.objects.all()} == {row.at.replace(minute=0, second=0, microsecond=0)}


def test_what_is_collected_leaves_with_the_process(collector: Collector) -> None:
    events = some(20)
    for event in events:
        collect(event)
    collector.close()
    assert list(collector.spool.folder.glob("*.spool")) == []
    ingest()
    assert stored() == ids(events)


def test_what_is_collected_leaves_while_the_process_lives(collector: Collector) -> None:
    collect(Event("feature", "search"))
    assert wait_until(lambda: stream.standing().waiting == 1)
    assert ingest() == 1


def test_nothing_is_counted_where_nobody_wants_it(folder: Path, settings: object) -> None:
    settings.ANALYTICS = False  # type: ignore[attr-defined]
    with collected_by(Collector(folder)):
        collect(Event("feature", "search"))
        accept([Event("feature", "search")])
    assert (stream.standing().waiting, folder.exists()) == (0, False)


def test_without_valkey_events_go_to_the_database_directly(collector: Collector, valkey_is_away: ComeBack) -> None:
    events = some(3)
    accept(events)
    assert stored() == ids(events)
    collect(later := Event("feature", "later"))
    collector.close()
    assert stored() == ids(events) | {later.id}


def test_valkey_is_left_alone_for_a_while_once_it_did_not_answer(
    collector: Collector, valkey_is_away: ComeBack, settings: object
) -> None:
    accept([Event("feature", "first")])
    valkey_is_away()
    stream.patience.lose()
    accept([Event("feature", "second")])
    assert stream.standing().waiting == 0
    stream.patience.until = 0.0
    accept([Event("feature", "third")])
    assert stream.standing().waiting == 1
    assert len(stored()) == 2


def test_without_both_events_wait_on_the_disk(
    folder: Path, valkey_is_away: ComeBack, database_is_away: ComeBack
) -> None:
    events = some(3)
    first = Collector(folder)
    with collected_by(first):
        accept(events[:2])
        collect(events[2])
    first.close()
    assert len(list(folder.glob("*.spool"))) == 1
    database_is_away()
    with closing(Consumer()) as consumer:
        assert consumer.sweep() == 3
    assert stored() == ids(events)
    assert list(folder.glob("*.spool")) == []


def test_what_nobody_takes_is_refused(
    collector: Collector, folder: Path, valkey_is_away: ComeBack, database_is_away: ComeBack
) -> None:
    folder.write_text("no folder")
    with pytest.raises(NotKept, match="nowhere"):
        accept(some(2))


def test_without_a_spool_what_is_collected_waits_in_memory(
    collector: Collector, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.write_text("no folder")
    events = some(2)
    for event in events:
        collect(event)
    collector.close()
    ingest()
    assert stored() == ids(events)
    assert capsys.readouterr().err.count("they wait in memory") == 1


def test_what_cannot_be_an_event_is_an_error_and_no_exception(
    collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    for event in (
        Event("feature", "search", id=uuid4()),
        Event("feature", "search", properties={"text": "x" * 10_000}),
        Event("feature", "search", properties={"number": float("nan")}),
        Event("feature", 5),  # type: ignore[arg-type]
    ):
        collect(event)
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 4
    with pytest.raises(ValueError, match="version 7"):
        accept([Event("feature", "search", id=uuid4())])


def test_what_is_too_long_to_be_counted_by_is_cut_off() -> None:
    line = line_of(Event("feature", "é" * 10_000, audience=LEARNER._replace(browser="x" * 1_000)))
    assert "é" * LONGEST_SUBJECT in line.decode()
    assert len(line) < 2_000


def test_a_word_of_an_audience_cannot_become_two(collector: Collector) -> None:
    accept([Event("feature", "search", audience=AudienceOf("fr\x1fee", "D\tE", "phone\n", "Fire\\fox", "x" * 50))])
    ingest()
    assert audience_of(UserAnalytics.objects.get()) == AudienceOf("free", "DE", "phone", "Firefox", "x" * 40)


def test_a_large_batch_becomes_several_entries(collector: Collector) -> None:
    events = [Event("feature", "search", properties={"text": "x" * 1_000}) for _ in range(200)]
    accept(events)
    assert stream.standing().waiting == 4
    ingest()
    assert stored() == ids(events)


def test_an_event_that_comes_again_is_counted_once(collector: Collector) -> None:
    events = some(5)
    accept(events)
    ingest()
    DirtyHour.objects.all().delete()
    accept([*events, *events])
    ingest()
    assert stored() == ids(events)
    assert not DirtyHour.objects.exists()


def test_each_month_has_a_partition(collector: Collector) -> None:
    moments = [datetime(2026, month, 28, tzinfo=UTC) for month in (1, 2)]
    accept([Event("feature", "search", id=new_id(int(moment.timestamp() * 1000))) for moment in moments])
    ingest()
    with connection.cursor() as cursor:
        assert {moment.date().replace(day=1) for moment in moments} <= set(MONTHS.days(cursor))


def test_a_month_that_was_dropped_is_made_again() -> None:
    moment = datetime(2025, 3, 5, tzinfo=UTC)
    with closing(Store()) as store:
        for number in range(2):
            store.put([line_of(Event("feature", str(number), id=new_id(int(moment.timestamp() * 1000))))[:-1]])
            if number == 0:
                with connection.cursor() as cursor:
                    MONTHS.drop(cursor, moment.date())
    assert UserAnalytics.objects.get().subject == "1"


@pytest.mark.parametrize("year", [1970, 2019, 2100])
def test_an_event_of_another_age_makes_no_month(year: int) -> None:
    moment = datetime(year, 3, 5, tzinfo=UTC)
    with closing(Store()) as store, pytest.raises(ValueError, match="before 2020, or days ahead"):
        store.put([line_of(Event("feature", "search", id=new_id(int(moment.timestamp() * 1000))))[:-1]])


def test_two_who_meet_an_audience_at_once_name_it_once() -> None:
    def store_one() -> None:
        with closing(Store()) as store:
            store.put([line_of(Event("feature", "search", audience=LEARNER))[:-1]])

    at_once(store_one, times=4)
    assert (Segment.objects.count(), Audience.objects.count(), UserAnalytics.objects.count()) == (1, 1, 4)


def test_two_who_store_the_same_in_another_order_do_not_stand_in_each_others_way() -> None:
    lines = [line_of(event)[:-1] for event in some(2_000)]
    orders = [lines, lines[::-1]]

    def store_all() -> None:
        with closing(Store()) as store:
            store.put(orders.pop())

    at_once(store_all)
    assert UserAnalytics.objects.count() == 2_000


def test_what_a_killed_process_has_spooled_another_ships(folder: Path) -> None:
    events = some(50)
    with forked() as is_child:
        if is_child:
            with collected_by(Collector(folder, ships=False)):
                for event in events:
                    collect(event)
            os.kill(os.getpid(), signal.SIGKILL)
    another = Collector(folder)
    with collected_by(another):
        collect(own := Event("feature", "own"))
        another.close()
    ingest()
    assert stored() == ids(events) | {own.id}
    assert list(folder.glob("*.spool")) == []


def test_after_a_fork_each_has_a_spool_of_its_own(collector: Collector, folder: Path) -> None:
    collect(first := Event("feature", "parent"))
    child = Event("feature", "child")
    with forked() as is_child:
        if is_child:
            collect(child)
            os._exit(0)
    collect(second := Event("feature", "parent again"))
    assert len(list(folder.glob("*.spool"))) == 2
    collector.close()
    ingest()
    assert stored() == {first.id, second.id, child.id}


@contextmanager
def forked() -> Iterator[bool]:
    """Whether this is the child, which ends itself in here; it is over afterwards."""
    child = os.fork()
    try:
        yield child == 0
    finally:
        if child == 0:
            os._exit(1)
        os.waitpid(child, 0)


def test_many_threads_at_once_lose_nothing(collector: Collector) -> None:
    events = some(2_000)

    def collect_some(first: int) -> None:
        for event in events[first : first + 250]:
            collect(event)

    threads = [threading.Thread(target=collect_some, args=(first,)) for first in range(0, 2_000, 250)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    collector.close()
    ingest()
    assert stored() == ids(events)


def test_a_database_that_comes_back_takes_events_again(collector: Collector, valkey_is_away: ComeBack) -> None:
    accept([Event("feature", "before")])
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    # The connection is broken, and that is only seen now.
    accept([Event("feature", "meanwhile")])
    collector.way.patience.until = 0.0
    accept([Event("feature", "after")])
    collector.close()
    with closing(Consumer()) as consumer:
        consumer.sweep()
    assert set(UserAnalytics.objects.values_list("subject", flat=True)) == {"before", "meanwhile", "after"}


def test_a_store_tells_what_the_database_refuses() -> None:
    good = line_of(Event("feature", "search"))[:-1]
    with closing(Store()) as store, pytest.raises(psycopg.DataError):
        store.put([good, good[:-2] + b"{no json"])
    assert stored() == set()
