"""Oneself, one's devices and history, and other people, for programs."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import LoginHistory, Session, User
from accounts.models.history import Event
from accounts.models.sessions import Door, EndReason
from accounts.services import api_keys, sessions
from accounts.visits import Visit
from tests.accounts.clients import log_in
from tests.factories import PASSWORD, make_user

VISIT = Visit(door=Door.API, address="192.0.2.1", device="curl")
ME = {
    *("id", "email", "name", "role", "email_confirmed", "date_joined", "erase_after", "picture"),
    *("handle", "display_name", "bio", "time_zone", "language", "links"),
    *("about_visible_to", "learning_visible_to", "activity_visible_to"),
}


class Program:
    """A program that somebody has signed in with."""

    def __init__(self, authorization: str) -> None:
        self.headers = {"Authorization": authorization}

    def __getattr__(self, method: str) -> Any:
        def call(path: str, body: Any = None) -> Any:
            send = getattr(Client(), method)
            if method == "get":
                return send(path, headers=self.headers)
            return send(path, {} if body is None else body, content_type="application/json", headers=self.headers)

        return call


def program_of(user: User) -> Program:
    """Signed in as a program is, without the trouble of a second factor."""
    return Program(f"Bearer {sessions.issue_tokens(sessions.start(user=user, visit=VISIT)).access}")


def key_of(user: User, *scopes: str) -> Program:
    new = api_keys.make(user=user, name="Key", scopes=scopes, proved_at=timezone.now(), visit=VISIT)
    return Program(f"Api-Key {new.text}")


@pytest.fixture
def program(learner: User) -> Iterator[Program]:
    return program_of(learner)


def faults(response: Any) -> set[tuple[str, str]]:
    assert response.status_code == 400, response.content
    return {(error["field"], error["code"]) for error in response.json()["errors"]}


# -- Oneself --------------------------------------------------------------------------------------


def test_one_reads_all_of_oneself(learner: User, program: Program) -> None:
    response = program.get("/api/users/me")
    body = response.json()
    assert body.keys() == ME
    assert (
        body
        | {
            "id": learner.pk,
            "email": "learner@howtoai.example",
            "name": "Lea Learner",
            "handle": "lea-learner",
            "role": "learner",
            "email_confirmed": True,
            "display_name": "",
            "time_zone": "UTC",
            "links": [],
            "about_visible_to": "everybody",
            "picture": None,
        }
        == body
    )
    assert "no-store" in response["Cache-Control"]


def test_signing_in_says_the_same(learner: User) -> None:
    body = log_in(learner.email)
    assert body["user"] == Program(f"Bearer {body['access']}").get("/api/users/me").json()


def test_one_changes_what_one_names_and_nothing_else(learner: User, program: Program) -> None:
    changes = {
        "name": "Lea L. Learner",
        "handle": "Lea",
        "display_name": "Lea",
        "bio": "I **learn**.",
        "time_zone": "Europe/Vienna",
        "links": ["https://lea.example/"],
        "about_visible_to": "members",
    }
    before = program.get("/api/users/me").json()
    response = program.patch("/api/users/me", changes)
    assert response.status_code == 200, response.content
    assert response.json() == before | changes | {"handle": "lea"}
    assert program.get("/api/users/me").json() == response.json()
    learner.profile.refresh_from_db()
    assert learner.profile.bio_html == "<p>I <strong>learn</strong>.</p>\n"
    assert program.patch("/api/users/me", {}).json() == response.json()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "other@howtoai.example"),
        ("role", "administrator"),
        ("id", 1),
        ("is_staff", True),
        ("is_superuser", True),
        ("is_active", True),
        ("password", "another password of mine"),
        ("email_confirmed", True),
        ("date_joined", "2020-01-01T00:00:00Z"),
        ("erase_after", None),
        ("bio_html", "<script>"),
        ("picture", "https://evil.example/x.webp"),
        ("groups", ["administrator"]),
        ("user", 1),
        ("user_id", 1),
        ("profile", {"bio": "x"}),
        ("user.is_staff", True),
        ("", "x"),
    ],
)
def test_nothing_else_can_be_changed(learner: User, program: Program, field: str, value: Any) -> None:
    before = User.objects.filter(pk=learner.pk).values().get()
    assert faults(program.patch("/api/users/me", {"display_name": "Changed", field: value})) == {
        (field, "not_changeable")
    }
    assert User.objects.filter(pk=learner.pk).values().get() == before
    learner.profile.refresh_from_db()
    assert learner.profile.display_name == ""
    assert learner.role == "learner"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "x" * 151),
        ("name", "Lea\nBcc: all@howtoai.example"),
        ("name", "\u202eaeL"),
        ("name", "a\0b"),
        ("name", None),
        ("name", ["Lea"]),
        ("handle", ""),
        ("handle", "a"),
        ("handle", "lea_learner"),
        ("handle", "-lea"),
        ("handle", "lea--learner"),
        ("handle", "l\u00e9a"),
        ("handle", "x" * 31),
        ("handle", "admin"),
        ("handle", "me"),
        ("handle", "../admin"),
        ("handle", "sam-stranger"),
        ("handle", "SAM-Stranger"),
        ("display_name", "x" * 61),
        ("display_name", "two\u2028lines"),
        ("bio", "x" * 1001),
        ("bio", {"a": 1}),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../../etc/passwd"),
        ("time_zone", ""),
        ("language", "xx"),
        ("links", "https://one.example"),
        ("links", ["https://one.example"] * 6),
        ("links", ["javascript:alert(1)"]),
        ("links", ["ftp://files.example"]),
        ("links", ["not an address"]),
        ("links", ["https://long.example/" + "x" * 200]),
        ("about_visible_to", "friends"),
        ("learning_visible_to", ""),
        ("activity_visible_to", None),
    ],
)
def test_bad_values_are_refused_at_their_field(
    learner: User, stranger: User, program: Program, field: str, value: Any
) -> None:
    before = program.get("/api/users/me").json()
    response = program.patch("/api/users/me", {"display_name": "Changed", field: value})
    assert {name for name, _ in faults(response)} == {field}
    assert program.get("/api/users/me").json() == before


def test_every_fault_is_named_at_once(program: Program) -> None:
    answer = program.patch("/api/users/me", {"name": "a\nb", "handle": "!", "links": ["https://fine.example", "y"]})
    assert {name for name, _ in faults(answer)} == {"name", "handle", "links"}
    assert [error["detail"] for error in answer.json()["errors"] if error["field"] == "links"] == [
        "Link 2: Write an address that begins with https:// or http://.",
    ]


@pytest.mark.parametrize("body", ["[]", '"x"', "null", "7", "{", '{"name": "\\ud800"}'])
def test_what_is_no_object_is_refused(learner: User, program: Program, body: str) -> None:
    response = program.patch("/api/users/me", body)
    assert response.status_code == 400, response.content
    assert response["Content-Type"] == "application/problem+json"


def test_very_many_unknown_fields_get_a_short_answer(program: Program) -> None:
    response = program.patch("/api/users/me", {f"field-{number}": 1 for number in range(5000)})
    assert len(faults(response)) == 20


@pytest.mark.parametrize("path", ["/api/users/me", "/api/users/me/sessions", "/api/users/me/login-history"])
def test_a_visitor_has_no_account(visitor: Client, path: str) -> None:
    response = visitor.get(path)
    assert (response.status_code, response["Content-Type"]) == (401, "application/problem+json")


def test_a_page_changes_a_profile_only_with_the_csrf_token(learner: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(learner)
    response = client.patch("/api/users/me", {"name": "Changed"}, content_type="application/json")
    assert response.status_code == 403
    learner.refresh_from_db()
    assert learner.name == "Lea Learner"


def test_asking_for_erasure_needs_the_password_and_signs_out(learner: User, program: Program) -> None:
    assert faults(program.delete("/api/users/me", {"password": "wrong"})) == {("password", "wrong_password")}
    response = program.delete("/api/users/me", {"password": PASSWORD})
    assert response.status_code == 202, response.content
    learner.refresh_from_db()
    assert response.json().keys() == {"erase_after"}
    assert learner.erase_after is not None
    assert program.get("/api/users/me").status_code == 401


# -- API keys -------------------------------------------------------------------------------------


def test_a_key_reads_and_changes_within_its_scopes(learner: User) -> None:
    reader, writer, other = key_of(learner, "account:read"), key_of(learner, "write"), key_of(learner, "tutorials:read")
    assert reader.get("/api/users/me").json()["id"] == learner.pk
    assert reader.patch("/api/users/me", {"bio": "x"}).json()["code"] == "missing_scope"
    assert writer.patch("/api/users/me", {"bio": "By a program."}).status_code == 200
    assert other.get("/api/users/me").status_code == 403


def test_no_key_erases_or_looks_after_devices(learner: User) -> None:
    key = key_of(learner, "write")
    session = sessions.start(user=learner, visit=VISIT)
    for method, path in [
        ("delete", "/api/users/me"),
        ("get", "/api/users/me/sessions"),
        ("delete", "/api/users/me/sessions"),
        ("delete", f"/api/users/me/sessions/{session.pk}"),
        ("get", "/api/users/me/login-history"),
    ]:
        response = getattr(key, method)(path, {"password": PASSWORD} if path.endswith("me") else None)
        assert response.status_code == 403, (method, path)
    learner.refresh_from_db()
    assert learner.erase_after is None
    assert Session.objects.alive().count() == 1


# -- Other people ---------------------------------------------------------------------------------


def test_everybody_sees_what_somebody_shows(visitor: Client, moderator: User) -> None:
    profile = moderator.profile
    profile.display_name, profile.bio, profile.links = "Mo", "I *moderate*.", ["https://mo.example/"]
    profile.save()
    body = visitor.get(f"/api/users/{moderator.pk}").json()
    assert body == {
        "id": moderator.pk,
        "handle": "mo-moderator",
        "display_name": "Mo",
        "role": "moderator",
        "date_joined": body["date_joined"],
        "picture": None,
        "url": "http://testserver/u/mo-moderator/",
        "bio": "I *moderate*.",
        "bio_html": "<p>I <em>moderate</em>.</p>\n",
        "links": ["https://mo.example/"],
    }
    assert b"moderator@howtoai.example" not in visitor.get(f"/api/users/{moderator.pk}").content


@pytest.mark.parametrize(
    ("audience", "seen"),
    [
        ("everybody", {"visitor", "stranger", "learner"}),
        ("members", {"stranger", "learner"}),
        ("nobody", {"learner"}),
    ],
)
def test_what_is_hidden_looks_as_if_there_were_nothing(
    learner: User, stranger: User, audience: str, seen: set[str]
) -> None:
    profile = learner.profile
    profile.bio, profile.links, profile.about_visible_to = "Secret", ["https://secret.example/"], audience
    profile.save()
    others: dict[str, Any] = {"visitor": Client(), "stranger": program_of(stranger), "learner": program_of(learner)}
    for name, other in others.items():
        body = other.get(f"/api/users/{learner.pk}").json()
        assert (body["bio"], body["bio_html"], body["links"]) == (
            ("Secret", "<p>Secret</p>\n", ["https://secret.example/"]) if name in seen else ("", "", [])
        ), name


@pytest.mark.parametrize("fate", [{"is_active": False}, {"erase_after": timezone.now()}])
def test_who_is_banned_or_leaving_is_not_there(visitor: Client, learner: User, fate: dict[str, Any]) -> None:
    User.objects.filter(pk=learner.pk).update(**fate)
    assert visitor.get(f"/api/users/{learner.pk}").status_code == 404


@pytest.mark.parametrize("number", ["0", "-1", "x", "9" * 30, "1.5", "%00"])
def test_who_does_not_exist_is_not_there(visitor: Client, number: str) -> None:
    response = visitor.get(f"/api/users/{number}")
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("method", ["put", "post", "patch", "delete"])
def test_nobody_writes_to_others(learner: User, stranger: User, method: str) -> None:
    assert getattr(program_of(stranger), method)(f"/api/users/{learner.pk}", {"bio": "x"}).status_code == 405


# -- The list for staff ---------------------------------------------------------------------------


def test_staff_with_the_right_list_people(learner: User, author: User, moderator: User) -> None:
    answer = program_of(moderator).get("/api/users").json()
    assert [person["role"] for person in answer["results"]] == ["moderator", "author", "learner"]
    assert (
        answer["results"][2]
        | {
            "id": learner.pk,
            "email": "learner@howtoai.example",
            "name": "Lea Learner",
            "handle": "lea-learner",
            "display_name": "Lea Learner",
            "is_staff": False,
            "is_active": True,
            "erase_after": None,
        }
        == answer["results"][2]
    )
    assert "password" not in answer["results"][2]


def test_everybody_else_gets_no_list(visitor: Client, learner: User, author: User) -> None:
    assert visitor.get("/api/users").status_code == 401
    assert program_of(learner).get("/api/users").status_code == 403
    assert program_of(author).get("/api/users").status_code == 403
    assert key_of(learner, "read").get("/api/users").status_code == 403


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=LEARNER@howtoai", {"lea-learner"}),
        ("q=ada", {"ada-author"}),
        ("q=Sam-Stranger", {"sam-stranger"}),
        ("q=%25", set()),
        ("q=nobody-at-all", set()),
        ("role=author", {"ada-author"}),
        ("role=learner", {"lea-learner", "sam-stranger"}),
        ("role=learner&q=sam", {"sam-stranger"}),
        ("role=administrator", set()),
    ],
)
def test_the_list_is_narrowed(
    learner: User, author: User, stranger: User, moderator: User, query: str, found: set[str]
) -> None:
    answer = program_of(moderator).get(f"/api/users?{query}")
    assert {person["handle"] for person in answer.json()["results"]} == found


def test_the_role_in_the_list_is_the_one_that_counts(learner: User, moderator: User) -> None:
    """Somebody may have been given a second group by hand."""
    learner.groups.add(Group.objects.get(name="author"))
    listed = program_of(moderator).get("/api/users?role=author").json()["results"]
    assert [(person["id"], person["role"]) for person in listed] == [(learner.pk, "author")]
    assert User.objects.get(pk=learner.pk).role == "author"


@pytest.mark.parametrize(
    "query", ["role=boss", "page_size=0", "page_size=101", "page_size=x", "cursor=x", "q=" + "x" * 201]
)
def test_a_wrong_parameter_is_named(moderator: User, query: str) -> None:
    response = program_of(moderator).get(f"/api/users?{query}")
    assert {name for name, _ in faults(response)} == {query.partition("=")[0]}


def test_the_cursor_leads_through_all_people_and_back(moderator: User) -> None:
    for _ in range(5):
        make_user()
    program = program_of(moderator)
    first = program.get("/api/users?page_size=4").json()
    second = program.get(first["next"]).json()
    numbers = [person["id"] for person in first["results"] + second["results"]]
    assert numbers == sorted(User.objects.values_list("pk", flat=True), reverse=True)
    assert second["next"] is None
    assert program.get(second["previous"]).json()["results"] == first["results"]


# -- Devices --------------------------------------------------------------------------------------


def test_one_sees_ones_own_devices(learner: User, stranger: User, program: Program) -> None:
    sessions.start(user=stranger, visit=VISIT)
    over = sessions.start(user=learner, visit=VISIT)
    sessions.end(session=over, reason=EndReason.REVOKED, visit=VISIT)
    laptop = sessions.start(user=learner, visit=Visit(door=Door.PAGE, address="2001:db8::1", device="Firefox on Linux"))
    found = program.get("/api/users/me/sessions").json()["results"]
    assert [(row["id"] == str(laptop.pk), row["current"]) for row in found] == [(True, False), (False, True)]
    assert found[0].keys() == {
        *("id", "door", "device", "address", "created_at", "last_seen_at", "expires_at", "current")
    }
    assert (found[0]["door"], found[0]["device"], found[0]["address"]) == ("page", "Firefox on Linux", "2001:db8::1")


def test_one_signs_a_device_out_and_its_token_is_dead(learner: User, program: Program) -> None:
    phone = program_of(learner)
    here = next(row["id"] for row in program.get("/api/users/me/sessions").json()["results"] if not row["current"])
    for _ in range(2):
        assert program.delete(f"/api/users/me/sessions/{here}").status_code == 204
    assert phone.get("/api/users/me").status_code == 401
    assert program.get("/api/users/me").status_code == 200
    assert Session.objects.get(pk=here).end_reason == "revoked"
    assert LoginHistory.objects.filter(event=Event.LOGOUT).count() == 1


def test_signing_oneself_out_takes_the_cookies(learner: User) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post(
        "/api/auth/login", {"email": learner.email, "password": PASSWORD}, content_type="application/json"
    )
    assert answer.status_code == 200
    path = f"/api/users/me/sessions/{Session.objects.get().pk}"
    assert client.delete(path).status_code == 403
    response = client.delete(path, headers={"X-CSRFToken": client.cookies["__Host-csrf"].value})
    assert response.status_code == 204
    assert response.cookies["__Host-access"]["max-age"] == 0
    assert Session.objects.get().end_reason == "logged_out"


def test_other_peoples_devices_are_not_there(learner: User, stranger: User, program: Program) -> None:
    theirs = sessions.start(user=stranger, visit=VISIT)
    for session_id in (theirs.pk, uuid.uuid4(), "x"):
        assert program.delete(f"/api/users/me/sessions/{session_id}").status_code == 404
    theirs.refresh_from_db()
    assert theirs.is_alive


def test_one_signs_out_everywhere_else(learner: User, stranger: User, program: Program) -> None:
    others = [program_of(learner), program_of(learner)]
    theirs = program_of(stranger)
    for _ in range(2):
        assert program.delete("/api/users/me/sessions").status_code == 204
    assert [other.get("/api/users/me").status_code for other in others] == [401, 401]
    assert program.get("/api/users/me").status_code == theirs.get("/api/users/me").status_code == 200


def test_the_cursor_leads_through_many_devices(learner: User, program: Program) -> None:
    """Seen at the same moment, as many are: then their ids decide."""
    now = timezone.now()
    for _ in range(4):
        sessions.start(user=learner, visit=VISIT)
    Session.objects.update(last_seen_at=now)
    first = program.get("/api/users/me/sessions?page_size=3").json()
    second = program.get(first["next"]).json()
    assert len({row["id"] for row in first["results"] + second["results"]}) == 5
    assert program.get(second["previous"]).json()["results"] == first["results"]


# -- Login history --------------------------------------------------------------------------------


def test_one_sees_what_happened_at_ones_doors(learner: User, stranger: User, program: Program) -> None:
    program_of(stranger)
    wrong = {"email": learner.email, "password": "wrong horse battery staple"}
    Client().post("/api/auth/login", wrong, content_type="application/json", headers={"User-Agent": "curl/8.5.0"})
    found = program.get("/api/users/me/login-history").json()["results"]
    assert [(row["event"], row["reason"]) for row in found] == [("failure", "wrong password"), ("login", "")]
    assert found[0].keys() == {"at", "event", "door", "device", "address", "reason"}
    assert (found[0]["door"], found[0]["device"], found[0]["address"]) == ("api", "curl", "127.0.0.1")


def test_staff_see_their_own_here_too(learner: User, moderator: User) -> None:
    program_of(learner)
    assert len(program_of(moderator).get("/api/users/me/login-history").json()["results"]) == 1


def test_the_cursor_leads_through_the_history(learner: User, program: Program) -> None:
    now = timezone.now()
    LoginHistory.objects.bulk_create(
        LoginHistory(user=learner, event=Event.REFRESH, door=Door.API, device=str(number), at=now - timedelta(hours=1))
        for number in range(5)
    )
    first = program.get("/api/users/me/login-history?page_size=4").json()
    second = program.get(first["next"]).json()
    assert [row["device"] for row in first["results"][1:] + second["results"]] == list("43210")
    assert program.get(second["previous"]).json()["results"] == first["results"]


# -- Queries --------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api/users", "/api/users/me/sessions", "/api/users/me/login-history"])
def test_twice_the_rows_take_the_same_queries(
    moderator: User, path: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    program = program_of(moderator)

    def more() -> None:
        for _ in range(5):
            make_user(role="author")
            sessions.start(user=moderator, visit=VISIT)

    more()
    # Who asks, and the list; staff also their second factor and their rights.
    expected = 5 if path == "/api/users" else 2
    with django_assert_num_queries(expected):
        few = len(program.get(path).json()["results"])
    more()
    with django_assert_num_queries(expected):
        assert len(program.get(path).json()["results"]) == few + 5


def test_oneself_and_others_take_few_queries(
    learner: User, program: Program, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    # The session with its person and profile; groups and address.
    with django_assert_num_queries(2):
        program.get("/api/users/me")
    # The profile with its person, and the groups.
    with django_assert_num_queries(2):
        Client().get(f"/api/users/{learner.pk}")
