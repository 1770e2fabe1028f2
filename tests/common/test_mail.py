"""Mail arrives as it was written, once the transaction is committed, whatever fails on the way."""

from __future__ import annotations

import base64
import json
import logging
import socket
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from django.core.mail import BadHeaderError, EmailMultiAlternatives
from django.db import transaction

from common.addresses import absolute
from common.encryption import encrypt
from common.limits import counting_cache
from common.mail import queue, send
from common.request_id import request_id
from common.tasks import RETRY_DELAYS, deliver_mail
from tests.brokers import broker_away
from tests.postbox import Postbox, part

ADDRESS = "ada@howtoai.example"
OnCommit = Callable[..., AbstractContextManager[list[Callable[[], Any]]]]


@pytest.fixture(autouse=True)
def templates(settings: Any, tmp_path: Path) -> None:
    """A mail called "greeting" in a folder of its own."""
    folder = tmp_path / "emails"
    folder.mkdir()
    (folder / "greeting.subject.txt").write_text("Hello {{ name }},\n  welcome\n")
    (folder / "greeting.txt").write_text(
        '{% extends "emails/base.txt" %}{% block text %}Hello {{ name }}.{% endblock %}'
    )
    (folder / "greeting.html").write_text(
        '{% extends "emails/base.html" %}{% block text %}<p>Hello {{ name }}.</p>'
        '{% include "emails/_button.html" with url=url label="Start reading" %}{% endblock %}'
    )
    engine = {**settings.TEMPLATES[0], "DIRS": [tmp_path, *settings.TEMPLATES[0]["DIRS"]]}
    settings.TEMPLATES = [engine]


@pytest.fixture
def send_greeting(db: None, django_capture_on_commit_callbacks: OnCommit) -> Callable[..., None]:
    """Send the greeting and commit."""

    def send_it(name: str = "Ada", **options: Any) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            send("greeting", context={"name": name, "url": absolute("/start/")}, **({"to": ADDRESS} | options))

    return send_it


def test_a_mail_has_text_and_html_and_says_that_a_machine_wrote_it(
    postbox: Postbox, send_greeting: Callable[..., None], settings: Any
) -> None:
    settings.SITE_URL = "https://howtoai.example"
    token = request_id.set("a" * 32)
    try:
        send_greeting()
    finally:
        request_id.reset(token)
    message = postbox.only()
    assert message["Subject"] == "Hello Ada, welcome"
    assert (message["To"], message["From"]) == (ADDRESS, settings.DEFAULT_FROM_EMAIL)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Request-ID"] == "a" * 32
    assert message["Message-ID"].endswith("@howtoai.example>")
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert part(message, "plain").startswith("Hello Ada.\n")
    assert part(message, "plain").endswith("\n-- \nHow-to-AI\nhttps://howtoai.example\n")
    html = part(message, "html")
    assert '<meta name="color-scheme" content="light dark">' in html
    assert html.count('href="https://howtoai.example/start/"') == 2
    assert not {"<img", "<script", "djlint", "http:"} & set(html.split())


def test_text_stands_as_it_is_and_html_is_escaped(postbox: Postbox, send_greeting: Callable[..., None]) -> None:
    send_greeting("<b>Tom & Jörg</b>")
    message = postbox.only()
    assert message["Subject"] == "Hello <b>Tom & Jörg</b>, welcome"
    assert "Hello <b>Tom & Jörg</b>." in part(message, "plain")
    assert "Hello &lt;b&gt;Tom &amp; Jörg&lt;/b&gt;." in part(message, "html")


def test_outside_a_request_no_request_is_named(postbox: Postbox, send_greeting: Callable[..., None]) -> None:
    send_greeting()
    assert "X-Request-ID" not in postbox.only()


@pytest.mark.parametrize("name", ["x\nBcc: eve@evil.example", "x\r\n\r\nbody", "x\x0bBcc: y", "x\u2028Bcc: y"])
def test_a_name_with_line_breaks_adds_no_header(
    postbox: Postbox, send_greeting: Callable[..., None], name: str
) -> None:
    send_greeting(name)
    message = postbox.only()
    assert message["Subject"] == f"Hello {' '.join(name.split())}, welcome"
    assert "Bcc" not in message


@pytest.mark.parametrize(
    "options", [{"to": f"{ADDRESS}\nBcc: eve@evil.example"}, {"headers": {"List-Unsubscribe": "<x>\nBcc: eve"}}]
)
def test_line_breaks_in_other_headers_are_refused(
    postbox: Postbox, send_greeting: Callable[..., None], options: dict[str, Any]
) -> None:
    with pytest.raises(BadHeaderError):
        send_greeting(**options)
    assert postbox.attempts == 0


@pytest.mark.django_db(transaction=True)
def test_nothing_is_sent_about_what_was_rolled_back(postbox: Postbox) -> None:
    with transaction.atomic():
        send("greeting", to=ADDRESS, context={"name": "Ada"})
        transaction.set_rollback(True)
    assert postbox.attempts == 0
    with transaction.atomic():
        send("greeting", to=ADDRESS, context={"name": "Ada"})
        assert postbox.attempts == 0
    assert postbox.only()["To"] == ADDRESS


def test_a_ready_message_can_be_queued_as_it_is(
    db: None, postbox: Postbox, django_capture_on_commit_callbacks: OnCommit
) -> None:
    message = EmailMultiAlternatives(
        "A subject\n", "Text", "other@howtoai.example", [ADDRESS], headers={"Message-ID": "<mine@howtoai.example>"}
    )
    message.attach_alternative("<p>Text</p>", "text/html")
    with django_capture_on_commit_callbacks(execute=True):
        queue(message, name="ready")
    arrived = postbox.only()
    assert (arrived["Subject"], arrived["From"]) == ("A subject", "other@howtoai.example")
    assert arrived["Message-ID"] == "<mine@howtoai.example>"
    assert part(arrived, "html").strip() == "<p>Text</p>"


def test_an_attachment_is_refused_rather_than_lost(db: None) -> None:
    message = EmailMultiAlternatives("Subject", "Text", to=[ADDRESS])
    message.attach("invoice.txt", "1 euro", "text/plain")
    with pytest.raises(ValueError, match="attachments"):
        queue(message, name="ready")


def test_a_server_that_says_later_is_asked_again(
    postbox: Postbox, send_greeting: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    postbox.answers = [f"451 try later with <{ADDRESS}>"]
    send_greeting()
    assert postbox.attempts == 2
    assert postbox.only()["To"] == ADDRESS
    assert "not sent yet (attempt 1): SMTPDataError 451" in caplog.text
    assert ADDRESS not in caplog.text


def test_a_server_that_says_never_is_not_asked_again(
    postbox: Postbox, send_greeting: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    postbox.answers = [f"550 no such person as <{ADDRESS}>"] * 2
    send_greeting()
    assert postbox.attempts == 1
    assert "mail greeting <" in caplog.text
    assert "is given up: SMTPDataError 550" in caplog.text
    assert ADDRESS not in caplog.text
    assert "Hello Ada" not in caplog.text


def test_after_an_hour_of_later_a_mail_is_given_up(
    postbox: Postbox, send_greeting: Callable[..., None], caplog: pytest.LogCaptureFixture, settings: Any
) -> None:
    postbox.answers = ["451 later"] * 100
    send_greeting()
    assert postbox.attempts == len(RETRY_DELAYS) + 1
    assert "is given up: SMTPDataError 451" in caplog.text
    assert 60 * 60 <= sum(RETRY_DELAYS) <= 75 * 60
    # Or the broker would hand a waiting mail to a second worker.
    assert max(RETRY_DELAYS) < settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]


def test_a_mail_server_that_is_away_is_tried_again_too(
    send_greeting: Callable[..., None], caplog: pytest.LogCaptureFixture, settings: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    send_greeting()
    assert caplog.text.count("not sent yet") == len(RETRY_DELAYS)
    assert "is given up: ConnectionRefusedError 111" in caplog.text


def test_a_mail_waits_in_the_queue_and_nobody_waits_for_it(
    worker_elsewhere: None, postbox: Postbox, send_greeting: Callable[..., None]
) -> None:
    send_greeting()
    assert postbox.attempts == 0
    (waiting,) = counting_cache()._cache.get_client().lrange("celery", 0, -1)
    assert json.loads(waiting)["headers"]["task"] == "common.tasks.deliver_mail"


def test_what_waits_in_the_queue_says_nothing_to_whoever_reads_it(
    worker_elsewhere: None, postbox: Postbox, send_greeting: Callable[..., None]
) -> None:
    """Letters hold links that reset passwords and codes that sign people in."""
    # With a space, which nothing sealed has: chance alone wrote "Ada" into one letter of some hundred.
    send_greeting("Ada Lovelace")
    (waiting,) = counting_cache()._cache.get_client().lrange("celery", 0, -1)
    message = json.loads(waiting)
    (name, sealed), *_ = json.loads(base64.b64decode(message["body"]))
    assert name == "greeting"
    assert (message["headers"]["argsrepr"], message["headers"]["kwargsrepr"]) == ("…", "…")
    for clear in (ADDRESS, "Ada Lovelace", "/start/"):
        assert clear not in f"{message} {base64.b64decode(message['body']).decode()}"
    deliver_mail(name, sealed)
    assert postbox.only()["To"] == ADDRESS


def test_a_letter_whose_key_is_gone_is_given_up_and_its_kind_is_logged(
    postbox: Postbox, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    sealed = encrypt("mail", "{}")
    settings.SECRET_KEY = "another key " * 5
    deliver_mail("greeting", sealed)
    assert postbox.attempts == 0
    assert "mail greeting is given up: SECRET_KEY has changed" in caplog.text


@pytest.mark.parametrize("way", ["nobody listens", "nobody answers"])
def test_without_a_broker_a_mail_is_sent_at_once_and_soon(
    postbox: Postbox,
    send_greeting: Callable[..., None],
    caplog: pytest.LogCaptureFixture,
    way: str,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1] if way == "nobody answers" else 1
        with broker_away(f"redis://127.0.0.1:{port}/0"):
            began = time.monotonic()
            send_greeting()
            assert time.monotonic() - began < 3
    assert postbox.only()["To"] == ADDRESS
    assert "is sent without the queue" in caplog.text
    assert ADDRESS not in caplog.text


def test_without_broker_and_mail_server_the_loss_is_logged_and_nothing_fails(
    postbox: Postbox, send_greeting: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    postbox.answers = ["451 later"]
    with broker_away():
        send_greeting()
    assert postbox.taken == []
    assert "is given up: SMTPDataError 451" in caplog.text


def test_links_outside_a_request_name_our_site(settings: Any) -> None:
    settings.SITE_URL = "https://howtoai.example"
    assert absolute("/tutorials/?q=x") == "https://howtoai.example/tutorials/?q=x"
    assert absolute("//evil.example/") == "https://howtoai.example//evil.example/"
    with pytest.raises(ValueError, match="begin with a slash"):
        absolute("https://evil.example/")
