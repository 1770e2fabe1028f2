"""The mails of signing in and of security: every one of allauth's in our words, as text and as HTML."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import allauth
import pytest
from allauth.account.adapter import get_adapter
from django.core.mail import EmailMultiAlternatives

from accounts.models import User
from config.env import BASE_DIR
from tests.factories import make_user

THEIRS = Path(allauth.__file__).parent / "templates"
OURS = BASE_DIR / "templates"
# Mails of ways that are switched off in the settings, and what only others extend.
NEVER_SENT = {
    "account/email/base",
    # The way to change an address is ours, and the first link is the one of signing up.
    "account/email/email_changed",
    "account/email/email_confirmation",
    "account/email/email_deleted",
    "account/email/email_confirm",
    "account/email/password_reset_code",
    "account/email/unknown_account",
}
MAILS = sorted(
    {
        str(path.relative_to(THEIRS)).removesuffix("_message.txt")
        for app in ("account", "mfa", "socialaccount")
        for path in (THEIRS / app / "email").glob("*_message.txt")
    }
    - NEVER_SENT
)


def test_there_are_mails_to_look_at() -> None:
    assert len(MAILS) > 12


@pytest.fixture
def person(db: None) -> User:
    return make_user(name="O'Brien <b>&</b> Sons")


@pytest.mark.parametrize("name", MAILS)
def test_every_mail_is_ours_in_text_and_html(name: str, person: User) -> None:
    for part in ("_subject.txt", "_message.txt", "_message.html"):
        assert (OURS / f"{name}{part}").exists(), part
    letter = render(name, person)
    text, html = str(letter.body), str(letter.alternatives[0][0])
    assert letter.subject
    for part in (str(letter.subject), text, html.replace("<!DOCTYPE", "")):
        assert "!" not in part
        assert "{{" not in part
        assert "None" not in part
        assert "example.com" not in part
    assert "<html" in html
    assert text.count("https://ours.example") >= 1


@pytest.mark.parametrize("name", MAILS)
def test_names_are_escaped_in_html_and_only_there(name: str, person: User) -> None:
    letter = render(name, person)
    text, html = str(letter.body), str(letter.alternatives[0][0])
    assert "<b>" not in html.replace("<body", "")
    assert "&#x27;" not in text
    assert "&amp;" not in text
    if "Hello O" in text:
        assert text.startswith("Hello O'Brien,")
        assert "Hello O&#x27;Brien," in html


def render(name: str, person: User) -> EmailMultiAlternatives:
    """A mail with everything that any of them is given."""
    facts = {
        "site_name": "How-to-AI",
        "site_url": "https://ours.example",
        "email": person.email,
        "user": person,
        "device": "Firefox on Linux",
        "address": "203.0.113.7",
        "activate_url": "https://ours.example/accounts/confirm-email/key/",
        "password_reset_url": "https://ours.example/accounts/password/reset/key/1-2/",
        "code": "ABCD-EFGH",
        "from_email": "old@howtoai.example",
        "to_email": "new@howtoai.example",
        "deleted_email": "old@howtoai.example",
        "provider": SimpleNamespace(name="GitHub"),
    }
    letter = get_adapter().render_mail(name, person.email, facts)
    assert isinstance(letter, EmailMultiAlternatives)
    return letter
