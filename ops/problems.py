"""What is wrong with the platform just now, and how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import timedelta

from django.conf import settings
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from django.utils.timesince import timesince
from redis import RedisError

from analytics.models import DeadLetter
from analytics.pipeline import stream
from common import metrics
from common.moments import rounded_up
from ops import maintenance, state
from ops.logs.shipping import logger as dropping
from ops.models import Alarm, ErrorGroup, Problem, ScheduledRun
from ops.services.backups import standing

# Beat starts something every minute; after so long without anything, nothing works there.
SILENCE = timedelta(minutes=10)
DEEP_QUEUE = 1_000  # tasks
FULL_DISK = 0.85
# An event is stored within a second or two of its coming in.
SLOW_EVENTS = timedelta(seconds=60)
STOPS_THE_CLOCK = frozenset({"valkey", "worker", "clock"})


def problems(*, caught_up: Collection[str] = ()) -> list[Problem]:
    """All there are. Commands that are `caught_up` have been queued a moment ago, and are not late for that long."""
    found: list[Problem] = []
    for source in SOURCES:
        found.extend(source())
    # Without a clock all of them are, and that is one problem.
    if STOPS_THE_CLOCK.isdisjoint(problem.key for problem in found):
        found.extend(late_commands(caught_up))
    return found


def is_unknown(key: str, present: Collection[str], caught_up: Collection[str]) -> bool:
    """Whether it cannot be told if a problem that was there is over, for those that are `present` hide it."""
    if key in ("worker", "worker:task", "queue", "events:reader", "events:late"):
        return "valkey" in present
    if key == "clock":
        return maintenance.current() is not None
    kind, _, command = key.partition(":")
    if kind != "late":
        return False
    hidden = not STOPS_THE_CLOCK.isdisjoint(present) or maintenance.current() is not None
    return hidden or command in caught_up


def queue_and_worker() -> Iterator[Problem]:
    try:
        waiting = state.queue().waiting
        workers = [process for process in metrics.processes() if process.kind == "worker"]
    except RedisError as error:
        yield Problem(
            "valkey",
            f"Valkey does not answer: {error}",
            "Start it, and look at REDIS_URL. Meanwhile pages work, mails leave at once and slowly, nothing runs by the"
            " clock, and limits are not held.",
        )
        return
    if not workers:
        yield Problem(
            "worker",
            "No worker has given a sign of life for half a minute.",
            "Start it: celery -A config worker --pool threads --concurrency 4. If it runs, it hangs: its log says"
            " where; start it again.",
        )
    slowest = max(workers, key=lambda each: each.task_seconds, default=None)
    # Celery holds this limit only where it may kill a process for it, which it may not a thread.
    if slowest and slowest.task_seconds > settings.CELERY_TASK_TIME_LIMIT:
        since = timezone.now() - timedelta(seconds=slowest.task_seconds)
        yield Problem(
            "worker:task",
            f"A worker has had {slowest.task} in work for {rounded_up(slowest.task_seconds)}, since {since:%H:%M} UTC.",
            "Does it go on, or hang? Its log and pg_stat_activity say what it waits for. If it hangs, start that worker"
            " again: what it had in work is done again.",
        )
    if waiting > DEEP_QUEUE:
        yield Problem(
            "queue",
            f"{waiting:,} tasks wait for a worker.",
            "Start more workers, on this machine or others. If tasks fail or hang, the log of the worker says which.",
        )


def clock() -> Iterator[Problem]:
    # Nothing is meant to run then.
    if maintenance.current() is not None:
        return
    newest = ScheduledRun.objects.order_by("-begun_at").first()
    # One that has never gone may be new: this release was set up a moment ago.
    since = newest.begun_at if newest else MigrationRecorder.Migration.objects.latest("applied").applied
    if timezone.now() - since > SILENCE:
        yield Problem(
            "clock",
            f"Nothing has run by the clock for {timesince(since)}." if newest else "Nothing has ever run by the clock.",
            "Start beat: celery -A config beat. If it runs, look whether a worker does, and whether both have the same"
            " REDIS_URL.",
        )


def late_commands(caught_up: Collection[str]) -> Iterator[Problem]:
    if maintenance.current() is not None:
        return
    for command in state.commands():
        if not command.is_late or command.command in caught_up:
            continue
        good = command.last_good
        since = f"last did its work {timesince(good.begun_at)} ago" if good else "has never done its work"
        error = f" Its last run failed: {command.last.error}" if command.last and command.last.error else ""
        yield Problem(
            f"late:{command.command}",
            f"{command.command} is late: it {since}.{error}",
            f"Run it by hand and see what it says: manage.py {command.entry.line}",
        )


def disk() -> Iterator[Problem]:
    for each in state.disks():
        if each.fault:
            yield Problem(
                f"disk:{each.setting}",
                f"{each.folder} ({each.setting}) cannot be looked at: {each.fault}.",
                "Is what is mounted there away? Until it is back no backup is taken or proven.",
            )
            continue
        if each.used <= FULL_DISK:
            continue
        where = f"{each.folder} ({each.setting})"
        if each.setting == "VAR_DIR":
            yield Problem(
                "disk",
                f"The disk with our data, {where}, is {each.used:.0%} full.",
                "Make room, or make the disk larger. What grows: the database, media/ and logs/ in VAR_DIR, backups."
                " At 97 % load balancers send no more traffic here.",
            )
        else:
            yield Problem(
                f"disk:{each.setting}",
                f"The disk of {where} is {each.used:.0%} full.",
                "Make room, or make it larger: without room no backup is taken or proven. Which could go:"
                " manage.py prune_backups --dry-run",
            )


def migrations() -> Iterator[Problem]:
    waiting = state.migrations_waiting()
    if waiting:
        yield Problem(
            "migrations",
            f"{len(waiting)} migrations are not applied, the first is {waiting[0]}.",
            "manage.py migrate. Until then load balancers send no traffic here.",
        )


def role() -> Iterator[Problem]:
    name = "" if settings.DEBUG else state.superuser()
    if name:
        yield Problem(
            "role",
            f"Our role in PostgreSQL, {name}, is a superuser: a statement that gets past us reads files and runs"
            " programs there.",
            "Give us one of our own, as docs/deploy.md makes it (LOGIN CREATEDB REPLICATION), which owns the database,"
            " and name it in DATABASE_URL.",
        )


def backups() -> Iterator[Problem]:
    yield from standing.problems()
    # What check_backups found in their storage stands until it looks again: a bucket is not asked each minute.
    for alarm in Alarm.objects.lasting().filter(key=standing.STORAGE):
        yield alarm.problem


def events() -> Iterator[Problem]:
    if not settings.ANALYTICS:
        return
    try:
        age = stream.standing().age
        has_reader = any(process.kind == "events" for process in metrics.processes())
    except RedisError:
        # Which is a problem of its own; events go to the database directly.
        age, has_reader = None, True
    if not has_reader:
        yield Problem(
            "events:reader",
            "Nobody brings events into the database: no ingest_events has given a sign of life for half a minute.",
            "Start it: manage.py ingest_events. Until then events wait in Valkey, and none is lost.",
        )
    if age is not None and age > SLOW_EVENTS:
        yield Problem(
            "events:late",
            f"Events have waited in Valkey for {rounded_up(age.total_seconds())}.",
            "If an ingest_events runs, its log says what is wrong; if there are just too many events, start another.",
        )
    letters = DeadLetter.objects.count()
    if letters:
        yield Problem(
            "events:refused",
            f"The database refused {letters:,} lines as events; they are set aside.",
            "See them and why: manage.py ingest_events --dead-letters. Try them again: --replay; or delete the rows of"
            " analytics_deadletter.",
        )


def logs() -> Iterator[Problem]:
    """Until somebody has resolved it in the admin: what is dropped does not come back."""
    group = ErrorGroup.objects.filter(logger=dropping.name, resolved_at=None).order_by("-last_seen").first()
    if group:
        yield Problem(
            "logs:dropped",
            f"Records of trouble were dropped, since neither the database nor the disk took them: {group.title}.",
            "Was the disk full, or logs/spool/ in VAR_DIR not ours to write to? When that is mended, resolve that kind"
            " of error in the admin.",
        )


SOURCES: tuple[Callable[[], Iterator[Problem]], ...] = (
    queue_and_worker,
    clock,
    disk,
    migrations,
    role,
    backups,
    events,
    logs,
)
