"""Events out of the stream and into the database: at least once, and counted once.

An entry stays in the stream until what it holds is committed. Whoever dies with entries in hand leaves them to others,
who take them over after a while; what was stored already is not stored again, since each event has its id.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
from pathlib import Path
from typing import Any, TypeAlias

from django.conf import settings
from redis import RedisError
from redis.exceptions import ResponseError

from analytics.models import DeadLetter
from analytics.pipeline import stream
from analytics.pipeline.store import LATER, REFUSAL, Store, is_lost
from analytics.pipeline.stream import GROUP, LINES, STREAM
from common.signs import give_sign
from common.spool import left_behind

logger = logging.getLogger(__name__)

# Taken at once, of at most stream.LARGEST_ENTRY bytes each unless a single event is longer.
MOST_ENTRIES = 500
# How long is waited for the next one: so long it takes to stop.
WAIT = 1_000  # milliseconds
PATIENCE = 5.0  # seconds that Valkey may take to answer
# Of the stream: what nobody has been given; what we have been given, and have not acknowledged.
NEW, IN_HAND = ">", "0"
# After which entries that somebody has and does not acknowledge are taken over.
TAKEN_OVER_AFTER = 30_000  # milliseconds
# After which a consumer that has said nothing, and has nothing in hand, is gone.
GONE_AFTER = 60_000  # milliseconds
LOOK_AROUND = 10.0  # seconds between two looks for what others left
# How often an entry may take its consumer with it, or the connection to the database, before it is set aside.
MOST_DEATHS = 3
# With the id of an entry behind it: how often it is being tried by somebody who has not come back from it.
TRIED = "analytics:tried:"
REMEMBERED = 24 * 60 * 60  # seconds
AGAIN = 0.5  # seconds until what was away is tried again

Entries: TypeAlias = list[tuple[bytes, dict[bytes, bytes]]]

# In one go: between a look and the removal it might have taken something, of which then nobody knew.
REMOVE_GONE = """
local removed = 0
for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
    local about = {}
    for i = 1, #consumer, 2 do about[consumer[i]] = consumer[i + 1] end
    if about['pending'] == 0 and about['idle'] > tonumber(ARGV[2]) then
        redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], about['name'])
        removed = removed + 1
    end
end
return removed
"""


class Consumer:
    """One of the group. Several may be at work, on one machine or several."""

    def __init__(self, *, taken_over_after: int = TAKEN_OVER_AFTER) -> None:
        """`taken_over_after`: milliseconds."""
        self.name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
        self.taken_over_after = taken_over_after
        self.store = Store()
        self.looked_around: float | None = None
        self.is_complaining = False
        self.unreadable: set[Path] = set()

    @property
    def valkey(self) -> Any:
        """Typed for both kinds of clients."""
        return stream.valkey(timeout=PATIENCE)

    def run(self, stop: threading.Event) -> None:
        """Until it is told to stop. While Valkey or the database is away it waits, and loses nothing."""
        try:
            while not stop.is_set():
                self.try_for_a_while(stop)
        finally:
            self.close()

    def close(self) -> None:
        self.store.close()

    def try_for_a_while(self, stop: threading.Event) -> None:
        give_sign()
        try:
            self.look_around()
            # What a try that failed has left in hand.
            while not stop.is_set() and (entries := self.next(IN_HAND)):
                self.ingest_warily(entries)
            while not stop.is_set() and (entries := self.next(NEW, wait=WAIT)):
                self.ingest(entries)
        except (RedisError, *LATER) as error:
            self.complain(error)
            stop.wait(AGAIN)
        else:
            self.is_complaining = False

    def complain(self, error: Exception) -> None:
        """Once, until it works again."""
        if not self.is_complaining:
            logger.warning("events wait, since Valkey or the database does not answer: %s", error)
        self.is_complaining = True

    def empty(self) -> int:
        """Take all there is, also what others have left; returns how many events. Raises RedisError, one of LATER."""
        try:
            count = self.sweep()
            self.make_group()
            while entries := self.taken_over():
                count += self.ingest_warily(entries)
            while entries := self.next(NEW):
                count += self.ingest(entries)
        finally:
            self.close()
        return count

    def look_around(self) -> None:
        """For what others have left, once in a while. Raises RedisError, one of LATER."""
        now = time.monotonic()
        if self.looked_around is not None and now - self.looked_around < LOOK_AROUND:
            return
        self.sweep()
        self.make_group()
        while entries := self.taken_over():
            self.ingest_warily(entries)
        self.valkey.eval(REMOVE_GONE, 1, STREAM, GROUP, str(GONE_AFTER))
        self.looked_around = now

    def sweep(self) -> int:
        """What processes of this machine that are no more have spooled. Raises one of LATER."""
        count = 0
        for spool in left_behind(Path(settings.ANALYTICS_SPOOL), self.tell_of_unreadable):
            try:
                while lines := spool.read():
                    give_sign()
                    self.store.keep(lines)
                    spool.ship(lines)
                    count += len(lines)
            finally:
                spool.close()
        return count

    def tell_of_unreadable(self, path: Path, error: OSError) -> None:
        """Once of each: it may lie there for long."""
        if path not in self.unreadable:
            self.unreadable.add(path)
            logger.error("events that a process left in %s cannot be read: %s", path, error)

    def make_group(self) -> None:
        """From the first entry that there is. Raises RedisError."""
        try:
            self.valkey.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    def next(self, which: str, *, wait: int | None = None) -> Entries:
        """Raises RedisError. `wait`: milliseconds."""
        try:
            found = self.valkey.xreadgroup(GROUP, self.name, {STREAM: which}, count=MOST_ENTRIES, block=wait)
        except ResponseError as error:
            # Valkey has lost its data, or somebody has removed the stream.
            if "NOGROUP" not in str(error):
                raise
            self.make_group()
            return []
        return found[0][1] if found else []

    def taken_over(self) -> Entries:
        """What others have had in hand for long."""
        found = self.valkey.xautoclaim(STREAM, GROUP, self.name, self.taken_over_after, count=MOST_ENTRIES)
        entries: Entries = found[1]
        return entries

    def ingest(self, entries: Entries) -> int:
        """How many events. Raises RedisError, one of LATER: then all of it is done again, and changes nothing."""
        give_sign()
        lines = [line for identity, entry in entries for line in lines_in(identity, entry)]
        if lines:
            self.store.keep(lines)
        identities = [identity for identity, _ in entries]
        with self.valkey.pipeline(transaction=True) as pipeline:
            pipeline.xack(STREAM, GROUP, *identities)
            pipeline.xdel(STREAM, *identities)
            pipeline.execute()
        return len(lines)

    def ingest_warily(self, entries: Entries) -> int:
        """As `ingest`, one at a time: what failed, or whose consumer died. What goes on doing so is set aside."""
        return sum(self.ingest_alone(*entry) for entry in entries)

    def ingest_alone(self, identity: bytes, entry: dict[bytes, bytes]) -> int:
        deaths = f"{TRIED}{identity.decode()}"
        if self.valkey.incr(deaths) > MOST_DEATHS:
            for line in lines_in(identity, entry):
                self.store.set_aside(line, f"{MOST_DEATHS} consumers, or their connections, did not survive its batch")
            count = self.ingest([(identity, {})])
        else:
            self.valkey.expire(deaths, REMEMBERED)
            try:
                count = self.ingest([(identity, entry)])
            except LATER as error:
                if not (is_lost(error) and self.store.answers()):
                    # The database is away for everybody, and not by this.
                    self.valkey.delete(deaths)
                raise
        self.valkey.delete(deaths)
        return count


def lines_in(identity: bytes, entry: dict[bytes, bytes]) -> list[bytes]:
    if LINES in entry:
        return entry[LINES].split(b"\n")
    # One that another has stored and removed meanwhile has no fields.
    if entry:
        logger.error("the entry %s in %s is no batch of events, and is removed", identity.decode(), STREAM)
    return []


def replay() -> tuple[int, int]:
    """Try all that was set aside again; returns how many are stored now, and how many still are not.

    Raises one of LATER.
    """
    store, stored, refused = Store(), 0, 0
    try:
        for letter in DeadLetter.objects.iterator():
            try:
                store.put([bytes(letter.line)])
            except REFUSAL:
                refused += 1
            else:
                letter.delete()
                stored += 1
    finally:
        store.close()
    return stored, refused
