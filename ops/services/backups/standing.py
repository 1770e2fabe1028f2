"""How we stand: what would be lost now, how long it would take to be back, and what is wrong with the backups."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from ops.gateways.backups.errors import BackupError
from ops.gateways.backups.keys import our_keys
from ops.gateways.backups.storages import backup_storage, told_plainly
from ops.models import BackupLog, BackupState, Verdict

# A backup a day, and two hours for it to be late.
OLDEST = timedelta(hours=26)
# Of the last that is proven: one night's verification may fail without all being lost.
OLDEST_PROVEN = timedelta(hours=50)
LONGEST = timedelta(hours=12)
HOUR, DAY = 60 * 60, 24 * 60 * 60  # seconds


@dataclass(frozen=True)
class Standing:
    """Of the newest backup, and of the newest that was proven by a restore; None where there is none."""

    newest: BackupLog | None
    proven: BackupLog | None
    now: datetime

    @property
    def age(self) -> timedelta | None:
        return age_of(self.newest, self.now)

    @property
    def proven_age(self) -> timedelta | None:
        """What would be lost if all burnt down now."""
        return age_of(self.proven, self.now)

    @property
    def sentence(self) -> str:
        """For people."""
        if self.proven is None or self.proven_age is None or self.proven.recovery_seconds is None:
            return (
                "If the server burnt down now, nobody knows whether we would be back: no backup has been proven by"
                " restoring it yet."
            )
        back, lost = in_words(self.proven.recovery_seconds), in_words(self.proven_age.total_seconds())
        return f"If the server burnt down now, we would be back in {back} and lose at most {lost}."


def age_of(log: BackupLog | None, now: datetime) -> timedelta | None:
    return now - log.recovery_point if log and log.recovery_point else None


def in_words(seconds: float) -> str:
    """Rounded up, since it is a promise, in the largest unit of which there are two: 95 minutes, 26 hours, 3 days."""
    for unit, length in (("day", DAY), ("hour", HOUR)):
        if seconds > 2 * length:
            return f"{math.ceil(seconds / length)} {unit}s"
    minutes = max(math.ceil(seconds / 60), 1)
    return f"{minutes} minute{'s' if minutes > 1 else ''}"


def standing() -> Standing:
    return Standing(BackupLog.objects.done().first(), BackupLog.objects.proven().first(), timezone.now())


def recovery_trend(most: int = 30) -> list[BackupLog]:
    """The last backups that were proven, the oldest first, for how long it took; also those that are deleted since."""
    proven = BackupLog.objects.filter(verdict=Verdict.PASSED).order_by("-begun_at", "-id")
    return list(proven[:most])[::-1]


def problems() -> list[str]:
    """What somebody has to see to, each in a sentence that says what to do; none if all is well."""
    now = standing()
    return [*of_the_key(), *of_age(now), *of_the_last_run(now), *of_the_storage(now)]


def of_the_key() -> list[str]:
    try:
        our_keys()
    except BackupError as error:
        return [str(error)]
    return []


def of_age(now: Standing) -> list[str]:
    # Nobody expects a backup of a site that was set up an hour ago.
    site_age = now.now - MigrationRecorder.Migration.objects.earliest("applied").applied
    found = []
    if (now.age or site_age) > OLDEST:
        found.append(
            f"The newest backup is {in_words(now.age.total_seconds())} old. Is beat at work? log/backup.log says why."
            if now.age
            else "There is no backup. Is beat at work? log/backup.log says why."
        )
    if (now.proven_age or site_age) > OLDEST_PROVEN:
        last = f"The last is {in_words(now.proven_age.total_seconds())} old." if now.proven_age else "There is none."
        found.append(f"No backup was proven lately. {last} `manage.py verify_backup` proves the newest.")
    return found


def of_the_last_run(now: Standing) -> list[str]:
    found = []
    last = BackupLog.objects.exclude(state=BackupState.DELETED).order_by("-begun_at", "-id").first()
    if last and last.state == BackupState.FAILED:
        found.append(f"The last backup, {last.name}, failed: {last.error}")
    if last and last.state == BackupState.RUNNING and now.now - last.begun_at > LONGEST:
        found.append(
            f"The backup {last.name} has been running for {in_words((now.now - last.begun_at).total_seconds())}."
        )
    if now.newest and now.newest.verdict == Verdict.FAILED:
        found.append(f"The newest backup, {now.newest.name}, could not be proven: {now.newest.verification_error}")
    return found


def of_the_storage(now: Standing) -> list[str]:
    """Whether that on which we count is still there: buckets are emptied by mistake."""
    if not (counted_on := now.proven or now.newest):
        return []
    storage = backup_storage()
    for each in counted_on.objects_stored:
        path = f"{counted_on.name}/{each['name']}"
        try:
            with told_plainly(path):
                size = storage.size(path)
        except BackupError as error:
            return [f"The backup {counted_on.name} is recorded, but cannot be read any more: {error}"]
        if size != each["size"]:
            return [f"The backup {counted_on.name} has changed: {path} has {size} bytes instead of {each['size']}."]
    return []
