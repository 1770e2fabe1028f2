"""In development mail is read at /dev/mail/; nowhere else is there such a page."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives, get_connection
from django.test import Client
from django.urls import include, path

from config import urls
from config.env import BASE_DIR

handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500
urlpatterns = [path("dev/", include("ops.urls")), *urls.urlpatterns]

LINK = "http://localhost:8000/accounts/confirm/a-b-c/"


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path, db: None) -> Path:
    """Where mails are kept; not there before the first."""
    settings.ROOT_URLCONF = __name__
    settings.MAIL_FOLDER = settings.EMAIL_FILE_PATH = tmp_path / "mail"
    return tmp_path / "mail"


def keep(folder: Path, name: str, *subjects: str) -> Path:
    """Keep mails with these subjects in one file, as a worker does."""
    before = set(folder.glob("*"))
    connection = get_connection("django.core.mail.backends.filebased.EmailBackend")
    connection.send_messages([make_mail(subject) for subject in subjects])
    # The backend's own names may be the same twice in a second.
    (file,) = set(folder.glob("*")) - before
    return file.rename(folder / name)


def make_mail(subject: str) -> EmailMultiAlternatives:
    message = EmailMultiAlternatives(
        subject, f"<b>Grüße</b>\n\nConfirm: {LINK}\n", "How-to-AI <hello@howtoai.example>", ["ada@howtoai.example"]
    )
    message.attach_alternative("<!DOCTYPE html><style>p {color: red}</style><p>Grüße</p>", "text/html")
    return message


def show(address: str) -> str:
    response = Client().get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_without_mail_the_page_says_how_to_get_some(folder: Path) -> None:
    assert "No mail yet" in show("/dev/mail/")
    folder.mkdir()
    assert "No mail yet" in show("/dev/mail/")


def test_the_newest_mail_stands_first(folder: Path) -> None:
    # A file system may not tell apart what was written within one tick of its clock.
    os.utime(keep(folder, "b.log", "One", "Two"), (1_000, 1_000))
    os.utime(keep(folder, "a.log", "Three"), (2_000, 2_000))
    page = show("/dev/mail/")
    assert page.index("Three") < page.index("Two") < page.index("One")
    assert "To ada@howtoai.example" in page


def test_a_mail_shows_its_heads_its_text_with_links_and_its_html_in_a_frame(folder: Path) -> None:
    keep(folder, "a.log", "Other", "Grüße & <mehr>")
    page = show("/dev/mail/a.log/1/")
    assert "<h1>Grüße &amp; &lt;mehr&gt;</h1>" in page
    assert "How-to-AI &lt;hello@howtoai.example&gt;" in page
    assert "ada@howtoai.example" in page
    assert "&lt;b&gt;Grüße&lt;/b&gt;" in page
    assert f'<a href="{LINK}" rel="nofollow">{LINK}</a>' in page
    assert 'src="/dev/mail/a.log/1/html/"' in page
    assert "<p>Grüße</p>" not in page


def test_the_html_part_may_do_nothing_but_look_like_itself(folder: Path) -> None:
    keep(folder, "a.log", "One")
    response = Client().get("/dev/mail/a.log/0/html/")
    assert "<p>Grüße</p>" in response.content.decode()
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    policy = {part.strip() for part in response["Content-Security-Policy"].split(";")}
    assert policy == {
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
        "sandbox",
    }
    assert "frame-src 'self'" in Client().get("/dev/mail/a.log/0/")["Content-Security-Policy"]


def test_what_is_still_being_written_is_not_shown_yet(folder: Path) -> None:
    file = keep(folder, "a.log", "One", "Two")
    whole = file.read_bytes()
    for length in range(0, len(whole), 61):
        file.write_bytes(whole[:length])
        page = show("/dev/mail/")
        assert ("One" in page, "Two" in page) == (whole[:length].count(b"-" * 79 + b"\n") > 0, False)


def test_other_files_do_no_harm(folder: Path) -> None:
    keep(folder, "a.log", "One")
    (folder / "noise.log").write_bytes(os.urandom(5_000))
    (folder / "empty.log").touch()
    (folder / "folder.log").mkdir()
    (folder / "bare.log").write_bytes(b"no heads at all\n" + b"-" * 79 + b"\n")
    (folder / "notes.txt").write_text("not mail")
    page = show("/dev/mail/")
    assert "One" in page
    assert "(no subject)" in page
    assert Client().get("/dev/mail/bare.log/0/").status_code == 200
    assert "/dev/mail/a.log/0/" in page


@pytest.mark.parametrize(
    "address",
    [
        "/dev/mail/unknown.log/0/",
        "/dev/mail/a.log/1/",
        "/dev/mail/a.log/99999999999999999999/html/",
        "/dev/mail/a.log/-1/",
        "/dev/mail/../secret.log/0/",
        "/dev/mail/..%2Fsecret.log/0/",
        "/dev/mail/%2e%2e%2fsecret.log/0/html/",
        "/dev/mail/.%5Ca.log/0/",
        "/dev/mail/secret.txt/0/",
    ],
)
def test_no_name_leads_out_of_the_folder_or_to_a_fault(folder: Path, address: str) -> None:
    keep(folder, "a.log", "One")
    for secret in (folder.parent / "secret.log", folder / "secret.txt"):
        secret.write_bytes(b"Subject: secret\n\nsecret\n" + b"-" * 79 + b"\n")
    assert Client().get(address).status_code == 404


@pytest.mark.parametrize(("debug", "found"), [("true", "ops:mails"), ("false", "None")])
def test_only_development_has_the_page(debug: str, found: str) -> None:
    ask = """
import django
django.setup()
from django.urls import Resolver404, resolve
try:
    print(resolve("/dev/mail/").view_name)
except Resolver404:
    print(None)
"""
    done = subprocess.run(
        [sys.executable, "-c", ask],
        cwd=BASE_DIR,
        env=os.environ | {"DEBUG": debug, "DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == found, done.stderr
