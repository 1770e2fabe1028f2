"""How we stand: what would be lost now, how long it would take to be back, and what is wrong with the backups."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from common.moments import rounded_up
from ops.gateways.backups.errors import BackupError
from ops.gateways.backups.keys import our_keys
from ops.gateways.backups.receiver import slot
from ops.gateways.backups.storages import backup_storage, told_plainly
from ops.models import BackupKind, BackupLog, BackupState, Problem, Verdict, WriteAheadLog
from ops.services.backups import log_archive

# A backup a day, and two hours for it to be late.
OLDEST = timedelta(hours=26)
# Of the last that is proven: one night's verification may fail without all being lost.
OLDEST_PROVEN = timedelta(hours=50)
LONGEST = timedelta(hours=12)
# It is stored every half minute.
LOG_SILENCE = timedelta(minutes=5)
MOST_KEPT = 1_000_000_000  # bytes
STORAGE = "backup:storage"


@dataclass(frozen=True)
class Standing:
    """Of the newest backup, and of the newest that was proven by a restore; None where there is none.

    `proven_files`: the newest proven one of the kind that the write-ahead log leads on from, and `stored_until` how far
    that does; None where the log is not kept.
    """

    newest: BackupLog | None
    proven: BackupLog | None
    now: datetime
    proven_files: BackupLog | None = None
    stored_until: datetime | None = None

    @property
    def age(self) -> timedelta | None:
        return age_of(self.newest, self.now)

    @property
    def proven_age(self) -> timedelta | None:
        return age_of(self.proven, self.now)

    @property
    def log_age(self) -> timedelta | None:
        """What would be lost with the log; None unless it leads on from something that is proven."""
        if self.proven_files is None or self.stored_until is None:
            return None
        return max(self.now - self.stored_until, timedelta(0))

    @property
    def loss(self) -> timedelta | None:
        """What would be lost if all burnt down now."""
        ages = [age for age in (self.proven_age, self.log_age) if age is not None]
        return min(ages, default=None)

    @property
    def recovery_seconds(self) -> float | None:
        """How long it would take then, as it took when it was tried."""
        best = self.proven_files if self.log_age is not None and self.log_age == self.loss else self.proven
        return best.recovery_seconds if best else None

    @property
    def sentence(self) -> str:
        """For people."""
        if self.loss is None or self.recovery_seconds is None:
            return (
                "If the server burnt down now, nobody knows whether we would be back: no backup has been proven by"
                " restoring it yet."
            )
        back, lost = rounded_up(self.recovery_seconds, least=1), rounded_up(self.loss.total_seconds(), least=1)
        return f"If the server burnt down now, we would be back in {back} and lose at most {lost}."


def age_of(log: BackupLog | None, now: datetime) -> timedelta | None:
    return now - log.recovery_point if log and log.recovery_point else None


def standing() -> Standing:
    proven, log = BackupLog.objects.proven(), WriteAheadLog.objects.first()
    return Standing(
        newest=BackupLog.objects.done().first(),
        proven=proven.first(),
        now=timezone.now(),
        proven_files=proven.filter(kind=BackupKind.PHYSICAL).first() if settings.BACKUP_WAL else None,
        stored_until=log.stored_until if log and settings.BACKUP_WAL else None,
    )


def recovery_trend(most: int = 30) -> list[BackupLog]:
    """The last backups that were proven, the oldest first, for how long it took; also those that are deleted since."""
    proven = BackupLog.objects.filter(verdict=Verdict.PASSED).order_by("-begun_at", "-id")
    return list(proven[:most])[::-1]


def problems() -> list[Problem]:
    """What somebody has to see to, as far as it is seen without the storage; none if all is well."""
    now = standing()
    return [*of_the_key(), *of_age(now), *of_the_last_run(now.now), *of_the_log(now.now)]


def of_the_key() -> list[Problem]:
    try:
        our_keys()
    except BackupError as error:
        return [Problem("backup:key", str(error), "Until that is mended, no backup is taken and none can be read.")]
    return []


def of_age(now: Standing) -> list[Problem]:
    # Nobody expects a backup of a site that was set up an hour ago.
    site_age = age_of_site(now.now)
    found = []
    if (now.age or site_age) > OLDEST:
        age = f"The newest backup is {rounded_up(now.age.total_seconds())} old." if now.age else "There is no backup."
        remedy = "Is beat at work? logs/backup.log in VAR_DIR says why. By hand: manage.py backup --wait"
        found.append(Problem("backup:age", age, remedy))
    if (now.proven_age or site_age) > OLDEST_PROVEN:
        last = f"The last is {rounded_up(now.proven_age.total_seconds())} old." if now.proven_age else "There is none."
        words = f"No backup was proven lately. {last}"
        found.append(Problem("backup:proof", words, "This proves the newest: manage.py verify_backup"))
    return found


def age_of_site(now: datetime) -> timedelta:
    applied: datetime = MigrationRecorder.Migration.objects.earliest("applied").applied
    return now - applied


def of_the_log(now: datetime) -> list[Problem]:
    """Whether the write-ahead log is received and stored, and the server does not keep too much of it for us."""
    with connection.cursor() as cursor:
        found_slot = slot(cursor)
    kept = found_slot.kept if found_slot else None
    if not settings.BACKUP_WAL:
        if kept is None:
            return []
        words = "BACKUP_WAL is not true, but PostgreSQL still keeps its write-ahead log for us, until its disk is full."
        return [Problem("wal:slot", words, "Have it stop: manage.py receive_wal --drop-slot")]
    found = []
    log = WriteAheadLog.objects.first()
    silent = now - log.beaten_at if log else age_of_site(now)
    if silent > LOG_SILENCE:
        words = f"Nobody has received the write-ahead log for {rounded_up(silent.total_seconds())}."
        remedy = "Start it: manage.py receive_wal. If it runs, its log says what is wrong."
        found.append(Problem("wal:silent", words, remedy))
    elif log and (late := now - log.stored_until if log.stored_until else silent) > LOG_SILENCE:
        words = (
            f"The write-ahead log of the last {rounded_up(late.total_seconds())} is not in the storage. {log.problem}"
        )
        found.append(Problem("wal:late", words.strip(), "When the storage can be written to, it catches up by itself."))
    if kept is not None and kept > MOST_KEPT:
        words = f"PostgreSQL keeps {kept / 1e9:.1f} GB of its write-ahead log, since it is not received."
        remedy = "Is receive_wal at work? It may stop: manage.py receive_wal --drop-slot, and back up anew afterwards."
        found.append(Problem("wal:kept", words, remedy))
    newest = BackupLog.objects.done().filter(kind=BackupKind.PHYSICAL).first()
    if (age_of(newest, now) or age_of_site(now)) > OLDEST:
        words = "There is no backup of the last day from which the write-ahead log leads on."
        found.append(Problem("wal:base", words, "Take one: manage.py backup --kind physical --nightly"))
    return found


def of_the_last_run(now: datetime) -> list[Problem]:
    """What is under way changes nothing about what is known of the one before, so that no alarm ends with it."""
    found = []
    backups = BackupLog.objects.exclude(state=BackupState.DELETED).order_by("-begun_at", "-id")
    ended = backups.exclude(state=BackupState.RUNNING).first()
    if ended and ended.state == BackupState.FAILED:
        words = f"The last backup, {ended.name}, failed: {ended.error}"
        found.append(Problem("backup:failed", words, "When that is mended, take another: manage.py backup --wait"))
    running = backups.running().first()
    if running and now - running.begun_at > LONGEST:
        words = (
            f"The backup {running.name} has been running for {rounded_up((now - running.begun_at).total_seconds())}."
        )
        remedy = "Does it still write? If not, end its process; the next one removes what it left."
        found.append(Problem("backup:running", words, remedy))
    judged = BackupLog.objects.done().exclude(verdict=Verdict.UNKNOWN).first()
    if judged and judged.verdict == Verdict.FAILED:
        words = f"The newest backup that was tried, {judged.name}, could not be proven: {judged.verification_error}"
        remedy = "Do not count on it. Take another, and prove that: manage.py backup --wait --nightly"
        found.append(Problem("backup:verdict", words, remedy))
    return found


def of_the_storage() -> list[Problem]:
    """Whether that on which we count is still there: buckets are emptied by mistake. At most one problem."""
    now = standing()
    if not (counted_on := now.proven or now.newest):
        return []
    storage = backup_storage()
    for each in counted_on.objects_stored:
        path = f"{counted_on.name}/{each['name']}"
        try:
            with told_plainly(path):
                size = storage.size(path)
        except BackupError as error:
            return [missing(f"The backup {counted_on.name} is recorded, but cannot be read any more: {error}")]
        if size != each["size"]:
            return [
                missing(f"The backup {counted_on.name} has changed: {path} has {size} bytes instead of {each['size']}.")
            ]
    return of_the_stored_log() if settings.BACKUP_WAL else []


def of_the_stored_log() -> list[Problem]:
    try:
        gap = log_archive.reach(backup_storage(), our_keys()).missing
    except BackupError as error:
        return [missing(f"The write-ahead log cannot be read in the storage: {error}")]
    return [missing(f"The segment {gap} of the write-ahead log is missing in the storage.")] if gap else []


def missing(words: str) -> Problem:
    return Problem(STORAGE, words, "Find out who did that, and take another: manage.py backup --wait --nightly")
