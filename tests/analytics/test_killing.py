"""Under load, consumer, Valkey and PostgreSQL are killed in turn and come back: what was accepted is there, once.

On servers of its own, which keep what they say they keep; those of the other tests do not.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest
from django.conf import settings
from redis import Redis, RedisError

from config.embedded import Place
from config.env import BASE_DIR
from tests.config.processes import named, wait_until

# Says which ids it is about to send, and which were accepted; until it is told to stop. Every tenth event is one of a
# page, which is accepted as soon as it is collected.
SEND = """
import os, random, signal, sys, threading
import django
django.setup()
from analytics.events import AudienceOf, Event
from analytics.pipeline import NotKept, accept, collect
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
told = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
def tell(word, events):
    os.write(told, "".join(f"{word} {event.id}\\n" for event in events).encode())
while not stop.wait(0.004):
    audience = AudienceOf(random.choice(["free", "premium"]), random.choice(["DE", "FR", "US"]), "phone", "Firefox", "")
    events = [Event("feature", "search", audience=audience) for _ in range(random.randint(1, 20))]
    tell("sent", events)
    if random.random() < 0.1:
        for event in events:
            collect(event)
    else:
        try:
            accept(events)
        except NotKept:
            continue
    tell("accepted", events)
"""
# Several Django processes start at once, on a machine that may be busy.
WITHIN = 60  # seconds
TABLES = ("useranalytics", "audience", "segment", "dirtyhour", "deadletter")


class Site:
    """Servers, those who send, and those who ingest, as processes of their own."""

    def __init__(self, folder: Path, urls: dict[str, str], stack: ExitStack) -> None:
        self.folder, self.urls, self.stack = folder, urls, stack
        self.environment = os.environ | urls | {"ANALYTICS": "true", "DATABASE_POOL": "false"}
        self.environment |= {"VAR_DIR": str(folder / "var"), "DJANGO_SETTINGS_MODULE": "config.settings"}
        self.told: list[Path] = []

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen([sys.executable, *arguments], cwd=BASE_DIR, env=self.environment, text=True)
        self.stack.callback(end, process, signal.SIGKILL)
        return process

    def sender(self) -> subprocess.Popen[str]:
        self.told.append(self.folder / f"sender-{len(self.told)}.txt")
        return self.start("-c", SEND, str(self.told[-1]))

    def consumer(self) -> subprocess.Popen[str]:
        return self.start("manage.py", "ingest_events")

    def ids(self, word: str) -> set[str]:
        lines = [line.split() for path in self.told if path.exists() for line in path.read_text().splitlines()]
        return {identity for said, identity in lines if said == word}

    def more_is_accepted(self, count: int = 300) -> bool:
        before = len(self.ids("accepted"))
        return wait_until(lambda: len(self.ids("accepted")) >= before + count, WITHIN)

    def stored(self) -> list[str]:
        with psycopg.connect(self.urls["DATABASE_URL"]) as connection:
            return [identity for (identity,) in connection.execute("SELECT id::text FROM analytics_useranalytics")]

    def more_is_stored(self) -> bool:
        before = self.count()
        return wait_until(lambda: self.count() > before, WITHIN)

    def count(self) -> int:
        try:
            with psycopg.connect(self.urls["DATABASE_URL"]) as connection:
                (found,) = connection.execute("SELECT count(*) FROM analytics_useranalytics").fetchone() or (0,)
                return int(found)
        except psycopg.OperationalError:
            return 0

    def kill_valkey(self) -> None:
        named(self.folder, "valkey-server").kill()

    def kill_postgresql(self) -> None:
        """The server with all its processes, as where a machine runs out of memory."""
        (pid_file,) = Place(self.folder / "var").data.rglob("postmaster.pid")
        server = psutil.Process(int(pid_file.read_text().split()[0]))
        for process in [server, *server.children()]:
            process.kill()

    def valkey_answers(self) -> bool:
        try:
            with Redis.from_url(self.urls["REDIS_URL"]) as client:
                return bool(client.ping())
        except RedisError:
            return False

    def postgresql_answers(self) -> bool:
        try:
            psycopg.connect(self.urls["DATABASE_URL"]).close()
        except psycopg.OperationalError:
            return False
        return True


def end(process: subprocess.Popen[str], number: signal.Signals = signal.SIGTERM) -> None:
    process.send_signal(number)
    process.wait(20)


@pytest.fixture
def site() -> Iterator[Site]:
    with tempfile.TemporaryDirectory(prefix="how-to-ai-killed-") as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o711)
        urls = stack.enter_context(Place(folder / "var").attached())
        copy_tables(urls["DATABASE_URL"])
        yield Site(folder, urls, stack)
        # Before the servers, which would wait for them.
        stack.close()


def copy_tables(url: str) -> None:
    """Those of the way in, as migrations leave them."""
    programs = Path(settings.PG_BIN)
    template = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{os.environ['TEST_DATABASE_TEMPLATE']}").geturl()
    tables = [part for table in TABLES for part in ("-t", f"analytics_{table}*")]
    with subprocess.Popen(
        [programs / "pg_dump", "-Fc", "-Z0", "-d", template, *tables], stdout=subprocess.PIPE
    ) as dump:
        command = [programs / "pg_restore", "--single-transaction", "-d", url]
        subprocess.run(command, stdin=dump.stdout, check=True)


def come_back(site: Site, *, answers: Callable[[], bool]) -> None:
    """Events go on being accepted meanwhile, and are stored afterwards."""
    assert site.more_is_accepted()
    assert wait_until(answers, WITHIN)
    assert site.more_is_stored()


def test_exactly_what_was_accepted_is_there_whoever_is_killed(site: Site) -> None:
    first, _second = site.consumer(), site.consumer()
    senders = [site.sender(), site.sender()]
    assert site.more_is_stored()
    end(first, signal.SIGKILL)
    assert site.more_is_stored()
    site.consumer()
    site.kill_valkey()
    come_back(site, answers=site.valkey_answers)
    site.kill_postgresql()
    come_back(site, answers=site.postgresql_answers)
    site.kill_valkey()
    site.kill_postgresql()
    come_back(site, answers=lambda: site.valkey_answers() and site.postgresql_answers())
    # One who sends is killed, too: what lies in its spool is for others.
    for sender, number in zip(senders, (signal.SIGKILL, signal.SIGTERM), strict=True):
        end(sender, number)
    # Also what a consumer that was killed had in hand.
    subprocess.run(
        [sys.executable, "manage.py", "ingest_events", "--once"], cwd=BASE_DIR, env=site.environment, check=True
    )
    stored, sent, accepted = site.stored(), site.ids("sent"), site.ids("accepted")
    assert len(accepted) > 1_000
    assert len(stored) == len(set(stored))
    assert accepted - set(stored) == set()
    # What was under way when its sender was killed, or refused when all were away, may be there or not.
    assert set(stored) - sent == set()
