"""Staff see how we stand, and have backups proven; nobody changes what is recorded."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone

from accounts.models import User
from ops.models import BackupLog, Verdict
from ops.services.backups.backing_up import back_up

ADDRESS = "/admin/ops/backuplog/"


def make_log(days: int = 0, **values: object) -> BackupLog:
    """A proven one, so many days old."""
    begun = timezone.now() - timedelta(days=days)
    about: dict[str, object] = {
        "name": f"logical-{days}",
        "state": "done",
        "begun_at": begun,
        "ended_at": begun + timedelta(minutes=1),
        "recovery_point": begun,
        "database": "howtoai",
        "database_size": 5_000_000,
        "size": 1_000_000,
        "sha256": "a" * 64,
        "verdict": "passed",
        "verified_at": begun + timedelta(minutes=2),
        "recovery_seconds": 400.0 + days,
    }
    return BackupLog.objects.create(**(about | values))


@pytest.fixture
def browser(admin: User) -> Client:
    client = Client()
    client.force_login(admin)
    return client


def test_staff_see_the_sentence_and_its_trend_as_a_picture_and_a_table(browser: Client) -> None:
    make_log(1)
    make_log(3)
    page = browser.get(ADDRESS).content.decode()
    assert "If the server burnt down now, we would be back in 7 minutes and lose at most 25 hours." in page
    assert "From 403.0 to 401.0 seconds over 2 proven backups" in page
    assert "403.0 s</td>" in page


def test_without_a_proven_backup_the_page_says_so(browser: Client) -> None:
    page = browser.get(ADDRESS).content.decode()
    assert "no backup has been proven by restoring it yet" in page
    assert "plot__picture" not in page


def test_a_record_is_to_look_at_only(browser: Client) -> None:
    log = make_log()
    assert browser.get(f"{ADDRESS}{log.pk}/change/").status_code == 200
    assert browser.post(f"{ADDRESS}{log.pk}/change/", {"name": "x"}).status_code == 403
    assert browser.post(f"{ADDRESS}{log.pk}/delete/", {"post": "yes"}).status_code == 403
    assert browser.get(f"{ADDRESS}add/").status_code == 403


def test_verify_now_has_a_process_prove_it(
    environment: dict[str, str], browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    log = back_up()
    page = browser.post(ADDRESS, {"action": "verify_now", "_selected_action": [log.pk]}, follow=True)
    assert "is being restored into a scratch database" in page.content.decode()
    (end,) = (thread for thread in threading.enumerate() if thread.name == "end of verify_backup")
    end.join(120)
    log.refresh_from_db()
    assert (log.verdict, log.verification_error) == (Verdict.PASSED, "")


def test_verify_now_is_for_one_that_is_done(browser: Client) -> None:
    failed = make_log(1, state="failed", error="x", verdict="unknown", verified_at=None, recovery_seconds=None)
    for chosen in ([failed.pk], [failed.pk, make_log(2).pk]):
        page = browser.post(ADDRESS, {"action": "verify_now", "_selected_action": chosen}, follow=True)
        assert "Choose one backup that is done" in page.content.decode()


def test_a_moderator_sees_no_backups(moderator: User) -> None:
    client = Client()
    client.force_login(moderator)
    assert client.get(ADDRESS).status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"kind": "magic"}, "no such kind"),
        ({"state": "lost"}, "no such state"),
        ({"ended_at": timezone.now() - timedelta(days=9)}, "cannot end before it has begun"),
        ({"ended_at": None}, "has an end when"),
        ({"sha256": ""}, "has a size, a SHA-256"),
        ({"size": None}, "has a size, a SHA-256"),
        ({"state": "failed", "verdict": "unknown", "verified_at": None}, "says why"),
        ({"recovery_seconds": None}, "A verdict has its time"),
        ({"verdict": "failed"}, "A verdict has its time"),
        ({"state": "failed", "error": "x"}, "Only a backup that is done can be verified"),
        ({"state": "deleted"}, "says when that was"),
    ],
)
def test_a_record_that_contradicts_itself_is_refused(values: dict[str, object], words: str) -> None:
    log = make_log()
    for name, value in values.items():
        setattr(log, name, value)
    with pytest.raises(ValidationError, match=words):
        log.validate_constraints()
    with pytest.raises(IntegrityError):
        log.save()


@pytest.mark.django_db
def test_two_of_a_kind_do_not_run_at_once() -> None:
    running = {
        "state": "running",
        "ended_at": None,
        "verdict": "unknown",
        "verified_at": None,
        "recovery_seconds": None,
    }
    make_log(1, **running)
    with pytest.raises(IntegrityError, match="backup_one_runs"):
        make_log(2, **running)
