"""How things stand just now: the queue, the database, the disk, what runs by the clock."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from common import metrics
from common.moments import measured, time_ago
from ops import schedule
from ops.models import ScheduledRun
from ops.schedule import Entry

# After the time of the schedule, before a command that has not done its work is late: it may have waited for a free
# worker, and may take some minutes.
GRACE = timedelta(minutes=10)
# Where kombu keeps what a worker has taken and not finished.
IN_WORK_KEY = "unacked"
# A server that config/embedded.py started. Its one role may do everything, and only we come to its socket.
EMBEDDED_CLUSTER = "how-to-ai-embedded"


@dataclass(frozen=True)
class Queue:
    """Tasks that wait for a worker; and those that one has, of which some wait for their time there."""

    waiting: int
    in_work: int


def queue() -> Queue:
    """Raises RedisError."""
    client = metrics.valkey()
    # Typed for both kinds of clients.
    waiting: Any = client.llen(current_app.conf.task_default_queue)
    in_work: Any = client.hlen(IN_WORK_KEY)
    return Queue(waiting=waiting, in_work=in_work)


@dataclass(frozen=True)
class Command:
    """A command of the clock: its newest run, and the newest that did what it should."""

    entry: Entry
    last: ScheduledRun | None
    last_good: ScheduledRun | None
    age: timedelta | None
    is_late: bool

    @property
    def command(self) -> str:
        return self.entry.command

    @property
    def standing(self) -> tuple[str, str]:
        """A mark, "good", "amiss" or "off", and a word for it."""
        if self.last is None:
            return "off", "Not run yet"
        if self.is_late:
            return "amiss", "Late"
        if self.last.error:
            return "amiss", "Failed"
        return ("good", "On time") if self.last.ended_at else ("good", "Running")

    @property
    def ago(self) -> str:
        """When it last did its work."""
        return time_ago(int(self.age.total_seconds())) if self.age is not None else ""

    @property
    def took(self) -> str:
        took = self.last_good.took if self.last_good else None
        return measured(took.total_seconds()) if took is not None else ""


def commands() -> list[Command]:
    """All that beat starts, by name."""
    last = {run.command: run for run in ScheduledRun.objects.last_of_each()}
    good = {run.command: run for run in ScheduledRun.objects.done().last_of_each()}
    return [command(entry, last.get(name), good.get(name)) for name, entry in sorted(schedule.entries().items())]


def command(entry: Entry, last: ScheduledRun | None, good: ScheduledRun | None) -> Command:
    """One that has never run is not late: it may be new."""
    now = timezone.now()
    due = entry.latest_slot(now - GRACE)
    never_good = last is not None and last.slot <= due
    is_late = good.slot < due if good else never_good
    age = now - good.ended_at if good and good.ended_at else None
    return Command(entry, last, good, age, is_late)


def connections() -> dict[str, int]:
    """Of all processes to our database, by state, such as "idle"; this one is not counted."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(state, 'other'), count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() GROUP BY 1 ORDER BY 1"
        )
        return dict(cursor.fetchall())


def superuser() -> str:
    """The name of our role, if it is one in a server that is not embedded; else nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolname FROM pg_roles"
            " WHERE rolname = current_user AND rolsuper AND current_setting('cluster_name') <> %s",
            [EMBEDDED_CLUSTER],
        )
        return "".join(name for (name,) in cursor.fetchall())


@dataclass(frozen=True)
class Disk:
    """One on which something of ours lies: `setting` names the folder, `used` goes from 0 to 1, `free` is in bytes.

    `fault`: why it cannot be looked at, as a share that is away; then nothing else is known of it.
    """

    setting: str
    folder: Path
    used: float = 0.0
    free: int = 0
    fault: str = ""


def disks() -> list[Disk]:
    """That with our data, then those on which other folders were put; each once. Raises OSError without the first."""
    folders = {"VAR_DIR": Path(settings.VAR_DIR), "BACKUP_SCRATCH": Path(settings.BACKUP_SCRATCH)}
    if not settings.BACKUP_S3_BUCKET:
        folders["BACKUP_FOLDER"] = Path(settings.BACKUP_FOLDER)
    found: dict[int, Disk] = {}
    faulty: list[Disk] = []
    for setting, folder in folders.items():
        if setting == "VAR_DIR":
            found[folder.stat().st_dev] = disk(setting, folder)
            continue
        try:
            # It is made when it is needed first.
            there = next(path for path in (folder, *folder.parents) if path.exists())
            found.setdefault(there.stat().st_dev, disk(setting, there))
        except OSError as error:
            faulty.append(Disk(setting, folder, fault=error.strerror or str(error)))
    return [*found.values(), *faulty]


def disk(setting: str, folder: Path) -> Disk:
    """As `df` reckons: what only root may use is not free."""
    usage = shutil.disk_usage(folder)
    return Disk(setting, folder, usage.used / (usage.used + usage.free), usage.free)


def disk_used() -> float:
    """Of that with our data, without which nothing goes on."""
    return disk("VAR_DIR", Path(settings.VAR_DIR)).used


def migrations_waiting() -> list[str]:
    """The migrations of this release that are not applied, as "app.name"."""
    if known_migrations() <= set(MigrationRecorder(connection).applied_migrations()):
        return []
    # Rarely, and only this one knows of squashed ones.
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


@cache
def known_migrations() -> frozenset[tuple[str, str]]:
    """Of this release, by app and name. Reading them takes a fifth of a second; they do not change while we run."""
    return frozenset(MigrationLoader(None).graph.nodes)
