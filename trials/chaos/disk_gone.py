"""The database's disk is lost, under load: what an operator does then, and what of it all is not there any more."""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from trials.chaos.book import Book
from trials.chaos.checks import COMMENTS, EVENTS, lost_of, rows
from trials.chaos.killing import KEEPER
from trials.chaos.load import settle_in
from trials.chaos.outcomes import Outcome
from trials.platform import Platform, production, wait_until

NAME = "PostgreSQL, and its disk is gone"
NAME_OF_BOTH = "the same, and what `receive_wal` had"
# How often the log is stored, by default: what is promised to be lost at most where only the storage is left.
PROMISED = 30.0  # seconds
# What is on the way to the receiver, where no commit waits for it.
ON_THE_WAY = 1.0  # seconds
# Shortly before the next piece of the log would be stored, when the most is lost.
BEFORE_THE_NEXT = 3.0  # seconds
STORED_WITHIN = 120.0  # seconds
# The last line of `backup --list`.
UNTIL = re.compile(r"^Any moment from \S+ to \S+: restore --at MOMENT\.$", re.MULTILINE)


def disk_gone(*, receiver_too: bool) -> Outcome:
    """The log is stored where the disk is not, as in a bucket; `receiver_too`: nothing else of it is left."""
    with elsewhere() as backups, with_its_log(backups) as platform:
        platform.run("import_tutorials", "tutorials/content", RUNS_COMMAND="true")
        platform.start()
        book = Book(settle_in(platform))
        platform.run("backup", "--wait", "--kind", "physical", RUNS_COMMAND="true")
        accident = Accident(book, backups, receiver_too)
        name = NAME_OF_BOTH if receiver_too else NAME
        outcome = book.broken(name, accident.happen, mended=accident.bring_back)
        return judged(outcome, accident)


def with_its_log(backups: Path) -> AbstractContextManager[Platform]:
    return production(
        HTTPS="false",
        STAFF_NEED_SECOND_FACTOR="false",
        BACKUP_WAL="true",
        BACKUP_WAL_SECONDS=f"{PROMISED:.0f}",
        BACKUP_FOLDER=str(backups),
    )


@contextmanager
def elsewhere() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="how-to-ai-backups-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class Accident:
    book: Book
    backups: Path
    receiver_too: bool
    # Of each command of the operator, in seconds.
    took: dict[str, float] = field(default_factory=dict)

    @property
    def platform(self) -> Platform:
        return self.book.load.platform

    def happen(self) -> None:
        """At the worst moment; PostgreSQL is killed, and its data folder deleted before anybody starts it again."""
        pieces = self.pieces()
        if not wait_until(lambda: not self.pieces() <= pieces, STORED_WITHIN):
            raise SystemExit(f"no piece of the write-ahead log was stored within {STORED_WITHIN:.0f} s")
        time.sleep(PROMISED - BEFORE_THE_NEXT)
        (keeper,) = self.platform.processes(KEEPER)
        keeper.suspend()
        self.platform.kill_postgresql()
        self.book.lost_before = time.monotonic()
        shutil.rmtree(self.platform.place.data / "postgres")
        keeper.resume()

    def pieces(self) -> set[str]:
        return {path.name for path in (self.backups / "wal").rglob("*.zst.age")}

    def bring_back(self) -> None:
        """As docs/operations.md says, "The database's disk is gone": nothing else, and without thinking."""
        platform = self.platform
        platform.stop()
        # A new keeper makes an empty server where there is none, as whoever installs PostgreSQL does.
        platform.kill(KEEPER)
        wait_until(lambda: not platform.place.keeper_is_alive(), STORED_WITHIN)
        platform.place.ensure()
        if self.receiver_too:
            shutil.rmtree(platform.var / "wal")
        said = self.timed("backup", "--list")
        if UNTIL.search(said) is None:
            raise SystemExit(f"`backup --list` names no moment that can be restored:\n{said}")
        self.timed("restore", "--at", "end")
        self.timed("migrate", "-v0")
        platform.start()

    def timed(self, *arguments: str) -> str:
        began = time.monotonic()
        said = self.platform.run(*arguments, RUNS_COMMAND="true")
        self.took[arguments[0]] = time.monotonic() - began
        return said


def judged(outcome: Outcome, accident: Accident) -> Outcome:
    """What was promised longer before than may be lost must be there, and what was promised since."""
    at_most = PROMISED if accident.receiver_too else ON_THE_WAY
    load, platform = accident.book.load, accident.platform
    ages = [
        accident.book.lost_before - promised_at
        for ledger, there in ((load.comments, COMMENTS), (load.events, EVENTS))
        for promised_at in lost_of(ledger, rows(platform, there))
    ]
    outcome.permitted = sum(0 <= age <= at_most for age in ages)
    if since := sum(age < 0 for age in ages):
        outcome.faults.append(f"{since} promised after the loss are lost too")
    outcome.remark = (
        f"the loss goes back {max(ages, default=0.0):.1f} s, {at_most:.0f} are promised; `restore --at end` took"
        f" {accident.took['restore']:.0f} s; from the moment at which `up` is started again and says that it is ready"
    )
    return outcome
