"""API keys over the API and on their page: made, shown once, exchanged, revoked; and who may do that."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
import time_machine
from django.core import mail
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.keys import InvalidKey, KeyText
from accounts.models import ApiKey, LoginHistory, User
from accounts.models.sessions import Door
from accounts.services import api_keys
from accounts.services.api_keys import NewKey
from accounts.visits import Visit
from tests.accounts.clients import log_in, refresh
from tests.factories import PASSWORD, make_user

KEYS = "/api/users/me/api-keys"
VISIT = Visit(door=Door.API, address="192.0.2.1", device="curl")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def make_key(user: User, **fields: Any) -> NewKey:
    values: dict[str, Any] = {"name": "ci", "scopes": ["read"]} | fields
    return api_keys.make(user=user, proved_at=timezone.now(), visit=VISIT, **values)


def rotate(key: ApiKey, **fields: Any) -> NewKey:
    return api_keys.rotate(key=key, proved_at=timezone.now(), visit=VISIT, **fields)


class Program:
    """Somebody's program, which has signed in and asks the API about keys."""

    def __init__(self, user: User) -> None:
        self.headers = {"Authorization": f"Bearer {log_in(user.email)['access']}"}

    def get(self, path: str = "", **query: Any) -> Any:
        return Client().get(KEYS + path, query, headers=self.headers)

    def post(self, path: str = "", **body: Any) -> Any:
        return Client().post(KEYS + path, body, content_type="application/json", headers=self.headers)

    def delete(self, path: str) -> Any:
        return Client().delete(KEYS + path, headers=self.headers)


@pytest.fixture
def program(learner: User) -> Program:
    return Program(learner)


@pytest.fixture
def browser(learner: User) -> Client:
    client = Client()
    client.force_login(learner)
    return client


# -- Made ---------------------------------------------------------------------------------------


def test_a_key_is_made_and_shown_once(program: Program, learner: User) -> None:
    response = program.post(name=" ci ", scopes=["read", "tutorials:write", "read"])
    assert response.status_code == 201, response.content
    assert "no-store" in response["Cache-Control"]
    body = response.json()
    text = body.pop("key")
    row = ApiKey.objects.get()
    assert body["prefix"] == f"hta_{row.prefix}"
    assert text.startswith(f"{body['prefix']}_")
    assert (body["id"], body["name"], body["scopes"]) == (row.pk, "ci", ["read", "tutorials:write"])
    assert (body["expires_at"], body["last_used_at"], body["revoked_at"], body["replaces"]) == (None,) * 4
    assert program.get(f"/{row.pk}").json() == body
    assert program.get().json() == {"next": None, "previous": None, "results": [body]}


def test_of_a_key_only_a_keyed_hash_is_stored(learner: User) -> None:
    new = make_key(learner)
    secret = new.text[21:]
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(k)::text FROM accounts_apikey k")
        assert secret not in str(cursor.fetchall())
    assert bytes(new.row.hash) == KeyText.read(new.text).hash
    assert secret not in f"{new!r} {new.row!r}"


@pytest.mark.django_db(transaction=True)
def test_its_owner_hears_of_it(learner: User) -> None:
    new = make_key(learner, expires_at=timezone.now() + timedelta(days=30))
    letter = cast("mail.EmailMultiAlternatives", mail.outbox[0])
    assert len(mail.outbox) == 1
    assert letter.to == [learner.email]
    assert letter.subject == "New API key for your account: ci"
    for text in (letter.body, str(letter.alternatives)):
        assert f"hta_{new.row.prefix}" in text
        assert "192.0.2.1" in text
        assert "/settings/api-keys/" in text
        assert new.text[21:] not in text
    entry = LoginHistory.objects.get(event="api_key_made")
    assert (entry.user, entry.reason, entry.address) == (learner, f"ci (hta_{new.row.prefix}…)", "192.0.2.1")


@pytest.mark.parametrize(
    ("fields", "at", "code"),
    [
        ({"name": ""}, "name", "blank"),
        ({"name": " "}, "name", "blank"),
        ({"name": None}, "name", "null"),
        ({"name": "x" * 61}, "name", "max_length"),
        ({"name": "a\nb"}, "name", "invalid"),
        ({"name": "a\0"}, "name", "null_characters_not_allowed"),
        ({"name": "\u202eci"}, "name", "invalid"),
        ({"scopes": []}, "scopes", "empty"),
        ({"scopes": None}, "scopes", "null"),
        ({"scopes": "read"}, "scopes", "not_a_list"),
        ({"scopes": {"read": 1}}, "scopes", "not_a_list"),
        ({"scopes": ["root"]}, "scopes.0", "invalid_choice"),
        ({"scopes": [["read"]]}, "scopes.0", "invalid_choice"),
        ({"scopes": ["read"] * 1000}, "scopes", "max_length"),
        ({"expires_at": "yesterday"}, "expires_at", "invalid"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at", "invalid"),
        ({"expires_at": "9999-12-31T23:59:59-12:00"}, "expires_at", "overflow"),
    ],
)
def test_what_is_no_key_is_refused_at_its_field(program: Program, fields: dict[str, Any], at: str, code: str) -> None:
    response = program.post(**{"name": "ci", "scopes": ["read"]} | fields)
    assert response.status_code == 400, response.content
    assert {(error["field"], error["code"]) for error in response.json()["errors"]} == {(at, code)}
    assert not ApiKey.objects.exists()


def test_what_is_for_us_to_say_cannot_be_said_by_others(program: Program, stranger: User) -> None:
    response = program.post(name="ci", scopes=["read"], rate=10**6, user=stranger.pk, prefix="x", revoked_at=None)
    assert response.status_code == 201
    row = ApiKey.objects.get()
    assert (row.rate, row.user.email) == (600, "learner@howtoai.example")


@pytest.mark.parametrize("body", [b"", b"[]", b'"x"', b"{", b"null", b"[" * 50_000])
def test_bodies_that_are_none_are_client_errors(program: Program, body: bytes) -> None:
    response = Client().post(KEYS, body, content_type="application/json", headers=program.headers)
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"


def test_who_has_not_confirmed_the_address_makes_no_keys(db: None) -> None:
    newcomer = make_user(confirmed=False)
    response = Program(newcomer).post(name="ci", scopes=["read"])
    assert response.status_code == 403
    assert response.json()["detail"].startswith("Confirm your e-mail address first")
    client = Client()
    client.force_login(newcomer)
    page = client.get("/settings/api-keys/").content.decode()
    assert "confirmed your e-mail address" in page
    assert "Make the key" not in page
    assert client.post("/settings/api-keys/", {"name": "ci", "scopes": ["read"], "lifetime": "0"}).status_code == 200
    assert not ApiKey.objects.exists()


def test_whoever_waits_for_erasure_makes_no_keys(learner: User) -> None:
    program = Program(learner)
    learner.erase_after = timezone.now() + timedelta(days=14)
    learner.save()
    response = program.post(name="ci", scopes=["read"])
    assert response.status_code == 403, response.content
    assert "can have no new keys" in response.json()["detail"]


def test_visitors_have_no_keys(visitor: Client) -> None:
    for path in ("", "/1", "/1/rotate"):
        assert visitor.get(KEYS + path).status_code == 401
        assert visitor.post(KEYS + path).status_code == 401
    page = visitor.get("/settings/api-keys/")
    assert page.status_code == 302
    assert page["Location"].startswith("/accounts/login/")


def test_one_person_has_so_many_keys_and_no_more(program: Program, learner: User) -> None:
    for _ in range(ApiKey.MOST_PER_PERSON):
        make_key(learner)
    response = program.post(name="ci", scopes=["read"])
    assert response.status_code == 400
    words = "You have 20 keys, and nobody may have more. Revoke one that you do not need."
    assert [error["detail"] for error in response.json()["errors"]] == [words]
    first = ApiKey.objects.earliest("id")
    assert program.post(f"/{first.pk}/rotate").status_code == 400
    # Exchanged at once it makes room for itself; revoked or expired ones do not count.
    assert program.post(f"/{first.pk}/rotate", overlap_hours=0).status_code == 201
    assert program.post(name="ci", scopes=["read"]).status_code == 400
    program.delete(f"/{ApiKey.objects.latest('id').pk}")
    assert program.post(name="ci", scopes=["read"]).status_code == 201
    assert ApiKey.objects.alive().count() == ApiKey.MOST_PER_PERSON


def at_once(times: int, act: Any) -> list[Any]:
    """What each of them got, in threads with connections of their own."""

    def run(number: int) -> Any:
        try:
            return act(number)
        except ValidationError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


@pytest.mark.django_db(transaction=True)
def test_twenty_keys_made_at_once_near_the_limit_do_not_pass_it(learner: User) -> None:
    for _ in range(ApiKey.MOST_PER_PERSON - 3):
        make_key(learner)
    outcomes = at_once(20, lambda _: make_key(User.objects.get(pk=learner.pk)))
    assert sum(isinstance(outcome, NewKey) for outcome in outcomes) == 3
    assert ApiKey.objects.alive().count() == ApiKey.MOST_PER_PERSON


def test_many_keys_in_an_hour_are_too_many(learner: User, program: Program) -> None:
    # The hour does not end in the middle.
    with time_machine.travel(time.time(), tick=False):
        for _ in range(60):
            api_keys.revoke(key=make_key(learner).row, visit=VISIT)
        response = program.post(name="ci", scopes=["read"])
    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0


# -- Exchanged ----------------------------------------------------------------------------------


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def test_an_exchanged_key_works_until_the_overlap_ends(clock: time_machine.Traveller, learner: User) -> None:
    old = make_key(learner, scopes=["tutorials:read", "write"], expires_at=NOON + timedelta(days=90))
    ApiKey.objects.update(rate=7)
    clock.shift(timedelta(days=60))
    response = Program(learner).post(f"/{old.row.pk}/rotate")
    assert response.status_code == 201, response.content
    body = response.json()
    assert (body["name"], body["scopes"], body["rate"]) == ("ci", ["tutorials:read", "write"], 7)
    assert body["replaces"] == old.row.pk
    # It lives as long as the old one was made for.
    assert body["expires_at"] == "2027-04-21T12:00:00Z"
    for text in (old.text, body["key"]):
        assert api_keys.find_alive(text).user == learner
    clock.shift(timedelta(hours=24))
    with pytest.raises(InvalidKey, match="expired"):
        api_keys.find_alive(old.text)
    assert api_keys.find_alive(body["key"]).user == learner


def test_a_key_without_an_end_gets_a_successor_without_one(learner: User) -> None:
    assert rotate(make_key(learner).row).row.expires_at is None


def test_without_an_overlap_the_old_key_ends_at_once(learner: User) -> None:
    old = make_key(learner)
    api_keys.find_alive(old.text)
    new = rotate(old.row, overlap_hours=0)
    with pytest.raises(InvalidKey, match="expired"):
        api_keys.find_alive(old.text)
    assert api_keys.find_alive(new.text)


def test_an_exchange_does_not_prolong_the_old_key(learner: User) -> None:
    ends = timezone.now() + timedelta(hours=1)
    old = make_key(learner, expires_at=ends)
    rotate(old.row, overlap_hours=168)
    old.row.refresh_from_db()
    assert old.row.expires_at == ends


@pytest.mark.parametrize("hours", [-1, 169, 10**30, "many", None, 1.5, [1]])
def test_an_overlap_is_at_most_a_week(program: Program, learner: User, hours: object) -> None:
    response = program.post(f"/{make_key(learner).row.pk}/rotate", overlap_hours=hours)
    assert response.status_code == 400, response.content
    assert {error["field"] for error in response.json()["errors"]} == {"overlap_hours"}
    assert ApiKey.objects.count() == 1


def test_what_is_over_cannot_be_exchanged(program: Program, learner: User) -> None:
    key = make_key(learner).row
    api_keys.revoke(key=key, visit=VISIT)
    response = program.post(f"/{key.pk}/rotate")
    assert response.status_code == 400
    assert "is over" in response.json()["detail"]


def test_a_key_is_exchanged_once(learner: User) -> None:
    old = make_key(learner).row
    new = rotate(old).row
    with pytest.raises(ValidationError, match="exchanged already"):
        rotate(old)
    assert rotate(new).row.replaces == new
    api_keys.revoke(key=new, visit=VISIT)
    with pytest.raises(ValidationError, match="exchanged already"):
        rotate(old)


@pytest.mark.django_db(transaction=True)
def test_a_double_click_makes_one_successor(learner: User) -> None:
    key = make_key(learner).row
    outcomes = at_once(8, lambda _: rotate(ApiKey.objects.get(pk=key.pk)))
    assert sum(isinstance(outcome, NewKey) for outcome in outcomes) == 1
    assert ApiKey.objects.count() == 2


# -- Revoked ------------------------------------------------------------------------------------


def test_revoking_ends_a_key_and_doing_it_again_changes_nothing(program: Program, learner: User) -> None:
    new = make_key(learner)
    assert program.delete(f"/{new.row.pk}").status_code == 204
    revoked_at = program.get(f"/{new.row.pk}").json()["revoked_at"]
    assert revoked_at is not None
    assert program.delete(f"/{new.row.pk}").status_code == 204
    assert program.get(f"/{new.row.pk}").json()["revoked_at"] == revoked_at
    assert LoginHistory.objects.filter(event="api_key_revoked", user=learner).count() == 1
    with pytest.raises(InvalidKey, match="revoked"):
        api_keys.find_alive(new.text)


@pytest.mark.parametrize("number", ["0", "1", str(2**63), "9" * 40])
def test_what_is_somebody_elses_or_nobodys_is_not_there(program: Program, stranger: User, number: str) -> None:
    key = make_key(stranger).row
    number = str(key.pk) if number == "1" else number
    assert program.get(f"/{number}").status_code == 404
    assert program.delete(f"/{number}").status_code == 404
    assert program.post(f"/{number}/rotate").status_code == 404
    assert program.get().json()["results"] == []
    assert ApiKey.objects.get().is_alive


# -- Listed -------------------------------------------------------------------------------------


def test_the_list_is_paged_newest_first(program: Program, learner: User) -> None:
    made = [make_key(learner, name=f"key {number}").row.pk for number in range(5)]
    first = program.get(page_size=3).json()
    second = Client().get(first["next"], headers=program.headers).json()
    assert [row["id"] for row in first["results"] + second["results"]] == made[::-1]
    assert second["next"] is None
    assert program.get(cursor="x").status_code == 400
    assert program.get(page_size=1000).status_code == 400


def test_more_keys_make_no_more_queries(program: Program, browser: Client, learner: User) -> None:
    def queries() -> list[int]:
        counts = []
        for get in (program.get, lambda: browser.get("/settings/api-keys/")):
            with CaptureQueriesContext(connection) as captured:
                assert get().status_code == 200
            counts.append(len(captured))
        return counts

    def make_keys() -> None:
        api_keys.revoke(key=make_key(learner).row, visit=VISIT)
        rotate(make_key(learner).row)

    make_keys()
    queries()  # the first page of a browser asks for what is then kept
    before = queries()
    make_keys()
    make_keys()
    assert queries() == before


# -- The page -----------------------------------------------------------------------------------


def test_the_page_makes_a_key_and_shows_it_in_that_answer_only(browser: Client, learner: User) -> None:
    page = browser.post("/settings/api-keys/", {"name": "my site", "scopes": ["read"], "lifetime": "90"})
    assert page.status_code == 201
    assert "no-store" in page["Cache-Control"]
    row = ApiKey.objects.get()
    text = page.content.decode().split('data-text="')[1].split('"')[0]
    assert api_keys.find_alive(text).pk == row.pk
    assert row.expires_at is not None
    assert timedelta(days=89) < row.expires_at - timezone.now() < timedelta(days=91)
    again = browser.get("/settings/api-keys/")
    assert "my site" in again.content.decode()
    assert text not in again.content.decode()
    kept = f"{dict(browser.session)} {browser.cookies} {page.headers} {cache.get(f'api-key:{row.prefix}')!r}"
    assert text[21:] not in kept


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "a\u202eb"}, "Use letters, digits and signs on one line."),
        ({"scopes": []}, "This field is required."),
        ({"scopes": ["root"]}, "not one of the available choices"),
        ({"lifetime": "-3"}, "not one of the available choices"),
        ({"lifetime": ""}, "This field is required."),
    ],
)
def test_the_page_says_what_is_wrong_with_a_key(browser: Client, fields: dict[str, Any], words: str) -> None:
    page = browser.post("/settings/api-keys/", {"name": "ci", "scopes": ["read"], "lifetime": "30"} | fields)
    assert page.status_code == 200
    assert words in page.content.decode()
    assert not ApiKey.objects.exists()


def test_the_page_revokes_after_asking_once(browser: Client, learner: User) -> None:
    key = make_key(learner).row
    address = f"/settings/api-keys/{key.pk}/revoke/"
    assert "Revoke “ci”?" in browser.get(address).content.decode()
    assert ApiKey.objects.get().is_alive
    page = browser.post(address, follow=True)
    assert page.redirect_chain == [("/settings/api-keys/", 302)]
    assert "“ci” is revoked." in page.content.decode()
    assert "Keys that are over" in page.content.decode()
    assert not ApiKey.objects.get().is_alive


def test_the_page_exchanges_a_key(browser: Client, learner: User) -> None:
    old = make_key(learner).row
    address = f"/settings/api-keys/{old.pk}/rotate/"
    assert 'value="24"' in browser.get(address).content.decode()
    refused = browser.post(address, {"overlap_hours": "200"})
    assert "0 to 168 hours" in refused.content.decode()
    page = browser.post(address, {"overlap_hours": "1"})
    assert page.status_code == 201
    new = ApiKey.objects.get(replaces=old)
    assert f'data-text="hta_{new.prefix}_' in page.content.decode()
    assert "Replaced" in page.content.decode()
    assert "exchanged already" in browser.post(address, {"overlap_hours": "1"}).content.decode()


def test_the_page_knows_only_ones_own_keys(browser: Client, stranger: User) -> None:
    key = make_key(stranger, name="of a stranger").row
    for verb in ("rotate", "revoke"):
        address = f"/settings/api-keys/{key.pk}/{verb}/"
        assert browser.get(address).status_code == browser.post(address).status_code == 404
    assert "of a stranger" not in browser.get("/settings/api-keys/").content.decode()
    assert ApiKey.objects.get().is_alive


def test_the_page_wants_the_csrf_token(learner: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(learner)
    key = make_key(learner).row
    assert client.post("/settings/api-keys/", {"name": "ci", "scopes": ["read"]}).status_code == 403
    assert client.post(f"/settings/api-keys/{key.pk}/revoke/").status_code == 403
    assert ApiKey.objects.get().is_alive


def test_a_full_house_has_no_form(browser: Client, learner: User) -> None:
    for _ in range(ApiKey.MOST_PER_PERSON):
        make_key(learner)
    page = browser.get("/settings/api-keys/").content.decode()
    assert "You have 20 keys" in page
    assert "Make the key" not in page


# -- A proof that is not old --------------------------------------------------------------------


def six_minutes_pass(user: User) -> None:
    user.sessions.update(authenticated_at=timezone.now() - timedelta(minutes=6))


def test_a_program_that_signed_in_long_ago_makes_no_key(program: Program, learner: User) -> None:
    old = program.post(name="ci", scopes=["read"]).json()
    six_minutes_pass(learner)
    for refused in (program.post(name="ci", scopes=["write"]), program.post(f"/{old['id']}/rotate")):
        assert refused.status_code == 403
        assert refused.json()["code"] == "reauthentication_required"
        assert refused.json()["detail"].startswith("Sign in again first")
    assert ApiKey.objects.count() == 1
    assert program.delete(f"/{old['id']}").status_code == 204


def test_renewed_tokens_are_no_new_proof(learner: User) -> None:
    first = log_in(learner.email)
    six_minutes_pass(learner)
    access = refresh(first["refresh"]).json()["access"]
    answer = Client().post(
        KEYS,
        {"name": "ci", "scopes": ["read"]},
        content_type="application/json",
        headers={"Authorization": f"Bearer {access}"},
    )
    assert answer.json()["code"] == "reauthentication_required"


def test_the_page_asks_for_the_password_again_and_then_goes_on(browser: Client, learner: User) -> None:
    six_minutes_pass(learner)
    asked = browser.post("/settings/api-keys/", {"name": "my site", "scopes": ["read"], "lifetime": "90"})
    assert asked.status_code == 302
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    assert not ApiKey.objects.exists()
    wrong = browser.post(asked["Location"], {"password": "wrong", "next": "/settings/api-keys/"})
    assert wrong.status_code == 200
    page = browser.post(asked["Location"], {"password": PASSWORD, "next": "/settings/api-keys/"})
    assert page.status_code == 201
    assert "Your new key “my site”" in page.content.decode()


def test_exchanging_a_key_asks_again_too_and_looking_does_not(browser: Client, learner: User) -> None:
    key = make_key(learner).row
    six_minutes_pass(learner)
    address = f"/settings/api-keys/{key.pk}/rotate/"
    assert browser.get(address).status_code == 200
    assert browser.post(address, {"overlap_hours": "1"})["Location"].startswith("/accounts/reauthenticate/")
    assert ApiKey.objects.count() == 1


def test_all_keys_of_somebody_are_revoked_at_once_and_that_is_recorded(learner: User, stranger: User) -> None:
    mine, second, theirs = make_key(learner), make_key(learner), make_key(stranger)
    api_keys.find_alive(mine.text)
    assert api_keys.revoke_all(user=learner, visit=VISIT, reason="password reset") == 2
    for key in (mine, second):
        with pytest.raises(InvalidKey, match="revoked"):
            api_keys.find_alive(key.text)
    assert api_keys.find_alive(theirs.text).pk == theirs.row.pk
    entry = learner.login_history.get(event="api_key_revoked")
    assert entry.reason == "all 2 keys: password reset"
    assert api_keys.revoke_all(user=learner, visit=VISIT, reason="password reset") == 0
    assert learner.login_history.filter(event="api_key_revoked").count() == 1
