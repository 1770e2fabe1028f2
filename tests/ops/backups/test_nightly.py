"""What the clock does: back up, prove, delete what is old; and look whether all that was done."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from config.celery import app
from ops.gateways.backups import server
from ops.gateways.backups.errors import BusyError, StorageError, UnsoundError
from ops.gateways.backups.keys import make_key, our_keys
from ops.gateways.backups.storages import backup_storage
from ops.gateways.backups.wal import MOMENT
from ops.models import BackupLog, BackupState, Verdict
from ops.services.backups import backing_up, manifests, verifying
from ops.services.backups.backing_up import back_up
from ops.services.backups.nightly import do_it_all
from ops.services.backups.pruning import prune
from ops.services.backups.standing import Standing, standing
from ops.services.backups.verifying import verify
from ops.services.watching import check_backups

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def old_site(backups_folder: Path) -> None:
    """Set up a year ago."""
    MigrationRecorder.Migration.objects.update(applied=timezone.now() - timedelta(days=365))


def aged(log: BackupLog, days: float, folder: Path) -> BackupLog:
    """As if it had been taken so long ago: its name says when, in the storage too."""
    at = log.begun_at - timedelta(days=days)
    name = f"logical-{at.strftime(MOMENT)}-aaaaaa"
    manifest = manifests.read(backup_storage(), log.name, our_keys())
    (folder / log.name).rename(folder / name)
    dated = replace(manifest, name=name, begun_at=at.isoformat(), recovery_point=at.isoformat())
    (folder / name / manifests.FILE).write_bytes(manifests.sealed_text(dated, our_keys()))
    log.name, log.begun_at = name, at
    log.recovery_point = at
    log.save()
    return log


def test_a_night_takes_proves_and_prunes(backups_folder: Path, settings: LazySettings) -> None:
    settings.BACKUPS_DAILY, settings.BACKUPS_WEEKLY, settings.BACKUPS_MONTHLY = 1, 0, 0
    first = aged(do_it_all(), 4, backups_folder)
    assert first.verdict == Verdict.PASSED
    second = do_it_all()
    first.refresh_from_db()
    assert (first.state, second.state) == (BackupState.DELETED, BackupState.DONE)
    assert [path.name for path in backups_folder.iterdir()] == [second.name]


def test_what_could_not_be_proven_deletes_nothing(backups_folder: Path, settings: LazySettings) -> None:
    settings.BACKUPS_DAILY, settings.BACKUPS_WEEKLY, settings.BACKUPS_MONTHLY = 1, 0, 0
    first = aged(do_it_all(), 4, backups_folder)

    def watcher(step: str, size: int) -> None:
        if step == "restore the database" and not size:
            newest = max(backups_folder.iterdir(), key=lambda path: path.name)
            (newest / manifests.DATABASE).write_bytes(b"")

    with pytest.raises(UnsoundError):
        do_it_all(watcher=watcher)
    first.refresh_from_db()
    assert first.state == BackupState.DONE


def test_a_dry_run_tells_and_deletes_nothing(
    backups_folder: Path, settings: LazySettings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.BACKUPS_DAILY, settings.BACKUPS_WEEKLY, settings.BACKUPS_MONTHLY = 1, 0, 0
    old = aged(verify(back_up().name), 4, backups_folder)
    new = verify(back_up().name)
    call_command("prune_backups", "--dry-run", "--json")
    assert json.loads(capsys.readouterr().out) == {
        "kept": [new.name],
        "log_segments": 0,
        "deleted": [old.name],
        "unfinished": [],
        "dry_run": True,
    }
    assert len(list(backups_folder.iterdir())) == 2


def test_whoever_is_cut_off_while_they_delete_leaves_none_that_is_said_to_be_there(
    backups_folder: Path, settings: LazySettings
) -> None:
    settings.BACKUPS_DAILY, settings.BACKUPS_WEEKLY, settings.BACKUPS_MONTHLY = 1, 0, 0
    old = [aged(verify(back_up().name), days, backups_folder) for days in (12, 11, 10)]
    verify(back_up().name)
    # The storage fails at the second: no file can be deleted by the name of a folder.
    stuck = backups_folder / old[1].name / manifests.MEDIA
    stuck.unlink()
    stuck.mkdir()
    (stuck / "more").touch()
    with pytest.raises(StorageError):
        prune()
    done = set(BackupLog.objects.done().values_list("name", flat=True))
    assert {name for name in done if not (backups_folder / name / manifests.FILE).exists()} == set()
    shutil.rmtree(stuck)
    assert prune().deleted == [old[2].name]


def test_a_safety_backup_of_the_same_night_stays(backups_folder: Path, settings: LazySettings) -> None:
    settings.BACKUPS_DAILY, settings.BACKUPS_WEEKLY, settings.BACKUPS_MONTHLY = 1, 0, 0
    safety, nightly = back_up(), do_it_all()
    assert {path.name for path in backups_folder.iterdir()} == {safety.name, nightly.name}


def test_what_cannot_be_read_neither_goes_nor_pushes_out_another(
    backups_folder: Path, settings: LazySettings, caplog: pytest.LogCaptureFixture
) -> None:
    """As those of another site in the same bucket, or of a key that was lost."""
    settings.BACKUPS_DAILY, settings.BACKUPS_WEEKLY, settings.BACKUPS_MONTHLY = 2, 0, 0
    ours = [aged(verify(back_up().name), days, backups_folder).name for days in (11, 10)]
    too_old = aged(verify(back_up().name), 12, backups_folder).name
    key, settings.BACKUP_KEY = settings.BACKUP_KEY, make_key()
    foreign = [aged(back_up(), days, backups_folder).name for days in (20, 9, 8)]
    settings.BACKUP_KEY = key
    pruned = prune()
    assert pruned.deleted == [too_old]
    assert {path.name for path in backups_folder.iterdir()} == {*ours, *foreign} == set(pruned.kept)
    assert f"backup {foreign[0]} cannot be used" in caplog.text


def test_what_was_never_finished_goes_after_two_days(backups_folder: Path) -> None:
    back_up()
    now = timezone.now()
    for hours in (1, 49):
        name = f"logical-{(now - timedelta(hours=hours)).strftime(MOMENT)}-{hours:06}"
        (backups_folder / name).mkdir()
        (backups_folder / name / manifests.DATABASE).write_bytes(b"half")
    (backups_folder / "holiday-pictures").mkdir()
    assert [name[-2:] for name in prune().unfinished] == ["49"]
    assert {path.name[-2:] for path in backups_folder.iterdir()} >= {"01", "es"}


@pytest.mark.parametrize("deed", [verifying.DEED, backing_up.DEED])
def test_nothing_is_deleted_while_somebody_may_read_it(backups_folder: Path, deed: str) -> None:
    name = server.NEUTRAL if deed == verifying.DEED else ""
    with server.connected(name) as conn, server.only_one(conn, deed), pytest.raises(BusyError):
        prune()


def test_all_is_well_after_a_night(old_site: None, backups_folder: Path) -> None:
    do_it_all()
    assert check_backups() == []


def test_a_site_of_today_needs_no_backup_yet(backups_folder: Path) -> None:
    MigrationRecorder.Migration.objects.update(applied=timezone.now())
    assert check_backups() == []


def test_an_old_site_without_a_backup_is_an_alarm(old_site: None) -> None:
    with pytest.raises(CommandError, match="There is no backup") as error:
        call_command("check_backups", verbosity=0)
    assert error.value.returncode == 1


def test_a_backup_of_the_day_before_yesterday_is_too_old(old_site: None, backups_folder: Path) -> None:
    aged(do_it_all(), 1.0, backups_folder)
    assert check_backups() == []
    aged(BackupLog.objects.get(), 1.5, backups_folder)
    assert [problem.text for problem in check_backups()] == [
        "The newest backup is 3 days old.",
        "No backup was proven lately. The last is 3 days old.",
    ]


def test_a_failure_and_a_verdict_are_told_in_their_words(old_site: None, backups_folder: Path) -> None:
    log = do_it_all()
    (backups_folder / log.name / manifests.DATABASE).write_bytes(b"")
    with pytest.raises(UnsoundError):
        verify(log.name)
    BackupLog.objects.create(
        name="logical-x", begun_at=timezone.now(), ended_at=timezone.now(), state="failed", error="No space left."
    )
    found = " ".join(problem.text for problem in check_backups())
    assert "logical-x, failed: No space left." in found
    assert "could not be proven:" in found
    assert "has changed" in found


def test_a_storage_that_somebody_has_emptied_is_seen(old_site: None, backups_folder: Path) -> None:
    log = do_it_all()
    (backups_folder / log.name / manifests.MEDIA).unlink()
    (problem,) = check_backups()
    assert "recorded, but cannot be read any more" in problem.text


def test_a_missing_key_is_an_alarm(old_site: None, backups_folder: Path, settings: LazySettings) -> None:
    do_it_all()
    settings.BACKUP_KEY = ""
    (problem,) = check_backups()
    assert "BACKUP_KEY is not set" in problem.text


def test_the_sentence_is_of_the_last_backup_that_is_proven(backups_folder: Path) -> None:
    assert "nobody knows whether we would be back" in standing().sentence
    verify(back_up().name)
    back_up()
    sentence = standing().sentence
    assert re.fullmatch(
        r"If the server burnt down now, we would be back in \d+ seconds? and lose at most \d+ seconds?.", sentence
    )
    proven = BackupLog.objects.proven().get()
    proven.recovery_seconds = 400.0
    now = Standing(proven, proven, (proven.recovery_point or timezone.now()) + timedelta(hours=23, minutes=59))
    assert now.sentence == "If the server burnt down now, we would be back in 7 minutes and lose at most 24 hours."


def test_beat_takes_one_every_night() -> None:
    entry = app.conf.beat_schedule["take a backup, prove it, and delete old ones"]
    assert entry["args"] == ["backup", "--nightly"]
    due = entry["schedule"].remaining_estimate(datetime(2026, 11, 30, 4, 41, tzinfo=UTC))
    assert isinstance(due, timedelta)
