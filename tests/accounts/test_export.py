"""A copy of everything that belongs to somebody: asked for, made in the background, downloaded, forgotten."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import DataExport, LoginHistory, Session, User
from accounts.models.history import Event
from accounts.models.sessions import Door
from accounts.personal_data import holdings
from accounts.personal_data.archive import CHUNK, write_archive
from accounts.services import exports, forgetting
from accounts.tasks import make_export
from accounts.visits import Visit
from common.database import BATCH
from common.limits import Limited
from tests.accounts.clients import log_in
from tests.accounts.planting import MARK, plant
from tests.brokers import broker_away
from tests.clients import signed_in
from tests.factories import make_user

VISIT = Visit(door=Door.PAGE, address="192.0.2.1", device="Firefox on Linux")
AT = datetime.fromisoformat("2026-11-22T12:00:00Z")


def archive_of(person: User) -> zipfile.ZipFile:
    stream = io.BytesIO()
    write_archive(person, stream, at=AT)
    return zipfile.ZipFile(stream)


def rows(archive: zipfile.ZipFile, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(archive.read(name))
    return found


def make_for(user: User) -> DataExport:
    """An export that is ready."""
    export = exports.ask(user=user, visit=VISIT)
    make_export(str(export.pk))
    export.refresh_from_db()
    return export


# -- What is in it ------------------------------------------------------------------------------


def test_everything_that_is_registered_is_in_the_archive(admin: User) -> None:
    person = plant(bystander=admin)
    archive = archive_of(person)
    assert archive.testzip() is None
    names = {f"{holding.label.lower().replace('.', '/')}.json" for holding in holdings() if holding.exported}
    assert set(archive.namelist()) == names | {
        "README.txt",
        f"files/pictures/{MARK}.webp",
        f"files/post_images/{MARK}.webp",
    }
    assert all(rows(archive, name) for name in names)
    assert archive.read(f"files/pictures/{MARK}.webp") == b"picture"
    assert rows(archive, "accounts/profile.json")[0]["picture"] == f"pictures/{MARK}.webp"
    assert rows(archive, "accounts/user_groups.json") == [{"group.name": "author"}]
    assert rows(archive, "tutorials/tutorial.json")[0]["topic.name"] == "Foundations"


def test_times_are_iso_8601_in_utc(learner: User) -> None:
    written = rows(archive_of(learner), "accounts/user.json")[0]["date_joined"]
    assert written.endswith("Z")
    assert abs(datetime.fromisoformat(written) - learner.date_joined) < timedelta(milliseconds=1)


def test_secrets_and_what_belongs_to_others_are_not_in_it(admin: User, stranger: User) -> None:
    person = plant(bystander=admin)
    archive = archive_of(person)
    text = "".join(archive.read(name).decode() for name in archive.namelist() if name != f"files/pictures/{MARK}.webp")
    secrets = (f"{MARK}-token", f"{MARK}-secret", f"{MARK}-key", f"{MARK} passkey")
    for secret in (person.password, MARK.encode().hex(), *secrets):
        assert secret not in text, secret
    assert stranger.email not in text
    assert admin.email not in text
    assert f"{MARK} changed" not in text


def test_the_readme_says_what_is_where_and_what_is_left_out(learner: User) -> None:
    readme = archive_of(learner).read("README.txt").decode()
    assert "learner@howtoai.example, collected on 22 November 2026, 12:00 UTC" in readme
    assert "accounts/user.json\n  Your account: 1 entry.\n  Left out: password (it is a secret" in readme
    assert "&" not in readme


def test_a_picture_that_is_gone_is_said_to_be_missing(learner: User) -> None:
    learner.profile.picture = "pictures/gone.webp"
    learner.profile.save()
    archive = archive_of(learner)
    assert "Missing: pictures/gone.webp" in archive.read("README.txt").decode()
    assert not [name for name in archive.namelist() if name.startswith("files/")]


def test_two_archives_of_the_same_moment_are_the_same(learner: User) -> None:
    first, second = io.BytesIO(), io.BytesIO()
    for stream in (first, second):
        write_archive(learner, stream, at=AT)
    assert first.getvalue() == second.getvalue()


def test_any_number_of_rows_takes_the_same_number_of_queries(learner: User) -> None:
    """A cursor on the server gives them piece by piece."""

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            archive_of(learner)
        return len(captured)

    few = queries()
    entries = [LoginHistory(user=learner, event=Event.REFRESH, door="api") for _ in range(2 * CHUNK + 7)]
    LoginHistory.objects.bulk_create(entries)
    assert queries() == few
    assert len(rows(archive_of(learner), "accounts/loginhistory.json")) == 2 * CHUNK + 7


# -- Asking and making --------------------------------------------------------------------------


def test_asking_makes_the_file_and_mails_a_link_to_a_page(
    learner: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        export = exports.ask(user=learner, visit=VISIT)
    export.refresh_from_db()
    assert export.made_at
    assert export.file.name == f"exports/{export.pk}.zip"
    assert zipfile.is_zipfile(export.file.open())
    assert LoginHistory.objects.get(user=learner).event == Event.EXPORT_ASKED
    [letter] = mail.outbox
    assert letter.to == [learner.email]
    assert "/settings/data/" in letter.body
    assert str(export.pk) not in letter.body


def test_one_at_a_time(learner: User, stranger: User) -> None:
    exports.ask(user=learner, visit=VISIT)
    with pytest.raises(ValidationError, match="Your data is being collected already"):
        exports.ask(user=learner, visit=VISIT)
    assert exports.ask(user=stranger, visit=VISIT)


def test_five_a_day(learner: User) -> None:
    for _ in range(5):
        make_for(learner)
    with pytest.raises(Limited):
        exports.ask(user=learner, visit=VISIT)


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_make_one() -> None:
    person = make_user()
    outcomes: list[str] = []
    barrier = threading.Barrier(2)

    def go() -> None:
        try:
            barrier.wait()
            exports.ask(user=person, visit=VISIT)
            outcomes.append("asked")
        except ValidationError as error:
            outcomes.extend(error.messages)
        finally:
            connection.close()

    threads = [threading.Thread(target=go) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    # The second may also come after the first was made; then there are two, one after the other.
    assert outcomes.count("asked") == DataExport.objects.count()
    assert set(outcomes) <= {"asked", "Your data is being collected already; wait for the mail."}
    assert not DataExport.objects.filter(made_at__isnull=True).exists()


def test_doing_the_task_again_changes_nothing(
    learner: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    export = make_for(learner)
    with django_capture_on_commit_callbacks(execute=True):
        make_export(str(export.pk))
    assert mail.outbox == []
    before = export.made_at
    export.refresh_from_db()
    assert export.made_at == before


def test_what_a_dead_worker_left_is_replaced(learner: User) -> None:
    """It had stored the file, perhaps half of it, and died before it could write that down."""
    export = exports.ask(user=learner, visit=VISIT)
    default_storage.save(export.archive_name, ContentFile(b"half"))
    make_export(str(export.pk))
    export.refresh_from_db()
    assert export.file.name == export.archive_name
    assert zipfile.is_zipfile(export.file.open())


def test_a_task_for_somebody_who_was_erased_leaves_no_file(learner: User) -> None:
    export = exports.ask(user=learner, visit=VISIT)
    name = export.archive_name
    DataExport.objects.all().delete()
    assert not export.finish(io.BytesIO(b"late"))
    make_export(str(export.pk))
    assert not default_storage.exists(name)


def test_what_got_lost_on_the_way_is_queued_again(
    learner: User, stranger: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    lost = exports.ask(user=learner, visit=VISIT)
    with time_machine.travel(timezone.now() + timedelta(minutes=21)):
        fresh = exports.ask(user=stranger, visit=VISIT)
        with django_capture_on_commit_callbacks(execute=True):
            call_command("resume_exports", verbosity=0)
    lost.refresh_from_db()
    fresh.refresh_from_db()
    assert lost.made_at
    assert fresh.made_at is None


def test_without_a_broker_the_order_waits_and_is_made_later(
    learner: User,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with broker_away(), django_capture_on_commit_callbacks(execute=True):
        export = exports.ask(user=learner, visit=VISIT)
        exports.enqueue(export.pk)
    assert "is not queued yet" in caplog.text
    with time_machine.travel(timezone.now() + exports.LOST_AFTER + timedelta(minutes=1)):
        assert exports.resume() == 1
    export.refresh_from_db()
    assert export.made_at


# -- Pages and API ------------------------------------------------------------------------------


def test_the_page_offers_what_is_there(learner: User) -> None:
    browser = signed_in(learner)
    assert "Download" not in browser.get("/settings/data/").content.decode()
    response = browser.post("/settings/data/exports/", follow=True)
    assert response.redirect_chain == [("/settings/data/", 302)]
    assert "We are collecting your data" in response.content.decode()
    assert "Collect my data" not in response.content.decode()
    again = browser.post("/settings/data/exports/", follow=True)
    assert "wait for the mail" in again.content.decode()
    export = DataExport.objects.get()
    make_export(str(export.pk))
    assert f"/settings/data/exports/{export.pk}/" in browser.get("/settings/data/").content.decode()


def test_the_owner_downloads_it_as_a_stream_that_nobody_keeps(learner: User) -> None:
    export = make_for(learner)
    response = signed_in(learner).get(f"/settings/data/exports/{export.pk}/")
    assert response.status_code == 200
    assert response.streaming
    assert response["Content-Type"] == "application/zip"
    assert response["Content-Disposition"] == f'attachment; filename="how-to-ai-data-{export.asked_at:%Y-%m-%d}.zip"'
    assert {"no-store", "private"} <= set(response["Cache-Control"].split(", "))
    archive = zipfile.ZipFile(io.BytesIO(response.getvalue()))
    assert rows(archive, "accounts/user.json")[0]["email"] == learner.email


def test_nobody_else_can_download_it(learner: User, stranger: User, admin: User, visitor: Client) -> None:
    path = f"/settings/data/exports/{make_for(learner).pk}/"
    assert signed_in(stranger).get(path).status_code == 404
    assert signed_in(admin).get(path).status_code == 404
    assert visitor.get(path)["Location"].startswith("/accounts/login/")


def test_what_is_not_made_or_over_or_gone_is_not_there(learner: User) -> None:
    browser = signed_in(learner)
    waiting = exports.ask(user=learner, visit=VISIT)
    path = f"/settings/data/exports/{waiting.pk}/"
    assert browser.get(path).status_code == 404
    make_export(str(waiting.pk))
    assert browser.get(path).status_code == 200
    DataExport.objects.update(made_at=timezone.now() - DataExport.KEPT)
    assert browser.get(path).status_code == 404
    assert path not in browser.get("/settings/data/").content.decode()
    DataExport.objects.update(made_at=timezone.now())
    default_storage.delete(waiting.archive_name)
    assert browser.get(path).status_code == 404


def test_no_address_serves_what_is_stored(learner: User, visitor: Client) -> None:
    export = make_for(learner)
    for client in (visitor, signed_in(learner)):
        assert client.get(f"/media/{export.file.name}").status_code == 404


def ask_api(access: str) -> Any:
    headers = {"Authorization": f"Bearer {access}"}
    return Client().post("/api/users/me/export", content_type="application/json", headers=headers)


def test_the_api_takes_the_order(learner: User) -> None:
    access = log_in(learner.email)["access"]
    response = ask_api(access)
    export = DataExport.objects.get()
    assert response.status_code == 202
    assert response.json()["id"] == str(export.pk)
    again = ask_api(access)
    assert again.status_code == 400
    assert again.json()["detail"].endswith("Your data is being collected already; wait for the mail.")


def test_the_api_refuses_visitors(visitor: Client, db: None) -> None:
    assert visitor.post("/api/users/me/export").status_code == 401


# -- Forgetting ---------------------------------------------------------------------------------


def test_old_logins_sessions_and_exports_are_forgotten_and_the_others_stay(learner: User) -> None:
    now = timezone.now()
    for days in (179, 181):
        at = now - timedelta(days=days)
        LoginHistory.objects.create(user=learner, event=Event.LOGIN, door="page", at=at)
        Session.objects.create(user=learner, door="page", device=f"expired {days}", expires_at=at)
        Session.objects.create(
            user=learner,
            door="page",
            device=f"ended {days}",
            ended_at=at,
            end_reason="logged_out",
            expires_at=at + timedelta(days=7),
        )
    Session.objects.create(user=learner, door="page", device="alive", expires_at=now + timedelta(days=1))
    old, new = make_for(learner), make_for(learner)
    DataExport.objects.filter(pk=old.pk).update(made_at=now - timedelta(days=7, minutes=1))
    LoginHistory.objects.filter(event=Event.EXPORT_ASKED).delete()

    assert forgetting.forget_old() == forgetting.Forgotten(entries=1, sessions=2, exports=1)

    assert sorted(Session.objects.values_list("device", flat=True)) == ["alive", "ended 179", "expired 179"]
    assert LoginHistory.objects.count() == 1
    assert list(DataExport.objects.all()) == [new]
    assert not default_storage.exists(old.archive_name)
    assert default_storage.exists(new.archive_name)


def test_more_than_one_batch_is_forgotten(learner: User) -> None:
    at = timezone.now() - timedelta(days=200)
    count = BATCH + 3
    LoginHistory.objects.bulk_create([LoginHistory(event=Event.LOGIN, door="page", at=at) for _ in range(count)])
    call_command("forget_old_logins", verbosity=0)
    assert not LoginHistory.objects.exists()
