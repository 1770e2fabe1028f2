"""Mail about notifications: when it goes, what is in it, and that it goes once."""

from __future__ import annotations

import logging
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import User
from community.cadences import due_at
from community.models import Cadence, Kind, Mailing, Notification, Post, State
from community.services import delivering, mailing, notifying, preferences, reading, states
from tests.at_once import at_once
from tests.community.members import make_category, make_comment, make_post
from tests.factories import make_grant, make_user
from tests.postbox import Postbox, part

ROOT = Path(__file__).resolve().parents[2]
MINUTES = timedelta(minutes=1)


@pytest.fixture
def run(django_capture_on_commit_callbacks: Any) -> Callable[[datetime], mailing.Sent]:
    """What the command does each minute, with its tasks."""

    def send(at: datetime) -> mailing.Sent:
        with django_capture_on_commit_callbacks(execute=True):
            return mailing.send_due(at)

    return send


def tell(user: User, *, kind: Kind = Kind.MENTION, actor: User | None = None, title: str = "") -> Notification:
    """Somebody has told this person of a post of its own."""
    post = make_post(title, author=user if kind == Kind.LIKE else None)
    notifying.notify(user=user, kind=kind, actor=actor or post.author, post=post)
    return Notification.objects.of(user).latest("id")


# When it goes


@pytest.mark.parametrize(
    ("zone", "cadence", "now", "due"),
    [
        ("UTC", "at_once", "2026-11-22T10:00", "2026-11-22T10:01"),
        ("UTC", "daily", "2026-11-22T07:59", "2026-11-22T08:00"),
        ("UTC", "daily", "2026-11-22T08:00", "2026-11-23T08:00"),
        ("Asia/Tokyo", "daily", "2026-11-22T10:00", "2026-11-22T23:00"),
        ("America/Los_Angeles", "daily", "2026-11-22T10:00", "2026-11-22T16:00"),
        ("Asia/Kathmandu", "daily", "2026-11-22T10:00", "2026-11-23T02:15"),
        # The night in which the clocks go back an hour.
        ("Europe/Paris", "daily", "2026-10-24T10:00", "2026-10-25T07:00"),
        ("Europe/Paris", "daily", "2026-10-23T10:00", "2026-10-24T06:00"),
        # A Sunday; where it is Monday already before eight; where it is past that.
        ("UTC", "weekly", "2026-11-22T10:00", "2026-11-23T08:00"),
        ("Asia/Tokyo", "weekly", "2026-11-22T20:00", "2026-11-22T23:00"),
        ("Asia/Tokyo", "weekly", "2026-11-22T23:30", "2026-11-29T23:00"),
    ],
)
def test_mail_is_due_at_eight_where_the_reader_is(zone: str, cadence: str, now: str, due: str) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    expected = datetime.fromisoformat(due).replace(tzinfo=UTC)
    assert due_at(Cadence(cadence), moment, zone) == expected


def test_never_is_never() -> None:
    assert due_at(Cadence.NEVER, timezone.now(), "UTC") is None


def test_a_mail_goes_a_minute_after_and_not_before(learner: User, postbox: Postbox, run: Any) -> None:
    at = tell(learner, title="How do I cache a prompt?").at
    assert run(at + 30 * timedelta(seconds=1)).made == 0
    assert run(at + MINUTES).made == 1
    message = postbox.only()
    assert message["To"] == learner.email
    assert re.fullmatch(r"Person \d+ mentions you in “How do I cache a prompt\?”", message["Subject"].strip())
    sent = Mailing.objects.get()
    assert (message["Message-ID"], sent.attempts) == (sent.message_id, 1)
    assert sent.sent_at is not None
    assert run(at + 60 * MINUTES).made == 0


def test_ten_things_are_one_mail(learner: User, postbox: Postbox, run: Any) -> None:
    first = tell(learner)
    run(first.at + MINUTES)
    assert postbox.attempts == 1
    for _ in range(10):
        last = tell(learner)
    for minute in range(1, 10):
        assert run(first.at + minute * MINUTES).made == 0
    run(last.at + 12 * MINUTES)
    assert [message["Subject"] for message in postbox.taken[1:]] == ["10 things in the community"]


def test_a_digest_waits_for_its_morning_and_takes_along_what_is_to_go_at_once(
    learner: User, postbox: Postbox, run: Any
) -> None:
    daily = tell(learner, kind=Kind.WATCHED_POST)
    assert daily.mail_at is not None
    assert run(daily.mail_at - MINUTES).made == 0
    tell(learner, kind=Kind.MENTION)
    Notification.objects.filter(kind=Kind.MENTION).update(mail_at=daily.mail_at + MINUTES)
    assert run(daily.mail_at).made == 1
    assert postbox.only()["Subject"] == "2 things in the community"


def test_what_was_read_meanwhile_is_not_mailed(learner: User, postbox: Postbox, run: Any) -> None:
    notification = tell(learner)
    reading.mark_read(user=learner, notification=notification)
    reading.mark_unread(user=learner, notification=notification)
    assert run(notification.at + MINUTES).made == 0
    assert postbox.attempts == 0


def test_what_may_no_longer_be_read_is_not_mailed(learner: User, postbox: Postbox, run: Any) -> None:
    hidden = tell(learner)
    assert hidden.post is not None
    states.set_state(hidden.post, State.HIDDEN)
    closed = tell(learner)
    assert closed.post is not None
    Post.objects.filter(pk=closed.post.pk).update(category=make_category("Members", access="premium"))
    assert run(closed.at + MINUTES).made == 0
    assert not Notification.objects.waiting_for_mail().exists()
    make_grant(learner)
    assert run(closed.at + 2 * MINUTES).made == 0


def test_what_is_hidden_between_the_making_and_the_sending_is_not_sent(learner: User, postbox: Postbox) -> None:
    """No task runs here before `deliver`: nothing is committed."""
    notification = tell(learner)
    made = mailing.make_mailing(learner.pk, now=notification.at + MINUTES)
    assert made is not None
    assert notification.post is not None
    states.set_state(notification.post, State.HIDDEN)
    delivering.deliver(made.pk)
    made.refresh_from_db()
    assert postbox.attempts == 0
    assert made.given_up_at is not None


@pytest.mark.parametrize("gone", ["banned", "unconfirmed"])
def test_nobody_gets_mail_who_is_gone_or_has_not_confirmed_the_address(
    db: None, postbox: Postbox, run: Any, gone: str
) -> None:
    person = make_user(confirmed=gone != "unconfirmed")
    notification = tell(person)
    if gone == "banned":
        person.is_active = False
        person.save()
    assert run(notification.at + MINUTES).made == 0
    assert not Notification.objects.waiting_for_mail().exists()


def test_another_choice_acts_on_what_waits(learner: User, postbox: Postbox, run: Any) -> None:
    notification = tell(learner)
    preferences.set_cadences(user=learner, cadences={"mention": "never"})
    assert run(notification.at + 5 * MINUTES).made == 0
    assert tell(learner).mail_at is None
    preferences.set_cadences(user=learner, cadences={"mention": "daily"})
    later = tell(learner)
    assert later.mail_at is not None
    assert later.mail_at > later.at + 2 * MINUTES or later.mail_at.hour == 8


# What is in it


def test_a_mail_has_both_parts_and_is_one_click_from_the_last(
    learner: User, postbox: Postbox, run: Any, settings: Any, client: Any
) -> None:
    settings.SITE_URL = "https://howtoai.example"
    post = make_post("Is <b>this</b> & that bold?", author=learner)
    actor = make_user(name="Tom & Jörg")
    comment = make_comment(post, author=actor, body="Yes, <i>both</i> are.")
    notifying.notify(user=learner, kind=Kind.COMMENT, actor=actor, post=post, comment=comment)
    run(timezone.now() + 2 * MINUTES)
    message = postbox.only()
    assert message["Subject"].strip() == "Tom & Jörg answered: Is <b>this</b> & that bold?"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    plain, html = part(message, "plain"), part(message, "html")
    assert f"https://howtoai.example/community/comments/{comment.pk}/" in plain
    assert "https://howtoai.example/settings/notifications/" in plain
    assert "Tom &amp; Jörg answered: Is &lt;b&gt;this&lt;/b&gt; &amp; that bold?" in html
    assert not {"<i>", "<script", "djlint"} & set(html.split())
    link = message["List-Unsubscribe"].strip(" <>")
    assert link in plain
    assert link in html
    assert link.startswith("https://howtoai.example/notifications/unsubscribe/")


# Stopping it


def unsubscribe_path(message: Any) -> str:
    return str(urlsplit(message["List-Unsubscribe"].strip(" <>")).path)


def test_opening_the_link_changes_nothing_and_one_click_stops_it(learner: User, postbox: Postbox, run: Any) -> None:
    run(tell(learner).at + MINUTES)
    path = unsubscribe_path(postbox.only())
    anybody = Client(enforce_csrf_checks=True)
    page = anybody.get(path)
    assert page.status_code == 200
    assert "Somebody mentions you" in page.content.decode()
    assert learner.email not in page.content.decode()
    assert not learner.mail_preferences.exists()
    done = anybody.post(path, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded")
    assert done.status_code == 200
    assert list(learner.mail_preferences.values_list("kind", "cadence")) == [("mention", "never")]
    assert anybody.post(path, {"all": "1"}).status_code == 200
    assert set(learner.mail_preferences.values_list("cadence", flat=True)) == {"never"}
    assert learner.mail_preferences.count() == len(Kind)


def test_a_link_that_is_not_ours_is_a_404(client: Any, learner: User) -> None:
    for token in ("x", "x:y", f"{learner.pk}"):
        assert client.post(f"/notifications/unsubscribe/{token}/").status_code == 404


# Once


def test_a_server_that_says_later_is_asked_again_with_the_same_name_and_ever_later(
    learner: User, postbox: Postbox, caplog: pytest.LogCaptureFixture
) -> None:
    postbox.answers = ["451 later"] * 3
    made = mailing.make_mailing(learner.pk, now=tell(learner).at + MINUTES)
    assert made is not None
    at, waits = made.made_at, []
    delivering.deliver(made.pk, now=at)
    made.refresh_from_db()
    while made.sent_at is None:
        assert made.handed_over_at is None
        waits.append(made.try_at - at)
        at = made.try_at
        assert not Mailing.objects.forgotten(at - timedelta(seconds=1)).exists()
        assert Mailing.objects.forgotten(at).get() == made
        delivering.deliver(made.pk, now=at)
        made.refresh_from_db()
    assert waits == [MINUTES, 2 * MINUTES, 4 * MINUTES]
    assert postbox.only()["Message-ID"] == made.message_id
    assert learner.email not in caplog.text


def test_after_a_day_of_later_a_mail_is_given_up(
    learner: User, postbox: Postbox, caplog: pytest.LogCaptureFixture
) -> None:
    postbox.answers = ["451 later"] * 100
    made = mailing.make_mailing(learner.pk, now=tell(learner).at + MINUTES)
    assert made is not None
    while made.given_up_at is None:
        delivering.deliver(made.pk, now=made.try_at)
        made.refresh_from_db()
        assert made.try_at - made.made_at < timedelta(hours=26)
    assert postbox.attempts == made.attempts < 35
    assert f"{made.message_id} is given up: SMTPDataError 451" in caplog.text


def test_a_server_that_is_away_is_tried_again(learner: User, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    made = mailing.make_mailing(learner.pk, now=tell(learner).at + MINUTES)
    assert made is not None
    delivering.deliver(made.pk)
    made.refresh_from_db()
    assert (made.attempts, made.handed_over_at, made.given_up_at) == (1, None, None)


def test_a_server_that_says_never_is_not_asked_again(learner: User, postbox: Postbox) -> None:
    postbox.answers = ["550 no such person"]
    made = mailing.make_mailing(learner.pk, now=tell(learner).at + MINUTES)
    assert made is not None
    delivering.deliver(made.pk)
    delivering.deliver(made.pk)
    made.refresh_from_db()
    assert made.given_up_at is not None
    assert postbox.attempts == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_senders_at_once_one_makes_the_mail(postbox: Postbox) -> None:
    person = make_user()
    now = max(tell(person).at for _ in range(3)) + MINUTES
    at_once(lambda: mailing.send_due(now))
    assert Mailing.objects.count() == 1
    assert postbox.only()["Subject"] == "3 things in the community"


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_at_once_one_sends_the_mail(postbox: Postbox, settings: Any) -> None:
    person = make_user()
    now = tell(person).at + MINUTES
    made = make_quietly(person, now)
    at_once(lambda: delivering.deliver(made.pk), times=4)
    assert postbox.attempts == 1


def make_quietly(person: User, now: datetime) -> Mailing:
    """A mail whose task the queue has lost."""
    made = Mailing.objects.create(user=person, message_id=f"<{person.pk}@howtoai.example>", made_at=now, try_at=now)
    Notification.objects.of(person).update(mailing=made, mail_at=None)
    return made


@contextmanager
def worker_elsewhere(made: Mailing, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A process of its own that delivers this mail to the mail server at this port."""
    server, _, options = os.environ["DATABASE_URL"].rpartition("/howtoai")
    database = f"{server}/{connection.settings_dict['NAME']}{options}"
    code = f"from community.services import delivering; delivering.deliver({made.pk})"
    process = subprocess.Popen(
        [sys.executable, "manage.py", "shell", "-v0", "-c", code],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": database, "EMAIL_URL": f"smtp://127.0.0.1:{port}"},
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(30)


@pytest.mark.django_db(transaction=True)
def test_a_mail_whose_worker_was_killed_before_it_handed_it_over_is_sent_by_the_next(postbox: Postbox) -> None:
    person = make_user()
    now = tell(person).at + MINUTES
    made = make_quietly(person, now)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        with worker_elsewhere(made, silent.getsockname()[1]) as worker:
            # It has connected, and waits for a greeting that does not come.
            taken, _ = silent.accept()
            worker.send_signal(signal.SIGKILL)
            worker.wait(30)
            taken.close()
    made.refresh_from_db()
    assert (made.attempts, made.handed_over_at) == (0, None)
    assert mailing.send_due(now + mailing.LOST_AFTER).resumed == 1
    assert postbox.only()["Message-ID"] == made.message_id
    assert mailing.send_due(now + 2 * mailing.LOST_AFTER).resumed == 0


class Killing(Postbox):
    """Takes the mail, and whoever brought it does not live to hear so."""

    worker: subprocess.Popen[bytes] | None = None

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = await super().handle_DATA(server, session, envelope)
        if self.worker is not None:
            self.worker.send_signal(signal.SIGKILL)
            self.worker.wait(30)
        return answer


@pytest.mark.django_db(transaction=True)
def test_a_mail_whose_worker_was_killed_before_it_heard_the_answer_is_not_sent_twice(
    postbox: Postbox, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    postbox.__class__ = Killing
    person = make_user()
    now = tell(person).at + MINUTES
    made = make_quietly(person, now)
    with worker_elsewhere(made, settings.EMAIL_PORT) as worker:
        postbox.worker = worker  # type: ignore[attr-defined]
        worker.wait(60)
    made.refresh_from_db()
    assert postbox.attempts == 1
    assert made.sent_at is None
    assert made.handed_over_at is not None
    later = made.handed_over_at + mailing.SILENT_AFTER + MINUTES
    delivering.deliver(made.pk)
    sent = mailing.send_due(later)
    assert (sent.resumed, sent.unclear) == (0, 1)
    assert postbox.attempts == 1
    assert f"{made.message_id} was handed over, and nobody knows" in caplog.text
    # It stands in the centre all the same.
    assert Notification.objects.visible_to(person).unread().count() == 1


def test_the_command_says_what_it_did(learner: User, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("send_notifications")
    assert capsys.readouterr().out == "0 texts told of, 0 mails made, 0 taken up again, 0 unclear.\n"
