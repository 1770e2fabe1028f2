"""Erasing an account: asked for, thought over, done; and nothing of the person is left."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.contrib.admin.models import LogEntry
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import ApiKey, BrowserSession, ErasureReceipt, LoginHistory, Profile, Session, User
from accounts.models.history import Event
from accounts.models.sessions import Door
from accounts.personal_data import Holding, holdings
from accounts.personal_data.registry import registered
from accounts.services import erasure, sessions
from accounts.services.people import LAST_ADMINISTRATOR
from accounts.visits import Visit
from common.limits import Limited
from tests.accounts.clients import get, log_in, refresh
from tests.accounts.planting import ADDRESS, MARK, NETWORK_ADDRESS, plant
from tests.clients import signed_in
from tests.factories import PASSWORD, make_user
from tutorials.models import Tutorial

VISIT = Visit(door=Door.PAGE, address="192.0.2.1", device="Firefox on Linux")
LATER = erasure.GRACE + timedelta(minutes=1)


def ask(user: User, **more: Any) -> datetime:
    return erasure.ask(user=user, visit=VISIT, **{"password": PASSWORD} | more)


def erase_later(user: User) -> None:
    """Have somebody erased who asked long enough ago."""
    ask(user)
    User.objects.filter(pk=user.pk).update(erase_after=timezone.now())
    call_command("erase_accounts", verbosity=0)


# -- Asking -------------------------------------------------------------------------------------


def test_asking_sets_a_date_in_two_weeks_and_tells_the_person(
    learner: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        erase_after = ask(learner)
    learner.refresh_from_db()
    assert learner.erase_after == erase_after
    assert abs(erase_after - timezone.now() - timedelta(days=14)) < timedelta(minutes=1)
    assert LoginHistory.objects.filter(user=learner, event=Event.ERASURE_ASKED).exists()
    [letter] = mail.outbox
    assert letter.to == [learner.email]
    assert f"{erase_after:%B %Y}" in letter.subject
    assert "Keep my account" in letter.body
    assert "/settings/data/" in letter.body


def test_asking_ends_every_session_and_key_and_hides_the_profile(learner: User) -> None:
    program = log_in(learner.email)
    ApiKey.objects.create(user=learner, name="k", prefix="abc", hash=b"x", scopes=["read"])
    ask(learner)
    assert get("/api/users/me", program["access"]).status_code == 401
    assert refresh(program["refresh"]).status_code == 401
    assert not ApiKey.objects.alive().exists()
    assert not Profile.objects.public().filter(user=learner).exists()


def test_asking_again_does_not_move_the_date(learner: User) -> None:
    first = ask(learner)
    with time_machine.travel(timezone.now() + timedelta(days=3)):
        assert ask(learner) == first
    assert LoginHistory.objects.filter(event=Event.ERASURE_ASKED).count() == 1


def test_the_wrong_password_is_refused_and_recorded(learner: User) -> None:
    with pytest.raises(ValidationError) as refusal:
        ask(learner, password="wrong horse")
    assert refusal.value.message_dict == {"password": ["The password is wrong."]}
    learner.refresh_from_db()
    assert learner.erase_after is None
    assert LoginHistory.objects.get(user=learner).event == Event.FAILURE


def test_guessing_the_password_is_slowed_down(learner: User) -> None:
    for _ in range(6):
        with pytest.raises(ValidationError):
            ask(learner, password="wrong horse")
    with pytest.raises(Limited):
        ask(learner, password=PASSWORD)


@pytest.mark.parametrize("minutes_ago", [None, 6])
def test_without_a_password_one_must_have_proved_lately_who_one_is(learner: User, minutes_ago: int | None) -> None:
    learner.set_unusable_password()
    learner.save()
    proved_at = None if minutes_ago is None else timezone.now() - timedelta(minutes=minutes_ago)
    with pytest.raises(PermissionDenied, match="has no password"):
        ask(learner, password="", proved_at=proved_at)
    assert ask(learner, password="", proved_at=timezone.now() - timedelta(minutes=4))


def test_the_last_administrator_stays(admin: User) -> None:
    with pytest.raises(ValidationError, match="You are the last administrator"):
        ask(admin)
    admin.refresh_from_db()
    assert admin.erase_after is None


def test_an_administrator_may_go_if_another_stays_who_then_may_not(admin: User) -> None:
    other = make_user(role="administrator")
    banned = make_user(role="administrator", is_active=False)
    ask(admin)
    with pytest.raises(ValidationError, match="You are the last administrator"):
        ask(other)
    assert not banned.is_active


def test_an_administrator_who_has_become_the_last_is_not_erased_and_the_others_are(
    admin: User, learner: User, caplog: pytest.LogCaptureFixture
) -> None:
    other = make_user(role="administrator")
    for person in (admin, learner):
        ask(person)
    other.is_active = False
    other.save()
    with time_machine.travel(timezone.now() + LATER), pytest.raises(CommandError, match="1 not erased"):
        call_command("erase_accounts", verbosity=0)
    assert User.objects.filter(pk=admin.pk).exists()
    assert not User.objects.filter(pk=learner.pk).exists()
    assert "there would be no administrator left" in caplog.text
    assert admin.email not in caplog.text


@pytest.mark.django_db(transaction=True)
def test_of_the_last_two_administrators_who_ask_at_once_one_stays() -> None:
    people = [make_user(role="administrator"), make_user(role="administrator")]
    refused: list[str] = []
    barrier = threading.Barrier(2)

    def go(person: User) -> None:
        try:
            barrier.wait()
            ask(person)
        except ValidationError as error:
            refused.extend(error.messages)
        finally:
            connection.close()

    run_at_once([(go, person) for person in people])
    assert refused == [LAST_ADMINISTRATOR]
    assert User.objects.all().administrators().count() == 1


def run_at_once(calls: list[tuple[Any, Any]]) -> None:
    threads = [threading.Thread(target=function, args=(argument,)) for function, argument in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()


# -- Thinking again -----------------------------------------------------------------------------


def test_who_signs_in_again_can_keep_the_account(
    learner: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    ask(learner)
    browser = signed_in(learner)
    assert "Keep my account" in browser.get("/settings/data/").content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        response = browser.post("/settings/data/erasure/cancel/", follow=True)
    assert "You keep your account." in response.content.decode()
    learner.refresh_from_db()
    assert learner.erase_after is None
    assert mail.outbox[-1].subject == "Your account stays"
    with time_machine.travel(timezone.now() + LATER):
        call_command("erase_accounts", verbosity=0)
    assert User.objects.filter(pk=learner.pk).exists()


def test_keeping_what_nobody_wanted_erased_changes_nothing(learner: User) -> None:
    erasure.cancel(user=learner, visit=VISIT)
    assert not LoginHistory.objects.exists()


def test_it_can_be_too_late(learner: User) -> None:
    erase_later(learner)
    with pytest.raises(ValidationError, match="erased already"):
        erasure.cancel(user=learner, visit=VISIT)


def test_nobody_is_erased_before_the_day(learner: User) -> None:
    ask(learner)
    with time_machine.travel(timezone.now() + erasure.GRACE - timedelta(minutes=1)):
        call_command("erase_accounts", verbosity=0)
    assert User.objects.filter(pk=learner.pk).exists()


# -- Done ---------------------------------------------------------------------------------------


def test_nothing_of_the_person_is_found_anywhere(
    admin: User, stranger: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    person = plant(bystander=admin)
    empty = [holding.label for holding in holdings() if not holding.rows(person).exists()]
    assert empty == [], "plant something in tests/accounts/planting.py, or this test proves nothing for them"
    others = plant(email="other@howtoai.example", mark="another", bystander=admin)
    before = {holding.label: holding.rows(others).count() for holding in holdings()}
    assert {"accounts_user", "account_emailaddress", "django_admin_log"} <= tables_with(MARK)
    assert "accounts_session" in tables_with(NETWORK_ADDRESS)
    files = [f"pictures/{MARK}.webp", f"exports/{MARK}.zip"]
    assert all(map(default_storage.exists, files))
    tutorial = Tutorial.objects.get(author=person)

    with django_capture_on_commit_callbacks(execute=True):
        erase_later(person)

    assert tables_with(MARK) == set()
    assert browser_sessions_with(MARK) == 0
    assert not any(map(default_storage.exists, files))
    tutorial.refresh_from_db()
    assert (tutorial.author, tutorial.body != "") == (None, True)
    assert {holding.label: holding.rows(others).count() for holding in holdings()} == before
    assert browser_sessions_with("another") == 2
    assert LogEntry.objects.filter(user=admin).count() == 6


def tables_with(text: str) -> set[str]:
    """Every table of ours with a row in which this stands, whatever the column."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        )
        tables = [name for (name,) in cursor.fetchall()]
        assert len(tables) > 15
        found = set()
        for table in tables:
            # A row as text has each of its columns as text.
            cursor.execute(f'SELECT EXISTS (SELECT FROM "{table}" t WHERE t::text ILIKE %s)', [f"%{text}%"])  # noqa: S608
            if cursor.fetchone() == (True,):
                found.add(table)
        return found


def browser_sessions_with(text: str) -> int:
    """Their content is packed, so that no table shows it."""
    return sum(text in str(row.get_decoded()).lower() for row in BrowserSession.objects.all())


def test_the_receipt_says_what_was_done_and_not_to_whom(
    db: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    person = plant()
    with django_capture_on_commit_callbacks(execute=True):
        erase_later(person)
    receipt = ErasureReceipt.objects.get()
    assert receipt.counts["accounts.User"] == {"deleted": 1}
    assert receipt.counts["accounts.ApiKey"] == {"deleted": 2}
    assert receipt.counts["tutorials.Tutorial"] == {"anonymised": 1}
    assert receipt.counts["accounts.BrowserSession"] == {"deleted": 3}
    assert receipt.files_left == []
    letter = mail.outbox[-1]
    assert letter.to == [ADDRESS]
    assert str(receipt.pk) in letter.body


def test_the_address_can_be_used_anew(learner: User) -> None:
    erase_later(learner)
    again = make_user(email="learner@howtoai.example")
    assert again.pk != learner.pk


def test_somebody_who_has_nothing_but_the_account_is_erased_too(db: None) -> None:
    bare = User.objects.create(email="bare@howtoai.example", password="!", erase_after=timezone.now())
    call_command("erase_accounts", verbosity=0)
    assert not User.objects.filter(pk=bare.pk).exists()


def test_nobody_is_erased_without_having_asked(learner: User) -> None:
    with pytest.raises(ValueError, match="did not ask"):
        erasure.erase(learner)


def test_an_erasure_that_is_cut_off_leaves_all_as_it_was_and_the_next_one_finishes_it(
    db: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    person = plant()
    ask(person)
    User.objects.filter(pk=person.pk).update(erase_after=timezone.now())
    before = {holding.label: holding.rows(person).count() for holding in holdings()}

    # Among so many that all of them would take half a minute.
    for position in {*range(0, len(holdings()), 6), len(holdings()) - 1}:
        with cut_off_at(position), pytest.raises(KeyboardInterrupt):
            erasure.erase_due()
        assert {holding.label: holding.rows(person).count() for holding in holdings()} == before
        assert not ErasureReceipt.objects.exists()
        assert default_storage.exists(f"pictures/{MARK}.webp")

    with django_capture_on_commit_callbacks(execute=True):
        erasure.erase_due()
    assert tables_with(MARK) == set()
    assert not default_storage.exists(f"pictures/{MARK}.webp")


class cut_off_at:  # noqa: N801 - a context, written like a verb
    """The process dies, as far as Python can tell, as it comes to the holding at this position."""

    def __init__(self, position: int) -> None:
        self.holding = holdings()[position]

    def __enter__(self) -> None:
        def die(rows: Any) -> int:
            raise KeyboardInterrupt

        at = registered.index(self.holding)
        self.at = at
        own = self.holding
        registered[at] = Holding(own.model, own.title, own.path, own.exported, own.left_out, anonymise=die)

    def __exit__(self, *args: object) -> None:
        registered[self.at] = self.holding


def test_files_that_an_erasure_left_behind_are_deleted_by_the_next_run(db: None) -> None:
    name = default_storage.save("pictures/left.webp", ContentFile(b"picture"))
    receipt = ErasureReceipt.objects.create(asked_at=timezone.now(), files_left=[name, "pictures/gone.webp"])
    call_command("erase_accounts", verbosity=0)
    receipt.refresh_from_db()
    assert (receipt.files_left, default_storage.exists(name)) == ([], False)


def test_one_persons_trouble_does_not_keep_the_others(
    learner: User, stranger: User, caplog: pytest.LogCaptureFixture
) -> None:
    for person in (learner, stranger):
        ask(person)

    def stumble(rows: Any) -> int:
        if rows.filter(pk=learner.pk).exists():
            raise RuntimeError("stumbled")
        return int(rows.delete()[0])

    trouble = Holding(User, title="", path="pk", anonymise=stumble)
    registered.insert(0, trouble)
    try:
        with time_machine.travel(timezone.now() + LATER), pytest.raises(CommandError, match="1 not erased"):
            call_command("erase_accounts", verbosity=0)
    finally:
        registered.remove(trouble)
    assert User.objects.filter(pk=learner.pk).exists()
    assert not User.objects.filter(pk=stranger.pk).exists()
    assert "stumbled" in caplog.text


def test_an_app_that_leaves_something_behind_is_caught_before_it_is_too_late(
    learner: User, caplog: pytest.LogCaptureFixture
) -> None:
    ask(learner)
    careless = Holding(Session, title="", path="user", anonymise=lambda _rows: 0)
    sessions.start(user=learner, visit=VISIT)
    registered.insert(0, careless)
    own = next(holding for holding in holdings() if holding.model is Session and holding is not careless)
    registered.remove(own)
    try:
        with time_machine.travel(timezone.now() + LATER):
            assert erasure.erase_due().failed == 1
    finally:
        registered.remove(careless)
        registered.append(own)
    assert "still has rows of theirs" in caplog.text
    assert User.objects.filter(pk=learner.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_two_commands_at_once_erase_once() -> None:
    people = [make_user() for _ in range(6)]
    User.objects.filter(pk__in=[person.pk for person in people]).update(erase_after=timezone.now())
    outcomes: list[erasure.Outcome] = []
    barrier = threading.Barrier(2)

    def go(_: None) -> None:
        try:
            barrier.wait()
            outcomes.append(erasure.erase_due())
        finally:
            connection.close()

    run_at_once([(go, None), (go, None)])
    assert sum(outcome.erased for outcome in outcomes) == 6
    assert sum(outcome.failed for outcome in outcomes) == 0
    assert ErasureReceipt.objects.count() == 6
    assert len(mail.outbox) == 6
    assert not User.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_whom_somebody_else_is_at_is_passed_over(db: None) -> None:
    person = make_user()
    User.objects.filter(pk=person.pk).update(erase_after=timezone.now())
    outcomes: list[erasure.Outcome] = []

    def go(_: None) -> None:
        try:
            outcomes.append(erasure.erase_due())
        finally:
            connection.close()

    with transaction.atomic():
        User.objects.select_for_update().get(pk=person.pk)
        run_at_once([(go, None)])
    assert outcomes == [erasure.Outcome(erased=0, failed=0)]
    assert erasure.erase_due().erased == 1


# -- Pages and API ------------------------------------------------------------------------------


def test_the_page_asks_for_the_password_signs_out_and_says_when(learner: User) -> None:
    browser = signed_in(learner)
    page = browser.get("/settings/data/")
    assert 'autocomplete="current-password"' in page.content.decode()
    response = browser.post("/settings/data/erasure/", {"password": PASSWORD}, follow=True)
    assert response.redirect_chain == [("/accounts/login/", 302)]
    assert "Your account will be erased on" in response.content.decode()
    assert browser.get("/settings/data/").status_code == 302
    assert not Session.objects.alive().exists()


@pytest.mark.parametrize(
    ("password", "words"), [("wrong horse", "The password is wrong."), ("", "This field is required.")]
)
def test_the_page_shows_what_is_wrong_at_its_field(learner: User, password: str, words: str) -> None:
    response = signed_in(learner).post("/settings/data/erasure/", {"password": password})
    assert words in response.content.decode()
    learner.refresh_from_db()
    assert learner.erase_after is None


def test_the_page_tells_the_last_administrator(admin: User) -> None:
    response = signed_in(admin).post("/settings/data/erasure/", {"password": PASSWORD})
    assert "You are the last administrator." in response.content.decode()


def test_who_has_a_passkey_and_no_password_is_asked_to_show_it_again(learner: User) -> None:
    without_password(learner)
    Authenticator.objects.create(user=learner, type=Authenticator.Type.WEBAUTHN, data={"name": "key"})
    browser = signed_in(learner)
    assert 'type="password"' not in browser.get("/settings/data/").content.decode()
    response = browser.post("/settings/data/erasure/")
    assert (response.status_code, response["Location"].split("?")[0]) == (302, "/accounts/2fa/webauthn/reauthenticate/")
    learner.refresh_from_db()
    assert learner.erase_after is None


def test_who_shows_another_factor_instead_of_a_password_goes_on_where_they_were(learner: User) -> None:
    without_password(learner)
    secret = "JBSWY3DPEHPK3PXP"
    TOTP.activate(learner, secret)
    browser = signed_in(learner)
    asked = browser.post("/settings/data/erasure/")
    code = format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))
    response = browser.post(asked["Location"], {"code": code}, follow=True)
    assert "Your account will be erased on" in response.content.decode()
    learner.refresh_from_db()
    assert learner.erase_after is not None


def test_who_has_only_an_account_elsewhere_must_have_signed_in_lately(learner: User) -> None:
    without_password(learner)
    browser = signed_in(learner)
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        response = browser.post("/settings/data/erasure/", follow=True)
    assert "Your account has no password" in response.content.decode()
    learner.refresh_from_db()
    assert learner.erase_after is None
    assert signed_in(learner).post("/settings/data/erasure/").status_code == 302
    learner.refresh_from_db()
    assert learner.erase_after is not None


def without_password(user: User) -> None:
    user.set_unusable_password()
    user.save()


@pytest.mark.parametrize(
    "path", ["/settings/data/erasure/", "/settings/data/erasure/cancel/", "/settings/data/exports/"]
)
def test_looking_at_what_only_acts_leads_to_the_page(learner: User, path: str) -> None:
    response = signed_in(learner).get(path)
    assert (response.status_code, response["Location"]) == (302, "/settings/data/")
    learner.refresh_from_db()
    assert learner.erase_after is None


@pytest.mark.parametrize("path", ["/settings/data/", "/settings/data/erasure/", "/settings/data/erasure/cancel/"])
def test_visitors_are_sent_to_sign_in(visitor: Client, path: str, db: None) -> None:
    assert visitor.post(path)["Location"].startswith("/accounts/login/")


def test_every_page_shows_the_bar_while_an_account_waits_to_be_erased(learner: User) -> None:
    words = 'aria-label="Your account will be erased"'
    assert words not in signed_in(learner).get("/tutorials/").content.decode()
    ask(learner)
    assert words in signed_in(learner).get("/tutorials/").content.decode()


def delete_me(access: str, body: dict[str, str]) -> Any:
    headers = {"Authorization": f"Bearer {access}"}
    return Client().delete("/api/users/me", body, content_type="application/json", headers=headers)


def test_the_api_takes_the_password_and_says_when(learner: User) -> None:
    access = log_in(learner.email)["access"]
    response = delete_me(access, {"password": PASSWORD})
    learner.refresh_from_db()
    assert response.status_code == 202
    assert datetime.fromisoformat(response.json()["erase_after"]) == learner.erase_after
    assert get("/api/users/me", access).status_code == 401


@pytest.mark.parametrize("body", [{}, {"password": ""}, {"password": "wrong horse"}])
def test_the_api_refuses_the_wrong_password(learner: User, body: dict[str, str]) -> None:
    response = delete_me(log_in(learner.email)["access"], body)
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == "password"


def test_the_api_tells_who_has_no_password_what_to_do(learner: User) -> None:
    access = log_in(learner.email)["access"]
    without_password(learner)
    Session.objects.update(ended_at=None, end_reason="", authenticated_at=timezone.now() - timedelta(hours=1))
    response = delete_me(access, {})
    assert (response.status_code, response.json()["code"]) == (403, "permission_denied")
    assert response.json()["detail"] == erasure.NO_PASSWORD
