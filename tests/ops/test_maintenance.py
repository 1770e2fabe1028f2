"""While the site is closed everybody is told so, but for staff and what must stay open."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import BrowserSession, User
from config.env import BASE_DIR
from ops import maintenance
from ops.tasks import run_command
from tests.config.processes import wait_until
from tutorials.models import Tutorial


@pytest.fixture(autouse=True)
def flag(settings: Any, tmp_path: Path) -> Iterator[Path]:
    """A flag of this test's own: other workers of pytest share VAR_DIR."""
    settings.MAINTENANCE_FILE = str(tmp_path / "maintenance.json")
    yield tmp_path / "maintenance.json"
    maintenance.end()


def test_everybody_gets_a_page_that_says_why_and_when_to_come_again(visitor: Client, tutorial: Tutorial) -> None:
    maintenance.begin("We are moving to a <larger> machine.", minutes=20)
    answer = visitor.get("/tutorials/")
    assert answer.status_code == 503
    assert 19 * 60 < int(answer["Retry-After"]) <= 20 * 60
    assert "We are moving to a &lt;larger&gt; machine." in answer.content.decode()
    assert "in about 20 minutes" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]


def test_a_page_that_is_closed_is_no_error_in_the_log(
    visitor: Client, db: None, caplog: pytest.LogCaptureFixture
) -> None:
    maintenance.begin()
    visitor.get("/")
    assert [record for record in caplog.records if record.levelno > logging.INFO] == []


def test_the_api_answers_with_a_problem(visitor: Client) -> None:
    maintenance.begin("The database is restored.")
    answer = visitor.get("/api/tutorials")
    assert (answer.status_code, answer["Content-Type"]) == (503, "application/problem+json")
    assert answer.json()["code"] == "maintenance"
    assert "The database is restored." in answer.json()["detail"]
    assert int(answer["Retry-After"]) > 0


def test_a_learner_is_nobody_and_staff_pass(learner: User, author: User) -> None:
    maintenance.begin()
    for person, status in ((learner, 503), (author, 200)):
        client = Client()
        client.force_login(person)
        assert client.get("/learning/").status_code == status


def test_staff_without_the_second_factor_that_they_need_do_not_pass(author: User, settings: Any) -> None:
    settings.STAFF_NEED_SECOND_FACTOR = True
    Authenticator.objects.filter(user=author).delete()
    maintenance.begin()
    client = Client()
    client.force_login(author)
    assert client.get("/learning/").status_code == 503


@pytest.mark.parametrize("address", ["/accounts/login/", "/healthz", "/readyz", "/static/css/base.css"])
def test_signing_in_probes_and_static_files_stay_open(visitor: Client, db: None, address: str) -> None:
    maintenance.begin()
    answer = visitor.get(address)
    answer.close()
    assert answer.status_code == 200


@pytest.mark.parametrize("address", ["/accounts/signup/", "/accounts/password/reset/", "/admin/", "/nothing/"])
def test_all_else_is_closed(visitor: Client, db: None, address: str) -> None:
    maintenance.begin()
    assert visitor.get(address).status_code == 503


def test_providers_are_told_to_send_their_news_again(visitor: Client, db: None) -> None:
    maintenance.begin()
    answer = visitor.post("/webhooks/stripe", data={}, content_type="application/json")
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0


def test_after_its_planned_end_it_goes_on_until_somebody_ends_it(visitor: Client, db: None) -> None:
    maintenance.begin(minutes=5)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=9), tick=False):
        answer = visitor.get("/")
        assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    assert maintenance.end()
    assert visitor.get("/").status_code == 200
    assert not maintenance.end()


def test_beginning_again_prolongs_it() -> None:
    first = maintenance.begin("Once.", minutes=5)
    second = maintenance.begin("Twice.", minutes=50)
    assert second.since == first.since
    assert second.until > first.until
    assert maintenance.current() == second


def test_another_process_sees_the_flag_within_a_second(flag: Path) -> None:
    assert maintenance.current() is None
    manage(flag, "on", "--reason", "From another process.")
    assert wait_until(lambda: maintenance.current() is not None, seconds=1.1)
    found = maintenance.current()
    assert found is not None
    assert found.reason == "From another process."
    manage(flag, "off")
    assert wait_until(lambda: maintenance.current() is None, seconds=1.1)


def test_what_was_seen_is_believed_for_a_while(monkeypatch: pytest.MonkeyPatch, flag: Path) -> None:
    """No request asks the disk for it twice."""
    monkeypatch.setattr(maintenance, "LOOK_EVERY", 1_000)
    monkeypatch.setattr(maintenance.Seen, "at", float("-inf"))
    assert maintenance.current() is None
    manage(flag, "on")
    assert maintenance.current() is None


@pytest.mark.parametrize("closed", [False, True])
def test_while_its_place_is_away_all_stays_as_it_was(
    visitor: Client,
    settings: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    closed: bool,
) -> None:
    """As a share of the network that is gone."""
    monkeypatch.setattr(maintenance, "LOOK_EVERY", 0)
    place = tmp_path / "share"
    settings.MAINTENANCE_FILE = str(place / "maintenance.json")
    if closed:
        maintenance.begin("We move.")
        place.rename(tmp_path / "away")
    place.write_text("no folder")
    for _ in range(2):
        assert visitor.get("/tutorials/").status_code == (503 if closed else 200)
        assert visitor.get("/readyz").json()["status"] == ("maintenance" if closed else "ok")
    (said,) = [record.message for record in caplog.records if "Not a directory" in record.message]
    assert said.startswith(
        f"whether there is maintenance cannot be seen in {settings.MAINTENANCE_FILE}, it is as before"
    )
    place.unlink()
    assert visitor.get("/tutorials/").status_code == 200


def test_a_flag_that_nobody_can_read_closes_the_site(
    flag: Path, visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "LOOK_EVERY", 0)
    flag.write_text("{")
    answer = visitor.get("/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")


def test_unfit_words_and_times_are_refused() -> None:
    with pytest.raises(ValidationError, match="300 characters"):
        maintenance.begin("x" * 301)
    with pytest.raises(CommandError, match="1 to 10080 minutes"):
        call_command("maintenance", "on", "--minutes", "0")
    assert maintenance.current() is None


def test_a_flag_that_cannot_be_written_is_an_error(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings.MAINTENANCE_FILE = str(tmp_path / "file" / "maintenance.json")
    with pytest.raises(CommandError, match="Nothing has changed"):
        call_command("maintenance", "on")
    settings.MAINTENANCE_FILE = str(tmp_path / "maintenance.json")


def test_nothing_runs_by_the_clock_meanwhile(db: None) -> None:
    old = BrowserSession.objects.create(
        session_key="old", session_data="", expire_date=datetime(2026, 1, 1, tzinfo=UTC)
    )
    maintenance.begin()
    run_command("clearsessions")
    assert BrowserSession.objects.filter(pk=old.pk).exists()
    maintenance.end()
    run_command("clearsessions")
    assert not BrowserSession.objects.filter(pk=old.pk).exists()


ASK = """
import json, warnings
warnings.simplefilter("ignore")
import django
django.setup()
from django.conf import settings
from django.test import Client
answers = []
for address in ("/", "/api/tutorials", "/webhooks/stripe", "/healthz", "/readyz"):
    client = Client(raise_request_exception=False, headers={"host": "localhost"})
    # Of somebody who might be staff, if there were a database to ask.
    client.cookies[settings.SESSION_COOKIE_NAME] = "x" * 32
    answer = client.get(address)
    answers.append([answer.status_code, "maintenance" in answer.content.decode().lower()])
print(json.dumps(answers))
"""


def test_the_page_stands_while_the_database_and_valkey_are_away(flag: Path) -> None:
    """Their sockets are not there, for commands and for the site."""
    manage(flag, "on", DATABASE_URL=nowhere(), REDIS_URL="unix:///nowhere.sock?db=0")
    done = run(["-c", ASK], flag, DATABASE_URL=nowhere(), REDIS_URL="unix:///nowhere.sock?db=0")
    assert json.loads(done) == [[503, True], [503, True], [503, True], [200, False], [200, True]]
    assert "closed since" in manage(flag, "status", DATABASE_URL=nowhere())


def nowhere() -> str:
    return "postgres://howtoai@/howtoai?host=" + os.environ["VAR_DIR"]


def manage(flag: Path, *arguments: str, **environment: str) -> str:
    return run(["manage.py", "maintenance", *arguments], flag, **environment)


# Of a command: its log is no part of what it says.
OWN = {"DJANGO_SETTINGS_MODULE": "tests.settings", "RUNS_COMMAND": "true"}


def run(arguments: list[str], flag: Path, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=BASE_DIR,
        env=os.environ | OWN | {"MAINTENANCE_FILE": str(flag)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
