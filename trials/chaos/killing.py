"""`kill -9` of each process, of both servers, and of the whole machine."""

from __future__ import annotations

import time
from collections.abc import Iterator

from trials.chaos.book import Book
from trials.chaos.outcomes import Outcome
from trials.platform import Platform, wait_until

WEB, WORKER, BEAT, CONSUMER = "config.wsgi:application", "-A config worker", "-A config beat", "manage.py ingest_events"
KEEPER, VALKEY = "config/embedded.py", "valkey-server"
AGAIN_WITHIN = 60.0  # seconds


def kills(book: Book) -> Iterator[Outcome]:
    platform = book.load.platform
    yield book.broken("PostgreSQL, with all its processes", platform.kill_postgresql)
    yield book.broken("Valkey", lambda: platform.kill(VALKEY))
    yield book.broken("both at once", lambda: kill_both(platform))
    yield book.broken("the keeper of both servers", lambda: platform.kill(KEEPER))
    yield book.broken("one of two web workers", lambda: kill_one_worker_of_web(platform))
    yield book.broken("the web server, with its workers", lambda: kill_tree(platform, WEB))
    for name, words in (("the Celery worker", WORKER), ("the clock (Celery beat)", BEAT), ("the consumer", CONSUMER)):
        yield killed_behind(book, name, words)
    yield book.broken(
        "the whole machine: every process at once",
        lambda: kill_all(platform),
        mended=lambda: begin_again(platform),
        remark="from the moment at which `up` is started again and says that it is ready",
    )


def killed_behind(book: Book, name: str, words: str) -> Outcome:
    """What no request waits for; back is when another process of that name lives."""
    platform, times = book.load.platform, {}

    def kill() -> None:
        began = time.monotonic()
        killed = platform.kill(words)
        if wait_until(lambda: any(each.pid not in killed for each in platform.processes(words)), AGAIN_WITHIN):
            times["back"] = time.monotonic() - began

    outcome = book.broken(name, kill)
    outcome.back = times.get("back")
    if outcome.back is None:
        outcome.faults.append(f"it was not started again within {AGAIN_WITHIN:.0f} s")
    if outcome.refused:
        outcome.faults.append("requests were refused, which do not need it")
    return outcome


def kill_both(platform: Platform) -> None:
    platform.kill_postgresql()
    platform.kill(VALKEY)


def kill_tree(platform: Platform, words: str) -> None:
    for master in platform.processes(words):
        for process in [master, *master.children(recursive=True)]:
            process.kill()


def kill_one_worker_of_web(platform: Platform) -> None:
    """Not one that only looks after the memory that they share."""
    for master in platform.processes(WEB):
        workers = [each for each in master.children() if "resource_tracker" not in " ".join(each.cmdline())]
        if workers:
            workers[0].kill()
            return
    raise SystemExit("the web server has no workers")


def kill_all(platform: Platform) -> None:
    assert platform.up is not None
    platform.kill("")
    platform.up.wait()


def begin_again(platform: Platform) -> None:
    """As what starts services when the machine does."""
    platform.place.ensure()
    platform.start()
