"""Whoever proved who they are a while ago proves it again before address or second factors change."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY, TOTP
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.test import Client

from accounts.models import LoginHistory, User
from tests.factories import PASSWORD, TOTP_SECRET, totp_code

MINUTE = 60
ACTIVATE, DEACTIVATE = "/accounts/2fa/totp/activate/", "/accounts/2fa/totp/deactivate/"
NEW = "another@howtoai.example"
Commits = Callable[..., Any]


@pytest.fixture
def client(learner: User) -> Client:
    """The learner's browser, in which the password was said a moment ago."""
    client = Client()
    client.force_login(learner)
    assert prove(client).status_code == 302
    return client


def prove(client: Client) -> Any:
    return client.post("/accounts/reauthenticate/", {"password": PASSWORD})


@contextmanager
def six_minutes_later() -> Iterator[None]:
    with time_machine.travel(time.time() + 6 * MINUTE):
        yield


def must_prove(answer: Any) -> bool:
    return answer.status_code == 302 and "reauthenticate/" in answer["Location"]


def factors(person: User) -> list[tuple[str, dict[str, Any]]]:
    return list(Authenticator.objects.filter(user=person).order_by("pk").values_list("type", "data"))


def mails_after(client: Client, commits: Commits) -> tuple[Any, list[Any]]:
    mail.outbox.clear()
    with commits(execute=True):
        answer = client.post("/accounts/email/", {"email": NEW, "action_add": ""})
    return answer, mail.outbox


def test_a_stale_session_does_not_change_the_address(
    client: Client, learner: User, django_capture_on_commit_callbacks: Commits
) -> None:
    with six_minutes_later():
        answer, mails = mails_after(client, django_capture_on_commit_callbacks)
        assert must_prove(answer)
        assert mails == []
    learner.refresh_from_db()
    assert learner.email == "learner@howtoai.example"
    answer, mails = mails_after(client, django_capture_on_commit_callbacks)
    assert not must_prove(answer)
    assert [NEW] in [each.to for each in mails]


def test_a_stale_session_adds_no_second_factor(client: Client, learner: User) -> None:
    client.get(ACTIVATE)
    session = client.session
    session[SECRET_SESSION_KEY] = TOTP_SECRET
    session.save()
    with six_minutes_later():
        assert must_prove(client.get(ACTIVATE))
        assert must_prove(client.post(ACTIVATE, {"code": totp_code()}))
        assert must_prove(client.post("/accounts/2fa/webauthn/add/", {"name": "key", "credential": "{}"}))
    assert factors(learner) == []
    assert not must_prove(client.post(ACTIVATE, {"code": totp_code()}))
    assert [kind for kind, _ in factors(learner)] == ["totp", "recovery_codes"]


def test_a_stale_session_removes_no_second_factor(client: Client, learner: User) -> None:
    TOTP.activate(learner, TOTP_SECRET)
    RecoveryCodes.activate(learner)
    passkey = Authenticator.objects.create(user=learner, type="webauthn", data={"name": "key", "credential": {}})
    before, recorded = factors(learner), LoginHistory.objects.count()
    removal = f"/accounts/2fa/webauthn/keys/{passkey.pk}/remove/"
    with six_minutes_later():
        for address in (DEACTIVATE, removal, "/accounts/2fa/recovery-codes/generate/"):
            assert must_prove(client.post(address)), address
    assert factors(learner) == before
    assert LoginHistory.objects.count() == recorded
    assert not must_prove(client.post(DEACTIVATE))
    assert "totp" not in [kind for kind, _ in factors(learner)]


def test_who_proves_it_again_goes_on(client: Client, learner: User) -> None:
    TOTP.activate(learner, TOTP_SECRET)
    with six_minutes_later():
        assert must_prove(client.post(DEACTIVATE))
        assert client.post("/accounts/reauthenticate/", {"password": "wrong"}).status_code == 200
        assert must_prove(client.post(DEACTIVATE))
        assert prove(client).status_code == 302
        assert not must_prove(client.post(DEACTIVATE))
    assert factors(learner) == []


def test_a_stale_session_removes_no_account_elsewhere(client: Client, learner: User) -> None:
    account = SocialAccount.objects.create(user=learner, provider="github", uid="7")
    with six_minutes_later():
        assert must_prove(client.post("/accounts/3rdparty/", {"account": account.pk}))
    assert SocialAccount.objects.filter(user=learner).exists()
    assert client.post("/accounts/3rdparty/", {"account": account.pk})["Location"] == "/accounts/3rdparty/"
    assert not SocialAccount.objects.filter(user=learner).exists()
