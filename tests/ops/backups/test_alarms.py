"""What is wrong with the backups is told by the one rule of alarms: once when it begins, once when it is over."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import time_machine
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.utils import timezone

from common import metrics
from ops import problems
from ops.models import Alarm, BackupLog, ScheduledRun
from ops.services import watching
from ops.services.backups import manifests
from ops.services.backups.backing_up import back_up
from ops.services.backups.standing import STORAGE
from ops.services.backups.verifying import verify
from ops.tasks import run_command
from tests.at_once import at_once
from tests.postbox import Postbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def somebody_is_told(transactional_db: None, settings: LazySettings) -> None:
    settings.ADMINS = [("", "ops@howtoai.example")]
    metrics.Reporter("worker").say()
    # The clock goes, however far a test travels.
    later = timezone.now() + timedelta(days=9)
    ScheduledRun.objects.create(command="check_system", slot=later, task_id="x", begun_at=later, ended_at=later)


def subjects(postbox: Postbox) -> list[str]:
    return [mail["Subject"].partition("] ")[2] for mail in postbox.taken]


def failed_backup() -> BackupLog:
    now = timezone.now()
    return BackupLog.objects.create(
        name=f"logical-{uuid4().hex[:8]}", begun_at=now, ended_at=now, state="failed", error="No space left."
    )


def lost_media(folder: Path) -> Path:
    """An object of a backup that is proven, and is not where it was."""
    path = folder / verify(back_up().name).name / manifests.MEDIA
    path.rename(path.with_suffix(".away"))
    return path


def test_an_age_that_grows_is_told_once(backups_folder: Path, postbox: Postbox) -> None:
    verify(back_up().name)
    for days in (2.5, 3.5, 4.5):
        with time_machine.travel(timezone.now() + timedelta(days=days)):
            metrics.Reporter("worker").say()
            watching.check()
    assert subjects(postbox) == ["The newest backup is 3 days old. (and 1 more)"]
    watching.check()
    assert subjects(postbox)[1:] == ["Over: The newest backup is 3 days old. (and 1 more)"]


def test_a_backup_under_way_does_not_end_the_alarm_about_the_one_before(backups_folder: Path, postbox: Postbox) -> None:
    failed = failed_backup()
    watching.check()
    BackupLog.objects.create(name="logical-y", begun_at=timezone.now())
    watching.check()
    assert subjects(postbox) == [f"The last backup, {failed.name}, failed: No space left."]


def test_one_that_is_not_tried_yet_does_not_end_the_alarm_about_one_that_could_not_be_proven(
    backups_folder: Path,
) -> None:
    log = back_up()
    log.verdict, log.verified_at, log.verification_error = "failed", timezone.now(), "a row is missing"
    log.save()
    back_up()
    assert [problem.key for problem in problems.problems()] == ["backup:verdict"]
    verify()
    assert problems.problems() == []


def test_what_is_missing_in_the_storage_is_told_once_and_when_it_is_back(
    backups_folder: Path, postbox: Postbox
) -> None:
    path = lost_media(backups_folder)
    watching.check()
    assert postbox.taken == []  # Each minute it does not look there.
    for _ in range(2):
        watching.check_backups()
        watching.check()
    (begun,) = subjects(postbox)
    assert "is recorded, but cannot be read any more" in begun
    path.with_suffix(".away").rename(path)
    watching.check()
    assert Alarm.objects.lasting().get().key == STORAGE
    assert watching.check_backups() == []
    watching.check()
    assert subjects(postbox) == [begun, f"Over: {begun}"]


def test_the_words_are_of_the_last_look(backups_folder: Path) -> None:
    path = lost_media(backups_folder)
    watching.check_backups()
    path.write_bytes(b"")
    watching.check_backups()
    (problem,) = problems.problems()
    assert f"has changed: {path.parent.name}/{manifests.MEDIA} has 0 bytes" in problem.text
    assert problem.remedy.endswith("manage.py backup --wait --nightly")


def test_of_two_looks_at_once_one_begins_the_alarm(backups_folder: Path) -> None:
    lost_media(backups_folder)
    at_once(watching.check_backups)
    assert Alarm.objects.get().key == STORAGE


def test_by_the_clock_the_look_has_done_its_work_whatever_it_found(backups_folder: Path) -> None:
    failed_backup()
    run_command("check_backups", "--exit-zero")
    assert ScheduledRun.objects.get(command="check_backups").is_done


def test_to_an_operator_it_says_what_is_wrong_and_ends_with_1(
    backups_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = failed_backup()
    words = f"The last backup, {failed.name}, failed: No space left. When that is mended, take another:"
    with pytest.raises(CommandError, match=words) as error:
        call_command("check_backups", "--json")
    assert error.value.returncode == 1
    assert json.loads(capsys.readouterr().out)["problems"] == [f"{words} manage.py backup --wait"]
