"""Consumers take events out of the stream: at least once, counted once, whoever dies at whatever point."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from analytics.events import Event
from analytics.models import DeadLetter, UserAnalytics
from analytics.pipeline import accept, stream
from analytics.pipeline.collecting import Collector
from analytics.pipeline.lines import line_of
from analytics.pipeline.store import Store
from analytics.pipeline.stream import GROUP, LINES, STREAM
from analytics.services import ingesting
from analytics.services.ingesting import MOST_DEATHS, NEW, TRIED, Consumer, replay
from tests.analytics.test_pipeline import ComeBack, forked, ids, ingest, some, stored
from tests.config.processes import wait_until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("stream_emptied", "collector"),
]


class Running:
    """A consumer at work in a thread."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.thread = threading.Thread(target=Consumer().run, args=(self.stop,))
        self.thread.start()

    def close(self) -> None:
        self.stop.set()
        self.thread.join(10)
        assert not self.thread.is_alive()


def pending() -> int:
    found: Any = stream.valkey().xpending(STREAM, GROUP)
    return int(found["pending"])


def test_what_is_stored_leaves_the_stream() -> None:
    accept(some(3))
    assert ingest() == 3
    assert (stream.standing().waiting, pending()) == (0, 0)


def test_an_entry_that_is_delivered_again_changes_nothing() -> None:
    events = some(3)
    accept(events)
    with closing(Consumer()) as consumer:
        consumer.make_group()
        entries = consumer.next(NEW)
        # Stored, and cut off before Valkey was told.
        consumer.store.keep(entries[0][1][LINES].split(b"\n"))
    assert pending() == 1
    assert ingest() == 3
    assert stored() == ids(events)
    assert (stream.standing().waiting, pending()) == (0, 0)


def test_two_consumers_at_once_share_the_work() -> None:
    events = some(3_000)
    with closing(Running()), closing(Running()):
        for first in range(0, 3_000, 10):
            accept(events[first : first + 10])
        assert wait_until(lambda: stream.standing().waiting == 0)
    assert stored() == ids(events)


def before_storing(consumer: Consumer) -> None:
    consumer.store.keep = die  # type: ignore[method-assign,assignment]


def before_the_commit(consumer: Consumer) -> None:
    consumer.store.learn = die  # type: ignore[method-assign,assignment]


def after_the_commit(consumer: Consumer) -> None:
    keep = consumer.store.keep

    def keep_and_die(lines: Sequence[bytes]) -> None:
        keep(lines)
        die()

    consumer.store.keep = keep_and_die  # type: ignore[method-assign]


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("point", [before_storing, before_the_commit, after_the_commit])
def test_a_consumer_that_is_killed_loses_and_doubles_nothing(point: Callable[[Consumer], None]) -> None:
    events = some(3)
    accept(events)
    with forked() as is_child:
        if is_child:
            consumer = Consumer()
            point(consumer)
            consumer.empty()
    assert pending() == 1
    assert stored() == (ids(events) if point is after_the_commit else set())
    accept(more := some(2))
    assert ingest() == 5
    assert stored() == ids(events) | ids(more)
    assert (stream.standing().waiting, pending()) == (0, 0)


def test_what_somebody_has_in_hand_is_theirs_for_a_while() -> None:
    accept(some(1))
    first, second = Consumer(), Consumer()
    first.make_group()
    assert len(first.next(NEW)) == 1
    assert second.taken_over() == []
    assert len(Consumer(taken_over_after=0).taken_over()) == 1


def test_while_the_database_is_away_nothing_is_acknowledged(
    database_is_away: ComeBack, caplog: pytest.LogCaptureFixture
) -> None:
    events = some(2)
    accept(events)
    with closing(Running()):
        assert wait_until(lambda: "events wait" in caplog.text)
        assert stream.standing().waiting == 1
        database_is_away()
        assert wait_until(lambda: stream.standing().waiting == 0)
    assert stored() == ids(events)


def test_while_valkey_is_away_a_consumer_waits_and_stores_what_was_spooled(
    valkey_is_away: ComeBack, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spooled, accepted = some(2)
    left = Collector(folder, ships=False)
    left.collect(line_of(spooled))
    left.close()
    with closing(Running()):
        assert wait_until(lambda: stored() == {spooled.id})
        valkey_is_away()
        accept([accepted])
        assert wait_until(lambda: len(stored()) == 2)
    assert caplog.text.count("events wait") == 1


def test_a_stream_that_was_lost_is_begun_anew() -> None:
    with closing(Running()):
        accept(some(1))
        assert wait_until(lambda: len(stored()) == 1)
        stream.valkey().delete(STREAM)
        accept(some(1))
        assert wait_until(lambda: len(stored()) == 2)


def test_the_names_of_those_who_are_gone_are_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingesting, "GONE_AFTER", -1)
    idle, busy = Consumer(), Consumer()
    idle.make_group()
    accept(some(1))
    for consumer in (busy, idle):
        consumer.next(NEW)
    Consumer().look_around()
    found: Any = stream.valkey().xinfo_consumers(STREAM, GROUP)
    names = {consumer["name"].decode() for consumer in found}
    assert busy.name in names
    assert idle.name not in names


def test_what_the_database_refuses_is_set_aside_and_holds_up_no_other(caplog: pytest.LogCaptureFixture) -> None:
    events = some(20)
    lines = [line_of(event)[:-1] for event in events]
    bad = {
        b"no event": "invalid literal",
        line_of(Event("feature", "search", visitor=5))[:-1]: "violates check constraint",
        line_of(Event("feature", "search"))[:-3] + b"{no json": "invalid input syntax for type json",
        lines[0].replace(b"feature", b"\xff\xfe"): "invalid byte sequence",
        lines[0] + b"\tmore": "extra data after last expected column",
    }
    for number, line in enumerate(bad):
        lines.insert(number * 4, line)
    for _ in range(2):
        stream.add(lines)
        ingest()
    assert stored() == ids(events)
    assert stream.standing().waiting == 0
    errors = {bytes(letter.line): letter.error for letter in DeadLetter.objects.all()}
    assert errors.keys() == bad.keys()
    for line, words in bad.items():
        assert words in errors[line]
    assert {record.levelno for record in caplog.records} == {logging.ERROR}


def dying_of(poison: bytes) -> Consumer:
    consumer = Consumer(taken_over_after=0)
    keep = consumer.store.keep

    def keep_or_die(lines: Sequence[bytes]) -> None:
        if poison in b"".join(lines):
            die()
        keep(lines)

    consumer.store.keep = keep_or_die  # type: ignore[method-assign]
    return consumer


def test_what_kills_each_consumer_that_takes_it_is_set_aside_and_holds_up_no_other() -> None:
    events, poison = some(3), Event("feature", "poison")
    for event in (events[0], poison, *events[1:]):
        accept([event])
    # Once among others, then as often as it may alone; the last one survives.
    for _ in range(1 + MOST_DEATHS + 1):
        assert not DeadLetter.objects.exists()
        with forked() as is_child:
            if is_child:
                dying_of(b"poison").empty()
    assert stored() == ids(events)
    assert stream.standing().waiting == 0
    assert bytes(DeadLetter.objects.get().line) == line_of(poison)[:-1]
    assert stream.valkey().keys(f"{TRIED}*") == []


ENDING = """
CREATE FUNCTION end_connection() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;
CREATE TRIGGER end_connection BEFORE INSERT ON analytics_useranalytics
FOR EACH ROW WHEN (NEW.subject = 'poison') EXECUTE FUNCTION end_connection();
"""


def test_what_ends_the_connection_each_time_is_set_aside_and_holds_up_no_other() -> None:
    events, poison = some(3), Event("feature", "poison")
    with connection.cursor() as cursor:
        cursor.execute(ENDING)
    try:
        for event in (events[0], poison, *events[1:]):
            accept([event])
        with closing(Running()):
            assert wait_until(lambda: stream.standing().waiting == 0)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION end_connection CASCADE")
    assert stored() == ids(events)
    assert DeadLetter.objects.get().error.startswith("3 consumers, or their connections")


def test_what_was_set_aside_can_be_tried_again() -> None:
    store = Store()
    event = Event("feature", "search")
    for line in (line_of(event)[:-1], b"no event"):
        store.set_aside(line, "it was not liked")
    store.close()
    assert replay() == (1, 1)
    assert stored() == {event.id}
    shown, replayed = StringIO(), StringIO()
    call_command("ingest_events", "--dead-letters", stdout=shown)
    assert "it was not liked: b'no event'" in shown.getvalue()
    call_command("ingest_events", "--replay", stdout=replayed)
    assert replayed.getvalue() == "0 stored; 1 are still refused.\n"


def test_an_entry_that_is_none_of_ours_is_removed(caplog: pytest.LogCaptureFixture) -> None:
    stream.valkey().xadd(STREAM, {"x": "y"})
    accept(some(1))
    assert ingest() == 1
    assert stream.standing().waiting == 0
    assert "is no batch of events" in caplog.text


def test_once_takes_what_there_is(valkey_is_away: ComeBack) -> None:
    with pytest.raises(CommandError, match="does not answer"):
        call_command("ingest_events", "--once")
    valkey_is_away()
    accept(some(3))
    out = StringIO()
    call_command("ingest_events", "--once", stdout=out)
    assert out.getvalue() == "3 events taken.\n"
    assert UserAnalytics.objects.count() == 3
