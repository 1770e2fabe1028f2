"""The pages of signing in and of security: what stands on them, for whom, and in whose words."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client

from accounts.models import User
from config.env import BASE_DIR
from tests.factories import PASSWORD, TOTP_SECRET, make_user

OPEN = [
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/login/code/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/key/1-2-3/",
    "/accounts/password/reset/key/done/",
    "/accounts/confirm-email/",
    "/accounts/confirm-email/nothing/",
    "/accounts/inactive/",
    "/accounts/google/login/",
    "/accounts/github/login/",
    "/accounts/3rdparty/login/cancelled/",
]
CLOSED = [
    "/accounts/logout/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/reauthenticate/",
    "/accounts/3rdparty/",
    "/accounts/3rdparty/login/error/",
    "/accounts/2fa/",
    "/accounts/2fa/reauthenticate/",
    "/accounts/2fa/totp/deactivate/",
    "/accounts/2fa/recovery-codes/",
    "/accounts/2fa/recovery-codes/generate/",
    "/accounts/2fa/webauthn/",
    "/accounts/2fa/webauthn/add/",
]


def prove(client: Client) -> None:
    """Sign in once more, so that pages of risky changes open."""
    response = client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert response.status_code == 302


@pytest.fixture
def member(client: Client, learner: User) -> Client:
    client.force_login(learner)
    prove(client)
    return client


@pytest.fixture
def protected(client: Client, learner: User) -> Client:
    """A member with a second factor and recovery codes."""
    TOTP.activate(learner, TOTP_SECRET)
    RecoveryCodes.activate(learner)
    client.force_login(learner)
    prove(client)
    return client


def text_of(response: Any) -> str:
    content: str = response.content.decode()
    return content


@pytest.mark.parametrize("address", OPEN)
def test_open_pages_are_ours(visitor: Client, address: str) -> None:
    assert_ours(visitor.get(address))


@pytest.mark.parametrize("address", CLOSED)
def test_closed_pages_are_ours(protected: Client, address: str) -> None:
    assert_ours(protected.get(address))


def test_pages_of_setting_up_are_ours(member: Client) -> None:
    assert_ours(member.get("/accounts/2fa/totp/activate/"))


def assert_ours(response: Any) -> None:
    """One heading, a title, nothing inline that the policy would block, no template of allauth's."""
    html = text_of(response)
    assert html.count("<h1") == 1
    assert not re.search(r"<title>\s*(Learn to use AI\b|\W)", html)
    assert not re.search(r'<script(?![^>]*\s(src=|type="application/json"))', html)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", html)
    assert "!" not in re.sub(r"<!DOCTYPE|<script.*?</script>", "", html)
    used = [Path(template.origin.name) for template in response.templates if template.origin]
    assert [path for path in used if "allauth" in path.parts and BASE_DIR / "templates" not in path.parents] == []


def test_sign_in_offers_every_way(visitor: Client) -> None:
    html = text_of(visitor.get("/accounts/login/"))
    for way in ("Sign in with a passkey", "Mail me a code", "Continue with Google", "Continue with GitHub"):
        assert way in html


def test_providers_without_keys_are_not_offered(visitor: Client, settings: Any) -> None:
    settings.SOCIALACCOUNT_PROVIDERS = {}
    assert "Continue with" not in text_of(visitor.get("/accounts/login/"))


def test_the_page_to_go_on_to_survives_between_sign_in_and_sign_up(visitor: Client, learner: User) -> None:
    for first, other in (("login", "signup"), ("signup", "login"), ("login", "login/code"), ("login/code", "login")):
        html = text_of(visitor.get(f"/accounts/{first}/?next=/tutorials/%3Fq%3Dx"))
        assert f'href="/accounts/{other}/?next=%2Ftutorials%2F%3Fq%3Dx"' in html
    answer = {"login": learner.email, "password": PASSWORD, "next": "/tutorials/?q=x"}
    assert visitor.post("/accounts/login/", answer)["Location"] == "/tutorials/?q=x"


def test_visitors_are_led_back_to_the_page_that_they_read(visitor: Client) -> None:
    assert 'href="/accounts/login/?next=%2Ftutorials%2F%3Fq%3Dx"' in text_of(visitor.get("/tutorials/?q=x"))
    assert 'href="/accounts/login/"' in text_of(visitor.get("/"))
    assert 'href="/accounts/login/"' in text_of(visitor.get("/nothing/"))


def test_members_have_a_menu_and_visitors_none(visitor: Client, member: Client, learner: User) -> None:
    html = text_of(member.get("/"))
    assert learner.email in html
    assert 'action="/accounts/logout/" method="post"' in html
    html = text_of(visitor.get("/"))
    assert "Sign up" in html
    assert "csrfmiddlewaretoken" not in html


def test_an_unconfirmed_address_is_a_line_on_every_page_with_a_button(
    client: Client, db: None, mailoutbox: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    user = make_user(confirmed=False)
    client.force_login(user)
    line = f"Confirm your e-mail address: open the link that we have mailed to {user.email}."
    assert line in text_of(client.get("/tutorials/"))
    with django_capture_on_commit_callbacks(execute=True):
        response = client.post("/accounts/email/", {"email": user.email, "action_send": "yes"}, follow=True)
    assert f"We have mailed a link to {user.email}." in text_of(response)
    assert [letter.to for letter in mailoutbox] == [[user.email]]
    assert line not in text_of(response), "the page itself says it"


def test_a_confirmed_member_sees_no_such_line(member: Client) -> None:
    assert "Confirm your e-mail address" not in text_of(member.get("/tutorials/"))


def test_a_refused_sign_in_is_said_once_above_the_fields(visitor: Client, learner: User) -> None:
    html = text_of(visitor.post("/accounts/login/", {"login": learner.email, "password": "wrong"}))
    assert html.count("The e-mail address or the password is wrong.") == 1
    assert re.search(r'role="alert" tabindex="-1" autofocus', html)


def test_the_key_of_an_app_is_a_drawing_and_groups_of_four(member: Client) -> None:
    html = text_of(member.get("/accounts/2fa/totp/activate/"))
    assert "data:image" not in html
    assert re.search(r'role="img"[^>]*>.*?<svg', html, re.DOTALL)
    assert "".join(re.findall(r"<span>([A-Z2-7]{4})</span>", html)) in html


def test_recovery_codes_are_shown_and_downloaded(protected: Client, learner: User) -> None:
    html = text_of(protected.get("/accounts/2fa/recovery-codes/"))
    codes = re.findall(r"<li>(\d{8})</li>", html)
    assert len(codes) == 10
    file = text_of(protected.get("/accounts/2fa/recovery-codes/download/"))
    assert file.splitlines()[0] == f"Recovery codes of {learner.email} at How-to-AI"
    assert [line for line in file.splitlines() if line.isdigit()] == codes


def test_passkeys_and_codes_are_asked_for_only_where_there_are_any(visitor: Client, learner: User) -> None:
    TOTP.activate(learner, TOTP_SECRET)
    response = visitor.post("/accounts/login/", {"login": learner.email, "password": PASSWORD}, follow=True)
    html = text_of(response)
    assert "One more step" in html
    assert "Use a passkey" not in html


def test_a_password_is_not_sent_back_to_the_page(visitor: Client) -> None:
    html = text_of(visitor.post("/accounts/signup/", {"email": "x", "password1": "my very own secret"}))
    assert "my very own secret" not in html
