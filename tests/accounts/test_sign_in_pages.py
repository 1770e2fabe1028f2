"""Signing in, up and out on the website: the same rules, limits and records as at the API."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import LazySettings
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.core.cache import cache
from django.test import Client

from accounts.models import LoginHistory, Session, User
from tests.accounts.clients import get, log_in, post
from tests.factories import PASSWORD, TOTP_SECRET, make_user, totp_code

# Limits count by the minute, codes are good for half of one: in these tests neither ends in the middle.
STOPPED_CLOCK = pytest.mark.usefixtures("stopped_clock")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LOGIN = "/accounts/login/"
MEMBERS_PAGE = "/settings/sessions/"
Commits = Callable[..., Any]


@pytest.fixture
def stopped_clock() -> Iterator[None]:
    with time_machine.travel(time.time(), tick=False):
        yield


def sign_in(client: Client, email: str, password: str = PASSWORD, **more: Any) -> Any:
    return client.post(LOGIN, {"login": email, "password": password, **more})


def is_in(client: Client) -> bool:
    return client.get(MEMBERS_PAGE).status_code == 200


def sign_up(client: Client, **fields: str) -> Any:
    new = {"name": "Nell New", "email": "new@howtoai.example", "password1": PASSWORD}
    return client.post("/accounts/signup/", new | fields)


@pytest.mark.django_db(transaction=True)
def test_signing_up_signs_in_and_mails_a_link_that_confirms(client: Client) -> None:
    assert sign_up(client, email="New@HowToAI.example").status_code == 302
    assert is_in(client)
    person = User.objects.get(email="new@howtoai.example")
    assert (person.profile.handle, person.role, person.is_confirmed) == ("nell-new", "learner", False)
    (message,) = mail.outbox
    link = re.search(r"https?://\S+/accounts/confirm-email/\S+", str(message.body))
    assert link is not None
    path = "/" + link[0].split("/", 3)[3]
    stranger = Client()
    assert stranger.get(path).status_code == 200
    assert not User.objects.get(pk=person.pk).is_confirmed
    assert stranger.post(path).status_code == 302
    assert User.objects.get(pk=person.pk).is_confirmed
    assert [row.event for row in LoginHistory.objects.order_by("id")] == ["sign_up", "email_confirmed"]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("email", "learner@howtoai.example", "There is already an account with this e-mail address."),
        ("email", "lea\u212a@howtoai.example", "Use only plain letters"),
        ("password1", "short", "too short"),
        ("password1", "qwerty123456", "too common"),
        ("password1", "x" * 300, "up to 256 characters"),
        ("password1", "x" * 900_000, "up to 256 characters"),
        ("name", "Nell\u202eNew", "Use letters, digits and signs on one line."),
    ],
)
def test_bad_sign_ups_say_what_is_wrong(client: Client, learner: User, field: str, value: str, words: str) -> None:
    response = sign_up(client, **{field: value})
    assert response.status_code == 200
    assert words.replace("'", "&#x27;") in response.content.decode()
    assert User.objects.count() == 1
    assert not is_in(client)


@pytest.mark.parametrize(
    ("told", "kept"),
    [("Asia/Tokyo", "Asia/Tokyo"), ("", "UTC"), ("Mars/Olympus", "UTC"), ("x" * 900, "UTC")],
)
def test_days_are_counted_where_the_browser_of_a_new_person_is(client: Client, db: None, told: str, kept: str) -> None:
    assert sign_up(client, time_zone=told).status_code == 302
    assert User.objects.get(email="new@howtoai.example").profile.time_zone == kept


def test_signing_in_by_page_and_api_makes_one_kind_of_session(client: Client, learner: User) -> None:
    assert sign_in(client, "Learner@HowToAI.example").status_code == 302
    log_in(learner.email)
    assert sorted(Session.objects.values_list("door", flat=True)) == ["api", "page"]
    assert is_in(client)


def test_signing_out_ends_the_session(client: Client, learner: User) -> None:
    sign_in(client, learner.email)
    assert client.get("/accounts/logout/").status_code == 200
    assert is_in(client)
    client.post("/accounts/logout/")
    assert not is_in(client)
    assert Session.objects.get().end_reason == "logged_out"


def test_a_session_that_was_ended_elsewhere_opens_no_page(client: Client, learner: User) -> None:
    sign_in(client, learner.email)
    Session.objects.all().end("revoked")
    assert not is_in(client)
    assert client.get("/api/users/me").status_code == 401


def test_a_session_on_the_website_ends_after_a_week_without_use(client: Client, learner: User) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        sign_in(client, learner.email)
        for _ in range(4):
            clock.shift(timedelta(days=6))
            assert is_in(client)
        clock.shift(timedelta(days=6))
        assert not is_in(client)


@pytest.mark.parametrize("email", ["learner@howtoai.example", "nobody@howtoai.example"])
def test_the_unknown_and_the_mistyped_get_the_same_page(client: Client, learner: User, email: str) -> None:
    page = sign_in(client, email, "wrong horse battery staple").content.decode()
    assert "The e-mail address or the password is wrong." in page
    assert not is_in(client)


@pytest.mark.parametrize("email", ["learner@howtoai.example", "banned@howtoai.example", "nobody@howtoai.example"])
def test_every_refusal_costs_exactly_one_hash(learner: User, email: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Timing equality without a clock: the hash is what takes the time."""
    make_user(email="banned@howtoai.example", is_active=False)
    hashed = []
    encode = MD5PasswordHasher.encode

    def counted(self: MD5PasswordHasher, password: str, salt: str) -> str:
        hashed.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    post("login", {"email": email, "password": "wrong horse battery staple"})
    assert len(hashed) == 1


@pytest.mark.parametrize("path", ["/accounts/password/reset/", "/accounts/login/code/"])
def test_mail_for_signing_in_never_tells_who_has_an_account(
    learner: User, path: str, django_capture_on_commit_callbacks: Commits
) -> None:
    answers = set()
    for email, mails in ((learner.email, 1), ("nobody@howtoai.example", 0)):
        client = Client()
        with django_capture_on_commit_callbacks(execute=True):
            response = client.post(path, {"email": email})
        page = client.get(response["Location"]).content.decode()
        answers.add((response.status_code, response["Location"], re.sub(r"value=\"\S+\"|" + email, "", page)))
        assert len(mail.outbox) == mails
        mail.outbox.clear()
    assert len(answers) == 1


def test_a_mailed_code_signs_in(learner: User, django_capture_on_commit_callbacks: Commits) -> None:
    client = Client()
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/accounts/login/code/", {"email": learner.email})
    code = re.search(r"^\s*([A-Z0-9]{3,4}-?[A-Z0-9]{3,4})\s*$", str(mail.outbox[0].body), re.MULTILINE)
    assert code is not None, mail.outbox[0].body
    assert client.post("/accounts/login/code/confirm/", {"code": "WRONG1"}).status_code == 200
    assert not is_in(client)
    client.post("/accounts/login/code/confirm/", {"code": code[1]})
    assert is_in(client)
    assert LoginHistory.objects.filter(event="failure", reason="wrong code by mail").count() == 1


@STOPPED_CLOCK
def test_a_second_factor_is_asked_for_at_every_door(client: Client, learner: User) -> None:
    TOTP.activate(learner, TOTP_SECRET)
    response = sign_in(client, learner.email)
    assert response["Location"].startswith("/accounts/2fa/authenticate/")
    assert not is_in(client)
    assert client.post(response["Location"], {"code": "000000"}).status_code == 200
    client.post(response["Location"], {"code": totp_code()})
    assert is_in(client)
    without = post("login", {"email": learner.email, "password": PASSWORD})
    assert (without.status_code, without.json()["code"]) == (401, "second_factor_required")
    replayed = post("login", {"email": learner.email, "password": PASSWORD, "code": totp_code()})
    assert (replayed.status_code, replayed.json()["code"]) == (401, "second_factor_refused")
    events = set(LoginHistory.objects.values_list("event", flat=True))
    assert {"second_factor", "second_factor_failure"} <= events


def test_the_api_takes_a_code_and_a_recovery_code_once(learner: User) -> None:
    TOTP.activate(learner, TOTP_SECRET)
    spare = RecoveryCodes.activate(learner).get_unused_codes()[0]
    assert log_in(learner.email, code=totp_code())["user"]["id"] == learner.pk
    assert log_in(learner.email, code=spare)["user"]["id"] == learner.pk
    again = post("login", {"email": learner.email, "password": PASSWORD, "code": spare})
    assert (again.status_code, again.json()["code"]) == (401, "second_factor_refused")


def test_secrets_of_second_factors_are_stored_encrypted(learner: User) -> None:
    TOTP.activate(learner, TOTP_SECRET)
    assert TOTP_SECRET not in str(Authenticator.objects.get().data)


def test_guesses_at_a_second_factor_are_slowed_down(client: Client, learner: User) -> None:
    TOTP.activate(learner, TOTP_SECRET)
    location = sign_in(client, learner.email)["Location"]
    answers = [client.post(location, {"code": "000000"}).status_code for _ in range(8)]
    assert answers[-1] == 429
    with time_machine.travel(time.time() + 3600, tick=False):
        assert client.post(sign_in(client, learner.email)["Location"], {"code": totp_code()}).status_code == 302


def test_page_and_api_share_the_delay_after_failures(client: Client, learner: User) -> None:
    statuses = [sign_in(client, learner.email, "wrong").status_code for _ in range(4)]
    statuses += [post("login", {"email": learner.email, "password": "wrong"}).status_code for _ in range(4)]
    assert statuses[:4] == [200] * 4
    assert statuses[-1] == 429
    page = sign_in(client, learner.email)
    assert (page.status_code, int(page["Retry-After"]) >= 1) == (429, True)
    assert LoginHistory.objects.filter(event="limited").exists()


@STOPPED_CLOCK
def test_strangers_who_guess_do_not_lock_the_owner_out(client: Client, learner: User) -> None:
    sign_in(client, learner.email)
    client.post("/accounts/logout/")
    for _ in range(3):
        for number in range(100):
            sign_in(Client(REMOTE_ADDR=f"198.51.100.{number}"), learner.email, "wrong")
    # Now strangers have to wait, the right password or not; browsers of the owner's have not.
    assert sign_in(Client(REMOTE_ADDR="203.0.113.7"), learner.email).status_code == 429
    assert sign_in(client, learner.email).status_code == 302
    assert is_in(client)


def test_one_network_that_guesses_delays_itself_and_nobody_else(learner: User) -> None:
    for _ in range(12):
        sign_in(Client(REMOTE_ADDR="198.51.100.1"), learner.email, "wrong")
    assert sign_in(Client(REMOTE_ADDR="198.51.100.1"), learner.email).status_code == 429
    assert sign_in(Client(REMOTE_ADDR="203.0.113.7"), learner.email).status_code == 302


def test_the_old_password_is_guessed_no_faster_where_it_is_changed(client: Client, learner: User) -> None:
    sign_in(client, learner.email)
    statuses = [
        client.post("/accounts/password/change/", {"oldpassword": "x", "password1": "y", "password2": "y"}).status_code
        for _ in range(8)
    ]
    assert (statuses[0], statuses[-1]) == (200, 429)
    assert LoginHistory.objects.filter(event="failure").count() >= 5


@STOPPED_CLOCK
def test_nobody_is_flooded_with_mail(learner: User, django_capture_on_commit_callbacks: Commits) -> None:
    for number in range(30):
        visitor = Client(REMOTE_ADDR=f"198.51.100.{number}")
        with django_capture_on_commit_callbacks(execute=True):
            assert visitor.post("/accounts/password/reset/", {"email": learner.email}).status_code == 302
    assert len(mail.outbox) == 20


def test_a_password_that_changes_in_the_middle_of_signing_in_stops_it(client: Client, learner: User) -> None:
    TOTP.activate(learner, TOTP_SECRET)
    location = sign_in(client, learner.email)["Location"]
    learner.set_password("a wholly different horse")
    learner.save()
    response = client.post(location, {"code": totp_code()}, follow=True)
    assert b"was changed while you signed in" in response.content
    assert not is_in(client)


@STOPPED_CLOCK
def test_a_forged_address_does_not_get_round_the_limit_of_a_network(learner: User) -> None:
    cache.clear()
    statuses = [
        Client(HTTP_X_FORWARDED_FOR=f"203.0.113.{number}")
        .post(LOGIN, {"login": f"nobody-{number}@howtoai.example", "password": "x"})
        .status_code
        for number in range(40)
    ]
    assert statuses[-1] == 429


@STOPPED_CLOCK
def test_signing_up_is_limited(db: None) -> None:
    statuses = [sign_up(Client(), email="learner").status_code for _ in range(25)]
    assert (statuses[0], statuses[-1]) == (200, 429)
    assert post("signup", {"email": "a@howtoai.example", "password": PASSWORD}).status_code == 429


@pytest.mark.django_db(transaction=True)
def test_a_new_device_is_told_by_mail_and_a_known_one_is_not(client: Client, learner: User) -> None:
    sign_in(client, learner.email)
    assert [message.subject for message in mail.outbox] == ["New sign-in to your account: Unknown device"]
    client.post("/accounts/logout/")
    sign_in(client, learner.email)
    assert len(mail.outbox) == 1
    sign_in(Client(HTTP_USER_AGENT="curl/8.5.0", REMOTE_ADDR="198.51.100.9"), learner.email)
    assert "curl" in mail.outbox[1].subject
    assert "198.51.100.9" in mail.outbox[1].body


def change_password(client: Client, new: str) -> Any:
    return client.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})


def test_a_new_password_ends_every_other_session(client: Client, learner: User) -> None:
    access, other = log_in(learner.email)["access"], Client()
    sign_in(client, learner.email)
    sign_in(other, learner.email)
    assert change_password(client, "a wholly different horse").status_code == 302
    assert is_in(client)
    assert not is_in(other)
    assert get("/api/users/me", access).status_code == 401
    assert LoginHistory.objects.filter(event="password_change").count() == 1


def test_a_reset_by_mail_ends_every_session(learner: User, django_capture_on_commit_callbacks: Commits) -> None:
    access, client = log_in(learner.email)["access"], Client()
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/accounts/password/reset/", {"email": learner.email})
    link = re.search(r"https?://\S+/accounts/password/reset/key/\S+", str(mail.outbox[0].body))
    assert link is not None
    page = client.get("/" + link[0].split("/", 3)[3])
    new = "a wholly different horse"
    assert client.post(page["Location"], {"password1": new, "password2": new}).status_code == 302
    assert get("/api/users/me", access).status_code == 401
    assert log_in(learner.email, new)["user"]["id"] == learner.pk
    again = Client().get("/" + link[0].split("/", 3)[3])
    assert again.status_code == 200


def ask_for_another_address(client: Client, commits: Commits, email: str) -> str:
    """The path of the link that was mailed there."""
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    mail.outbox.clear()
    with commits(execute=True):
        response = client.post("/accounts/email/", {"email": email, "action_add": ""})
    assert response.status_code == 302, response.content
    link = re.search(r"/settings/email/\S+", next(str(m.body) for m in mail.outbox if m.to == [email]))
    assert link is not None
    return link[0]


def test_an_address_changes_only_when_the_new_one_is_confirmed(
    client: Client, learner: User, django_capture_on_commit_callbacks: Commits
) -> None:
    sign_in(client, learner.email)
    path = ask_for_another_address(client, django_capture_on_commit_callbacks, "other@howtoai.example")
    assert ["learner@howtoai.example"] in [message.to for message in mail.outbox]
    assert client.get(path).status_code == 200
    assert User.objects.get(pk=learner.pk).email == "learner@howtoai.example"
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        Client().post(path)
    person = User.objects.get(pk=learner.pk)
    assert (person.email, person.is_confirmed) == ("other@howtoai.example", True)
    assert list(EmailAddress.objects.values_list("email", "primary")) == [("other@howtoai.example", True)]
    assert [message.to for message in mail.outbox] == [["learner@howtoai.example"]]
    assert LoginHistory.objects.filter(event="email_change").count() == 1
    assert Client().get(path).status_code == 404


@pytest.mark.parametrize("debug", [False, True])
def test_a_link_that_is_good_no_more_says_so(client: Client, db: None, settings: LazySettings, debug: bool) -> None:
    settings.DEBUG = debug
    for response in (client.get("/settings/email/nonsense/"), client.post("/settings/email/nonsense/")):
        assert response.status_code == 404
        assert b"This link no longer works" in response.content


def test_a_new_password_takes_back_a_change_that_waits(
    client: Client, learner: User, django_capture_on_commit_callbacks: Commits
) -> None:
    sign_in(client, learner.email)
    path = ask_for_another_address(client, django_capture_on_commit_callbacks, "thief@howtoai.example")
    learner.set_password("a wholly different horse")
    learner.save()
    assert Client().post(path).status_code == 404
    assert User.objects.get(pk=learner.pk).email == "learner@howtoai.example"


def test_an_address_that_waits_is_nobodys(
    client: Client, learner: User, django_capture_on_commit_callbacks: Commits
) -> None:
    sign_in(client, learner.email)
    path = ask_for_another_address(client, django_capture_on_commit_callbacks, "new@howtoai.example")
    newcomer = Client()
    assert sign_up(newcomer).status_code == 302
    assert is_in(newcomer)
    response = client.post(path, follow=True)
    assert b"There is already an account with this e-mail address." in response.content
    assert User.objects.get(pk=learner.pk).email == "learner@howtoai.example"


def test_whoever_mistyped_the_address_at_sign_up_corrects_it(
    client: Client, db: None, django_capture_on_commit_callbacks: Commits
) -> None:
    sign_up(client, email="mistyped@howtoai.example")
    path = ask_for_another_address(client, django_capture_on_commit_callbacks, "new@howtoai.example")
    assert User.objects.get().email == "mistyped@howtoai.example"
    client.post(path)
    assert (User.objects.get().email, User.objects.get().is_confirmed) == ("new@howtoai.example", True)


@pytest.mark.parametrize(
    ("email", "words"),
    [
        ("learner@howtoai.example", "This is your address already."),
        ("stranger@howtoai.example", "There is already an account with this e-mail address."),
        ("lea\u212a@howtoai.example", "Use only plain letters"),
        ("nothing", "Enter a valid email address."),
    ],
)
def test_a_bad_new_address_is_refused(client: Client, learner: User, stranger: User, email: str, words: str) -> None:
    sign_in(client, learner.email)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    response = client.post("/accounts/email/", {"email": email, "action_add": ""})
    assert words in response.content.decode()


def test_the_owner_of_an_address_gets_an_account_without_strangers_in_it(
    client: Client, db: None, django_capture_on_commit_callbacks: Commits
) -> None:
    """Somebody makes an account with the address; then its owner signs in by a code that is mailed there."""
    sign_up(client)
    owner = Client()
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        owner.post("/accounts/login/code/", {"email": "new@howtoai.example"})
    code = re.search(r"^\s*([A-Z0-9]{3,4}-?[A-Z0-9]{3,4})\s*$", str(mail.outbox[0].body), re.MULTILINE)
    assert code is not None
    owner.post("/accounts/login/code/confirm/", {"code": code[1]})
    assert is_in(owner)
    assert not is_in(client)
    assert sign_in(Client(), "new@howtoai.example").status_code == 200
    assert not User.objects.get().has_usable_password()


def test_a_reset_by_the_owner_leaves_nothing_of_strangers(
    client: Client, db: None, django_capture_on_commit_callbacks: Commits
) -> None:
    sign_up(client)
    TOTP.activate(User.objects.get(), TOTP_SECRET)
    mail.outbox.clear()
    owner, new = Client(), "a wholly different horse"
    with django_capture_on_commit_callbacks(execute=True):
        owner.post("/accounts/password/reset/", {"email": "new@howtoai.example"})
    link = re.search(r"/accounts/password/reset/key/\S+", str(mail.outbox[0].body))
    assert link is not None
    owner.post(owner.get(link[0])["Location"], {"password1": new, "password2": new})
    assert not is_in(client)
    assert log_in("new@howtoai.example", new)["user"]["email_confirmed"] is True


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "http:evil.example"],
)
def test_nobody_is_sent_elsewhere_after_signing_in(client: Client, learner: User, target: str) -> None:
    assert sign_in(client, learner.email, next=target)["Location"] == "/"


def test_one_comes_back_to_where_one_was(client: Client, learner: User) -> None:
    page = client.get("/settings/history/")
    assert page["Location"] == "/accounts/login/?next=/settings/history/"
    assert client.post(page["Location"], {"login": learner.email, "password": PASSWORD})["Location"] == (
        "/settings/history/"
    )


def test_whose_session_was_over_when_a_form_was_sent_comes_back_to_the_form(client: Client, db: None) -> None:
    def sent_from(page: str) -> str:
        return str(client.post("/settings/profile/picture/", headers={"Referer": page})["Location"])

    assert sent_from("http://testserver/settings/profile/") == "/accounts/login/?next=/settings/profile/"
    assert sent_from("https://evil.example/settings/profile/") == "/accounts/login/?next=/"
    assert sent_from("") == "/accounts/login/?next=/"


def test_the_address_of_a_form_says_that_it_is_none_of_a_page(client: Client, learner: User) -> None:
    client.force_login(learner)
    response = client.get("/settings/profile/picture/")
    assert (response.status_code, response["Allow"]) == (405, "POST")
    assert b"Go back to the page with the form." in response.content


def test_a_forged_host_is_refused(client: Client, learner: User) -> None:
    response = client.post("/accounts/password/reset/", {"email": learner.email}, headers={"host": "evil.example"})
    assert response.status_code == 400
    assert mail.outbox == []


def test_hashes_are_brought_up_to_a_higher_cost_in_silence(learner: User, settings: LazySettings) -> None:
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]
    access = log_in(learner.email)["access"]
    body = log_in(learner.email)
    assert User.objects.get(pk=learner.pk).password.startswith("pbkdf2_")
    assert get("/api/users/me", access).status_code == get("/api/users/me", body["access"]).status_code == 200


def test_the_shipped_hasher_is_bcrypt_after_sha_256() -> None:
    from config import settings as shipped

    assert shipped.PASSWORD_HASHERS[0] == "django.contrib.auth.hashers.BCryptSHA256PasswordHasher"


def test_forms_are_refused_without_a_csrf_token(learner: User) -> None:
    client = Client(enforce_csrf_checks=True)
    assert sign_in(client, learner.email).status_code == 403
    assert not is_in(client)
