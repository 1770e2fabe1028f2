"""`python -m trials.chaos [--write] [part ...]`: kills, payments, twice, clock, disk and disk-gone; all.

Breaks a production platform of its own, on loopback, while people use it. Prints a table of what came of it; `--write`
puts it into docs/reliability.md too. Ends with 1 if anything that was promised was lost or doubled, or did not come
back by itself. Takes a quarter of an hour on two cores with nothing else to do.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from trials.chaos import clock, disk, disk_gone, twice
from trials.chaos.book import Book
from trials.chaos.checks import told
from trials.chaos.killing import kills
from trials.chaos.load import settle_in
from trials.chaos.outcomes import Outcome, table, write
from trials.chaos.paying import payments
from trials.platform import production

PARTS = ("kills", "payments", "twice", "clock", "disk", "disk-gone")
# What needs a platform of its own.
OF_THEIR_OWN = {"disk", "disk-gone"}


def main() -> int:
    asked = argparse.ArgumentParser(prog="make chaos")
    asked.add_argument("--write", action="store_true", help="put the table into docs/reliability.md")
    asked.add_argument("parts", nargs="*", help="all unless told")
    options = asked.parse_args()
    began, outcomes = time.monotonic(), []
    for outcome in tried(options.parts or list(PARTS)):
        outcomes.append(outcome)
        print(table([outcome]).splitlines()[-1], flush=True)
    when = (
        f"Measured on {datetime.now(UTC):%d %B %Y} with `make chaos`, {os.cpu_count()} cores, in"
        f" {(time.monotonic() - began) / 60:.0f} minutes."
    )
    print(f"\n{when}\n\n{table(outcomes)}")
    if options.write:
        write(outcomes, when)
    bad = [each.name for each in outcomes if not each.is_good]
    print(f"\nnot as promised: {', '.join(bad)}" if bad else "\neverything promised is there, once")
    return 1 if bad else 0


def tried(parts: list[str]) -> Iterator[Outcome]:
    if set(parts) - OF_THEIR_OWN:
        yield from on_one_platform(parts)
    if "disk" in parts:
        yield disk.full_disk()
    if "disk-gone" in parts:
        for receiver_too in (False, True):
            yield disk_gone.disk_gone(receiver_too=receiver_too)


def on_one_platform(parts: list[str]) -> Iterator[Outcome]:
    # The people of the load have no second factor; what they type is no secret.
    with production(HTTPS="false", STAFF_NEED_SECOND_FACTOR="false") as platform:
        platform.run("import_tutorials", "tutorials/content", RUNS_COMMAND="true")
        platform.start()
        book, began = Book(settle_in(platform)), time.monotonic()
        with twice.second_beat(platform):
            if "kills" in parts:
                yield from kills(book)
            if "payments" in parts:
                yield from payments(platform)
            if "twice" in parts:
                yield twice.two_starts(platform)
                yield twice.two_migrations(platform)
                yield twice.two_beats(platform, began)
        if "clock" in parts:
            yield from clock.moved_clock(book)
        yield everybody_is_told(book)


def everybody_is_told(book: Book) -> Outcome:
    """What workers do afterwards, of all scenarios together."""
    balance, doubled = told(book.load), book.load.platform.postbox.doubled()
    outcome = Outcome("work after the answer: who asked is told of each comment, by page and by mail")
    outcome.promised, outcome.lost, outcome.doubled = balance.promised, balance.lost, balance.doubled + doubled
    outcome.remark = f"{len(book.load.platform.postbox.taken)} mails"
    return outcome


if __name__ == "__main__":
    sys.exit(main())
