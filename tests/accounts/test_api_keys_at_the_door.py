"""What a program gets in with, how much that costs, and how soon it is kept out."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache, caches
from django.db import connection, transaction
from django.test import Client, override_settings
from django.urls import include, path
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.keys import InvalidKey, KeyText, checksum
from accounts.models import ApiKey, LoginHistory, User
from accounts.services import api_keys
from accounts.services.api_keys import NewKey
from common.permissions import Public
from config import urls
from tests.accounts.test_api_keys import VISIT, make_key
from tests.accounts.test_api_keys import rotate as exchange
from tests.factories import make_user

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class EchoView(APIView):
    """Does nothing of its own."""

    area: str | None = "tutorials"

    def get(self, request: Request) -> Response:
        user = request.user
        auth = request.auth.name if isinstance(request.auth, ApiKey) else None
        return Response({"id": user.pk, "email": getattr(user, "email", ""), "key": auth})

    def post(self, request: Request) -> Response:
        return self.get(request)


class PublicView(EchoView):
    permission_classes = (Public,)


class ClosedView(EchoView):
    """Takes no keys."""

    area = None


handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500
urlpatterns = [
    path("api/echo", EchoView.as_view()),
    path("api/public", PublicView.as_view()),
    path("api/closed", ClosedView.as_view()),
    path("", include(urls.urlpatterns)),
]


@pytest.fixture(autouse=True)
def views_of_these_tests() -> Iterator[None]:
    with override_settings(ROOT_URLCONF=__name__):
        yield


def ask(key: str, address: str = "/api/echo", *, method: str = "GET", client: Client | None = None, **more: str) -> Any:
    headers = {"Authorization": f"Api-Key {key}"} | more
    return (client or Client()).generic(method, address, headers=headers, content_type="application/json")


def opens(new: NewKey) -> bool:
    status = ask(new.text).status_code
    assert status in (200, 401)
    return bool(status == 200)


# -- In -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["Api-Key", "api-key", "API-KEY"])
def test_a_key_opens_the_api_for_its_owner(learner: User, kind: str) -> None:
    new = make_key(learner)
    response = Client().get("/api/echo", headers={"Authorization": f"{kind} {new.text}"})
    assert response.json() == {"id": learner.pk, "email": learner.email, "key": "ci"}


def test_the_first_use_asks_once_and_the_next_ones_nothing(learner: User, django_assert_num_queries: Any) -> None:
    new = make_key(learner)
    with django_assert_num_queries(1):
        assert opens(new)
    with django_assert_num_queries(0):
        assert ask(new.text).json()["email"] == learner.email


def test_what_a_view_asks_of_the_person_needs_no_more_queries(learner: User, django_assert_num_queries: Any) -> None:
    text = make_key(learner).text
    api_keys.find_alive(text)
    with django_assert_num_queries(0):
        key = api_keys.find_alive(text)
        assert (key.user.email, key.user.is_staff, key.scopes, key.name) == (learner.email, False, ["read"], "ci")


def test_the_hash_of_the_password_is_not_kept_in_the_cache(learner: User) -> None:
    new = make_key(learner)
    api_keys.find_alive(new.text)
    raw = caches["default"]._cache.get_client().get(cache.make_key(f"api-key:{new.row.prefix}"))  # type: ignore[attr-defined]  # Redis's own
    assert learner.email.encode() in raw
    assert learner.password.encode() not in raw
    assert new.text[21:].encode() not in raw


def test_its_use_is_written_down_at_most_once_a_minute(learner: User) -> None:
    new = make_key(learner)
    with time_machine.travel(NOON, tick=False) as clock:
        for second, noted in ((0, 0), (30, 0), (59, 0), (60, 60), (61, 60), (200, 200)):
            clock.move_to(NOON + timedelta(seconds=second))
            # As if nobody remembered it, since the cache's own clock is not ours.
            cache.clear()
            api_keys.find_alive(new.text)
            assert ApiKey.objects.get().last_used_at == NOON + timedelta(seconds=noted), second


def test_who_knows_only_the_public_part_leaves_no_trace_of_use(learner: User) -> None:
    new = make_key(learner)
    assert ask(forged(new.row.prefix)).status_code == 401
    assert ApiKey.objects.get().last_used_at is None


def forged(prefix: str) -> str:
    """A key with the right form, prefix and checksum, and another secret."""
    body = f"hta_{prefix}_{'0' * 64}"
    return body + checksum(body)


# -- Not in -------------------------------------------------------------------------------------


def test_whatever_is_wrong_with_a_key_the_answer_is_the_same(learner: User) -> None:
    good, revoked, expired = (make_key(learner) for _ in range(3))
    api_keys.revoke(key=revoked.row, visit=VISIT)
    ApiKey.objects.filter(pk=expired.row.pk).update(expires_at=timezone.now())
    banned_person = make_user()
    banned = make_key(banned_person)
    banned_person.is_active = False
    banned_person.save()
    typo = good.text[:-1] + ("0" if good.text[-1] != "0" else "1")
    wrong = {
        "": "malformed",
        "hta_": "malformed",
        f"{good.text} {good.text}": "malformed",
        "é" * 93: "malformed",
        typo: "wrong checksum",
        KeyText.new().text: "unknown",
        forged(good.row.prefix): "wrong secret",
        revoked.text: "revoked",
        expired.text: "expired",
        banned.text: "its person is banned",
    }
    answers = []
    for text, reason in wrong.items():
        response = Client().get("/api/echo", HTTP_AUTHORIZATION=f"Api-Key {text}")
        assert response.status_code == 401, reason
        assert response["WWW-Authenticate"] == 'Bearer realm="api", Api-Key realm="api"'
        assert response["Content-Type"] == "application/problem+json"
        answers.append(response.json() | {"request_id": ""})
        entry = LoginHistory.objects.latest("id")
        assert (entry.event, entry.reason) == ("refused_token", f"API key: {reason}")
        owner = {revoked.text: learner, expired.text: learner, banned.text: banned_person}.get(text)
        assert entry.user == owner, reason
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["code"] == "invalid_api_key"


@pytest.mark.parametrize("text", ["malformed", "typo", "foreign"])
def test_what_has_not_our_form_costs_no_query_for_the_key(db: None, django_assert_num_queries: Any, text: str) -> None:
    shown = {"malformed": "x", "typo": KeyText.new().text[:-1] + "g", "foreign": "ghp_" + "a" * 36}[text]
    with django_assert_num_queries(0), pytest.raises(InvalidKey):
        api_keys.find_alive(shown)


def test_a_bad_key_does_not_fall_back_on_cookies(learner: User) -> None:
    client = Client()
    client.force_login(learner)
    assert client.get("/api/echo").status_code == 200
    assert ask("hta_", client=client).status_code == 401
    assert ask("hta_", "/api/public").status_code == 401


def test_a_key_counts_in_the_header_only(learner: User) -> None:
    new = make_key(learner)
    client = Client(headers={"X-Api-Key": new.text})
    client.cookies["api_key"] = new.text
    address = f"/api/echo?api_key={new.text}&key={new.text}&Authorization=Api-Key%20{new.text}"
    assert client.get(address).status_code == 401
    assert Client().get("/api/echo", headers={"Authorization": f"Bearer {new.text}"}).status_code == 401
    assert Client().get("/settings/api-keys/", headers={"Authorization": f"Api-Key {new.text}"}).status_code == 302


def test_cookies_and_csrf_play_no_part_with_a_key(learner: User, stranger: User) -> None:
    new = make_key(learner, scopes=["write"])
    client = Client(enforce_csrf_checks=True)
    client.force_login(stranger)
    response = ask(new.text, method="POST", client=client, **{"Sec-Fetch-Site": "cross-site"})
    assert response.status_code == 200, response.content
    assert response.json()["id"] == learner.pk


def test_a_key_is_never_logged(learner: User, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    new = make_key(learner)
    texts = [new.text, forged(new.row.prefix), new.text[:-1], KeyText.new().text]
    for text in texts:
        ask(text)
    api_keys.revoke(key=new.row, visit=VISIT)
    ask(new.text)
    kept = caplog.text + "".join(LoginHistory.objects.values_list("reason", flat=True))
    assert not any(text[21:] in kept for text in texts)


# -- Scopes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scopes", "reads", "writes"),
    [
        (["read"], True, False),
        (["write"], True, True),
        (["tutorials:read"], True, False),
        (["tutorials:write"], True, True),
        (["community:write"], False, False),
        (["community:write", "account:write", "billing:read"], False, False),
        (["community:read", "tutorials:read"], True, False),
    ],
)
def test_a_key_opens_what_its_scopes_name(learner: User, scopes: list[str], reads: bool, writes: bool) -> None:
    text = make_key(learner, scopes=scopes).text
    for address in ("/api/echo", "/api/public"):
        assert (ask(text, address).status_code == 200) is reads
        assert (ask(text, address, method="POST").status_code == 200) is writes
        assert ask(text, "/api/closed").status_code == 403


def test_a_refusal_names_the_scope_that_is_missing(learner: User) -> None:
    text = make_key(learner, scopes=["community:read"]).text
    for method, needed in (("GET", "read"), ("POST", "write")):
        problem = ask(text, method=method).json()
        assert (problem["status"], problem["code"]) == (403, "missing_scope")
        assert problem["detail"] == f"This API key does not have the scope “tutorials:{needed}”."


def test_a_refusal_for_another_reason_does_not_speak_of_keys(learner: User) -> None:
    client = Client()
    client.force_login(learner)
    problem = client.get("/api/users").json()
    assert (problem["status"], problem["code"]) == (403, "permission_denied")
    assert "key" not in problem["detail"]


def test_no_key_manages_keys_sessions_or_the_account(learner: User) -> None:
    new = make_key(learner, scopes=["read", "write"])
    number = new.row.pk
    closed = [
        ("GET", "/api/users/me/api-keys"),
        ("POST", "/api/users/me/api-keys"),
        ("GET", f"/api/users/me/api-keys/{number}"),
        ("DELETE", f"/api/users/me/api-keys/{number}"),
        ("POST", f"/api/users/me/api-keys/{number}/rotate"),
        ("GET", "/api/users/me/sessions"),
        ("DELETE", "/api/users/me/sessions"),
        ("GET", "/api/users/me/login-history"),
        ("POST", "/api/users/me/export"),
        ("DELETE", "/api/users/me"),
    ]
    for method, address in closed:
        problem = ask(new.text, address, method=method).json()
        assert (problem["status"], problem["code"]) == (403, "api_key_refused"), address
    assert ApiKey.objects.get().is_alive


def test_tutorials_are_open_to_keys_with_that_scope_only(learner: User) -> None:
    assert ask(make_key(learner, scopes=["tutorials:read"]).text, "/api/tutorials").status_code == 200
    assert ask(make_key(learner, scopes=["community:read"]).text, "/api/tutorials").status_code == 403


# -- At once ------------------------------------------------------------------------------------


def revoke(new: NewKey) -> None:
    api_keys.revoke(key=new.row, visit=VISIT)


def rotate(new: NewKey) -> None:
    exchange(new.row, overlap_hours=0)


def ban(new: NewKey) -> None:
    person = User.objects.get(pk=new.row.user_id)
    person.is_active = False
    person.save()


def wait_for_erasure(new: NewKey) -> None:
    person = User.objects.get(pk=new.row.user_id)
    person.erase_after = timezone.now()
    person.save(update_fields=["erase_after"])


def delete_person(new: NewKey) -> None:
    User.objects.get(pk=new.row.user_id).delete()


def delete_people(new: NewKey) -> None:
    User.objects.filter(pk=new.row.user_id).delete()


def delete_key(new: NewKey) -> None:
    ApiKey.objects.get(pk=new.row.pk).delete()


def delete_keys(new: NewKey) -> None:
    ApiKey.objects.filter(pk=new.row.pk).delete()


def revoke_all(new: NewKey) -> None:
    assert User.objects.get(pk=new.row.user_id).api_keys.revoke() == 1


def expire_in_the_admin(new: NewKey) -> None:
    key = ApiKey.objects.get(pk=new.row.pk)
    key.expires_at = timezone.now()
    key.save()


ENDS = [
    *(revoke, rotate, ban, wait_for_erasure, delete_person, delete_people, delete_key, delete_keys, revoke_all),
    expire_in_the_admin,
]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("end", ENDS)
def test_what_ends_a_key_acts_at_once(learner: User, end: Callable[[NewKey], None]) -> None:
    new = make_key(learner)
    assert opens(new)
    assert opens(new)
    end(new)
    assert not opens(new)
    cache.clear()
    assert not opens(new)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("end", ENDS)
def test_who_looked_before_the_end_does_not_keep_the_key_alive(learner: User, end: Callable[[NewKey], None]) -> None:
    """The one reads the row, then the other ends the key, and only then the first one remembers what it read."""
    new = make_key(learner)
    shown = KeyText.read(new.text)

    class LateMemory(type(caches["default"])):  # type: ignore[misc]  # the shipped cache, held up on its way
        def add(self, *args: Any, **kwargs: Any) -> bool:
            if not ended:
                ended.append(True)
                end(new)
            return bool(super().add(*args, **kwargs))

    ended: list[bool] = []
    shipped = caches["default"]
    caches["default"] = LateMemory(shipped._servers, {"KEY_PREFIX": "cache", "OPTIONS": shipped._options})  # type: ignore[attr-defined]
    try:
        assert api_keys.find_alive(new.text).prefix == shown.prefix
    finally:
        caches["default"] = shipped
    assert ended
    assert not opens(new)


@pytest.mark.django_db(transaction=True)
def test_of_many_who_use_a_key_while_it_is_revoked_none_gets_in_after_the_answer(learner: User) -> None:
    for _ in range(30):
        new = make_key(learner)
        ApiKey.objects.update(rate=10**6)
        ready, revoked, stop = threading.Barrier(5), threading.Event(), threading.Event()
        with ThreadPoolExecutor(4) as pool:
            threads = [pool.submit(late_uses, new, ready, revoked, stop) for _ in range(4)]
            ready.wait()
            api_keys.revoke(key=new.row, visit=VISIT)
            revoked.set()
            began = time.monotonic()
            wait_until(lambda: time.monotonic() > began + 0.02)  # noqa: B023 - called at once
            stop.set()
            assert [thread.result() for thread in threads] == [0] * 4


def late_uses(new: NewKey, ready: threading.Barrier, revoked: threading.Event, stop: threading.Event) -> int:
    """Use a key as fast as possible; how often that went well although revoking had answered before."""
    late = 0
    try:
        ready.wait()
        while not stop.is_set():
            too_late = revoked.is_set()
            try:
                api_keys.find_alive(new.text)
            except InvalidKey:
                continue
            late += too_late
    finally:
        connection.close()
    return late


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline


@pytest.mark.django_db(transaction=True)
def test_what_changes_of_the_person_is_seen_by_the_next_request(learner: User) -> None:
    new = make_key(learner)
    ask(new.text)
    learner.email = "lea@howtoai.example"
    learner.save(update_fields=["email"])
    assert ask(new.text).json()["email"] == "lea@howtoai.example"


@pytest.mark.django_db(transaction=True)
def test_a_person_who_is_let_in_again_can_use_the_keys_again(learner: User) -> None:
    new = make_key(learner)
    ban(new)
    assert not opens(new)
    learner.refresh_from_db()
    learner.is_active = True
    learner.save()
    assert opens(new)


def test_a_remembered_key_still_expires_on_time(learner: User, django_assert_num_queries: Any) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        text = make_key(learner, expires_at=NOON + timedelta(seconds=30)).text
        api_keys.find_alive(text)
        clock.shift(30)
        with django_assert_num_queries(0), pytest.raises(InvalidKey, match="expired"):
            api_keys.find_alive(text)


def test_changing_our_secret_ends_all_keys_also_those_remembered(learner: User, settings: Any) -> None:
    new = make_key(learner)
    assert opens(new)
    settings.API_KEY_SECRET = "another secret"
    assert not opens(new)


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_for_somebody_who_is_changing_the_key(learner: User) -> None:
    """Its use is then noted the next time."""
    new = make_key(learner)

    def use() -> bool:
        try:
            return opens(new)
        finally:
            connection.close()

    with transaction.atomic(), ThreadPoolExecutor(1) as pool:
        ApiKey.objects.select_for_update().get(pk=new.row.pk)
        assert pool.submit(use).result(timeout=4)
    assert ApiKey.objects.get().last_used_at is None
    assert opens(new)


# -- Limits -------------------------------------------------------------------------------------


def test_a_key_has_so_many_requests_in_a_minute(learner: User) -> None:
    new, other = make_key(learner), make_key(learner)
    ApiKey.objects.filter(pk=new.row.pk).update(rate=3)
    with time_machine.travel(NOON, tick=False) as clock:
        assert [ask(new.text).status_code for _ in range(5)] == [200, 200, 200, 429, 429]
        refusal = ask(new.text)
        assert refusal.json()["code"] == "throttled"
        assert 1 <= int(refusal["Retry-After"]) <= 60
        assert opens(other)
        clock.shift(int(refusal["Retry-After"]))
        assert opens(new)


def test_refused_keys_do_not_use_up_the_limit_of_their_owner(learner: User) -> None:
    new = make_key(learner)
    ApiKey.objects.update(rate=2)
    for _ in range(5):
        assert ask(forged(new.row.prefix)).status_code == 401
    assert opens(new)


# -- Without a cache ----------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_without_a_cache_a_key_works_with_one_query_each_time(
    learner: User, settings: Any, django_assert_num_queries: Any
) -> None:
    new = make_key(learner)
    location = f"unix://{os.environ['VAR_DIR']}/nobody-listens.sock"
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": location}}
    for _ in range(3):
        with django_assert_num_queries(1):
            assert opens(new)
    learner.save()
    assert ask("hta_").status_code == 401
    api_keys.revoke(key=new.row, visit=VISIT)
    assert not opens(new)


# -- Any order ----------------------------------------------------------------------------------

FOR_EVER = datetime.max.replace(tzinfo=UTC)
MOST = 12  # so that no limit is reached


@dataclass
class Held:
    """What should be true of one key, told without looking at our code."""

    new: NewKey
    ends: datetime
    lifetime: timedelta | None
    successor: Held | None = None


class World:
    def __init__(self, clock: time_machine.Traveller) -> None:
        self.clock = clock
        self.person = make_user()
        self.held: list[Held] = []

    def alive(self, key: Held) -> bool:
        return self.person.is_active and key.ends > timezone.now()

    def hold(self, new: NewKey, lifetime: timedelta | None) -> Held:
        held = Held(new, timezone.now() + lifetime if lifetime else FOR_EVER, lifetime)
        assert (new.row.expires_at or FOR_EVER) == held.ends
        self.held.append(held)
        return held

    def make(self, lifetime: timedelta | None = None) -> None:
        if self.person.is_active and len(self.held) < MOST:
            self.hold(make_key(self.person, expires_at=timezone.now() + lifetime if lifetime else None), lifetime)

    def rotate(self, key: Held, hours: int) -> None:
        if self.alive(key) and key.successor is None and len(self.held) < MOST:
            new = exchange(key.new.row, overlap_hours=hours)
            key.successor = self.hold(new, key.lifetime)
            key.ends = min(key.ends, timezone.now() + timedelta(hours=hours))

    def revoke(self, key: Held) -> None:
        api_keys.revoke(key=key.new.row, visit=VISIT)
        key.ends = min(key.ends, timezone.now())

    def let_in(self, *, is_active: bool) -> None:
        self.person.is_active = is_active
        self.person.save()

    def forget(self) -> None:
        cache.clear()

    def check(self, key: Held) -> None:
        try:
            found = api_keys.find_alive(key.new.text)
        except InvalidKey:
            assert not self.alive(key)
        else:
            assert self.alive(key)
            assert found.pk == key.new.row.pk


TO_ALL: dict[str, Callable[[World], None]] = {
    "make": World.make,
    "make for an hour": lambda world: world.make(timedelta(hours=1)),
    "ban": lambda world: world.let_in(is_active=False),
    "let in": lambda world: world.let_in(is_active=True),
    "move the clock": lambda world: world.clock.shift(timedelta(minutes=20)),
    "forget": World.forget,
}
TO_ONE: dict[str, Callable[[World, Held], None]] = {
    "use": World.check,
    "revoke": World.revoke,
    "rotate": lambda world, key: world.rotate(key, 2),
    "rotate at once": lambda world, key: world.rotate(key, 0),
}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.sampled_from([*TO_ALL, *TO_ONE]), st.integers(0, 5)), max_size=25))
def test_in_whatever_order_things_happen_exactly_the_living_keys_open(db: None, steps: list[tuple[str, int]]) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        cache.clear()
        world = World(clock)
        for step, which in steps:
            if step in TO_ALL:
                TO_ALL[step](world)
            elif world.held:
                TO_ONE[step](world, world.held[which % len(world.held)])
            for key in world.held:
                world.check(key)
