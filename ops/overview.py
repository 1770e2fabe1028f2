"""All of the page "System": the state of each part, with what is wrong and how to mend it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone
from redis import RedisError

from analytics.models import DeadLetter
from analytics.pipeline import stream
from billing.gateways import gateway_of
from billing.models import Provider
from common import metrics
from common.moments import rounded_up, time_ago
from ops import maintenance, problems, slow, state
from ops.models import Alarm, ErrorGroup, Problem, ScheduledRun, WriteAheadLog
from ops.services.backups.standing import standing
from ops.services.log_search import counts_of_late
from ops.slow import Statements, View
from ops.state import Command

ALARMS_SHOWN = 10
MEGABYTE, GIGABYTE = 1024**2, 1024**3


@dataclass(frozen=True)
class Part:
    """`mark` is "good", "amiss", "off" for what nobody has set up, or "open" until it shows; `words` tell more."""

    name: str
    mark: str
    words: str


@dataclass(frozen=True)
class Overview:
    problems: list[Problem]
    parts: list[Part]
    commands: list[Command]
    # None while Valkey is away, which keeps them.
    views: list[View] | None
    statements: Statements
    alarms: list[Alarm]


def overview() -> Overview:
    """Raises django.db.Error."""
    found = problems.problems()
    amiss = {problem.key for problem in found}
    try:
        views = slow.slowest_views()
    except RedisError:
        views = None
    return Overview(
        problems=found,
        parts=[
            site(),
            postgresql(),
            *of_valkey(amiss),
            events(amiss),
            clock(amiss),
            mail(),
            *(disk(each, amiss) for each in state.disks()),
            migrations(amiss),
            backups(amiss),
            *of_the_log(amiss),
            log(),
            *(payment(provider) for provider in Provider),
        ],
        commands=state.commands(),
        views=views,
        statements=slow.slowest_statements(),
        alarms=list(Alarm.objects.order_by("-begun_at")[:ALARMS_SHOWN]),
    )


def mark(is_amiss: bool) -> str:
    return "amiss" if is_amiss else "good"


def site() -> Part:
    now = maintenance.current()
    if now is None:
        return Part("Site", "good", "Open")
    return Part("Site", "amiss", f"Closed since {now.since:%H:%M} UTC. Open it: manage.py maintenance off")


def postgresql() -> Part:
    connections = state.connections()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version'), current_setting('max_connections')")
        version, most = cursor.fetchone()
    states = ", ".join(f"{count} {name}" for name, count in connections.items())
    return Part("PostgreSQL", "good", f"{version.split()[0]}; {most} connections at most, now {states or 'this one'}")


def of_valkey(amiss: set[str]) -> list[Part]:
    try:
        # Typed for both kinds of clients.
        memory: Any = metrics.valkey().info("memory")
        queue, processes = state.queue(), metrics.processes()
    except RedisError:
        unknown = "Unknown without Valkey"
        return [
            Part("Valkey", "amiss", "Does not answer"),
            *(Part(name, "amiss", unknown) for name in ("Queue", "Web", "Worker")),
        ]
    counts = Counter(process.kind for process in processes)
    return [
        Part("Valkey", "good", f"{memory['used_memory'] / MEGABYTE:,.0f} MB in use"),
        Part("Queue", mark("queue" in amiss), f"{queue.waiting:,} waiting, {queue.in_work:,} in work"),
        Part("Web", mark(not counts["web"]), alive(processes, "web")),
        Part("Worker", mark("worker" in amiss), alive(processes, "worker")),
    ]


def events(amiss: set[str]) -> Part:
    """On their way to the database (analytics.pipeline)."""
    if not settings.ANALYTICS:
        return Part("Events", "off", "Nothing is counted (ANALYTICS)")
    refused = DeadLetter.objects.count()
    set_aside = f"; {refused:,} refused and set aside" if refused else ""
    try:
        now, processes = stream.standing(), metrics.processes()
    except RedisError:
        return Part("Events", "amiss", f"Go to the database directly, without Valkey{set_aside}")
    oldest = f", the oldest for {rounded_up(now.age.total_seconds(), least=1)}" if now.age is not None else ""
    forgotten = "" if now.is_kept else "; a restart of Valkey loses them: set appendonly"
    is_amiss = any(key.startswith("events:") for key in amiss) or not now.is_kept
    words = f"{now.waiting:,} batches waiting{oldest}; read by: {alive(processes, 'events')}{set_aside}{forgotten}"
    return Part("Events", mark(is_amiss), words)


def alive(processes: list[metrics.Process], kind: str) -> str:
    ours = [process for process in processes if process.kind == kind]
    if not ours:
        return "No process"
    memory = sum(process.memory for process in ours)
    return f"{len(ours)} process{'' if len(ours) == 1 else 'es'}, {memory / MEGABYTE:,.0f} MB"


def clock(amiss: set[str]) -> Part:
    newest = ScheduledRun.objects.order_by("-begun_at").first()
    if newest is None:
        return Part("Clock (beat)", "amiss" if "clock" in amiss else "open", "Nothing has run by it yet")
    ago = int((timezone.now() - newest.begun_at).total_seconds())
    return Part("Clock (beat)", mark("clock" in amiss), f"{newest.command} ran {time_ago(ago)}")


def mail() -> Part:
    if not settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"):
        return Part("Mail", "off", "Kept, not sent")
    return Part("Mail", "good", f"Sent through {settings.EMAIL_HOST}:{settings.EMAIL_PORT}{outcomes()}")


def outcomes() -> str:
    try:
        sums = metrics.sums()
    except RedisError:
        return ""
    counted = [(outcome, sums.get((metrics.MAILS.name, outcome), 0)) for outcome in ("sent", "put off", "given up")]
    return "; so far " + ", ".join(f"{count:,.0f} {outcome}" for outcome, count in counted)


def disk(found: state.Disk, amiss: set[str]) -> Part:
    is_ours = found.setting == "VAR_DIR"
    key, name = ("disk", "Disk") if is_ours else (f"disk:{found.setting}", f"Disk ({found.setting})")
    if found.fault:
        return Part(name, "amiss", f"Cannot be looked at: {found.fault}")
    return Part(name, mark(key in amiss), f"{found.used:.0%} used, {found.free / GIGABYTE:,.0f} GB free")


def migrations(amiss: set[str]) -> Part:
    waiting = state.migrations_waiting() if "migrations" in amiss else []
    return Part("Migrations", mark(bool(waiting)), f"Waiting: {', '.join(waiting)}" if waiting else "All applied")


def backups(amiss: set[str]) -> Part:
    now = standing()
    if any(key.startswith(("backup:", "wal:")) for key in amiss):
        return Part("Backups", "amiss", now.sentence)
    return Part("Backups", "good" if now.proven else "open", now.sentence)


def of_the_log(amiss: set[str]) -> list[Part]:
    """Of the database, from which any moment can be restored; none where that is not wanted."""
    if not settings.BACKUP_WAL:
        return []
    found = WriteAheadLog.objects.first()
    if found is None or found.stored_until is None:
        return [Part("Write-ahead log", "open", "Nothing is stored yet")]
    is_amiss = any(key.startswith("wal:") for key in amiss)
    ago = int((timezone.now() - found.stored_until).total_seconds())
    return [Part("Write-ahead log", mark(is_amiss), f"Stored up to {time_ago(max(ago, 0))}")]


def log() -> Part:
    open_kinds = ErrorGroup.objects.filter(resolved_at__isnull=True).count()
    counts = counts_of_late(minutes=60)
    said = ", ".join(f"{number:,} {level}" for level, number in counts.items() if number) or "nothing"
    words = f"Within an hour: {said}. Kinds of errors that nobody has resolved: {open_kinds}"
    return Part("Log", mark(bool(open_kinds)), words)


def payment(provider: Provider) -> Part:
    if not gateway_of(provider).is_ready():
        return Part(provider.label, "off", "Not set up; nothing is sold through it")
    return Part(provider.label, "good", "A stand-in: no money moves" if settings.PAYMENTS_ARE_PRETENDED else "Set up")
