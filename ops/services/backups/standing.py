"""How we stand: what would be lost now, how long it would take to be back, and what is wrong with the backups."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from common.moments import rounded_up
from ops.gateways.backups.errors import BackupError
from ops.gateways.backups.keys import our_keys
from ops.gateways.backups.storages import backup_storage, told_plainly
from ops.models import BackupLog, BackupState, Problem, Verdict

# A backup a day, and two hours for it to be late.
OLDEST = timedelta(hours=26)
# Of the last that is proven: one night's verification may fail without all being lost.
OLDEST_PROVEN = timedelta(hours=50)
LONGEST = timedelta(hours=12)
STORAGE = "backup:storage"


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
        back, lost = rounded_up(self.proven.recovery_seconds), rounded_up(self.proven_age.total_seconds())
        return f"If the server burnt down now, we would be back in {back} and lose at most {lost}."


def age_of(log: BackupLog | None, now: datetime) -> timedelta | None:
    return now - log.recovery_point if log and log.recovery_point else None


def standing() -> Standing:
    return Standing(BackupLog.objects.done().first(), BackupLog.objects.proven().first(), timezone.now())


def recovery_trend(most: int = 30) -> list[BackupLog]:
    """The last backups that were proven, the oldest first, for how long it took; also those that are deleted since."""
    proven = BackupLog.objects.filter(verdict=Verdict.PASSED).order_by("-begun_at", "-id")
    return list(proven[:most])[::-1]


def problems() -> list[Problem]:
    """What somebody has to see to, as far as it is seen without the storage; none if all is well."""
    now = standing()
    return [*of_the_key(), *of_age(now), *of_the_last_run(now.now)]


def of_the_key() -> list[Problem]:
    try:
        our_keys()
    except BackupError as error:
        return [Problem("backup:key", str(error), "Until that is mended, no backup is taken and none can be read.")]
    return []


def of_age(now: Standing) -> list[Problem]:
    # Nobody expects a backup of a site that was set up an hour ago.
    site_age = now.now - MigrationRecorder.Migration.objects.earliest("applied").applied
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
    return []


def missing(words: str) -> Problem:
    return Problem(STORAGE, words, "Find out who did that, and take another: manage.py backup --wait --nightly")
