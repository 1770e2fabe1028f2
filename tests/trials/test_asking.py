"""What the attack asks is all that can be asked, and what it gets is judged."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import Client

from accounts.forms.listing import PeopleListForm
from analytics.api.figures import SeriesSerializer, ViewSerializer
from common.forms import PlaceForm
from community.forms.listing import PostListForm
from community.forms.searching import SearchForm
from config.embedded import Place
from config.env import BASE_DIR
from tests.architecture.test_routes import all_routes
from tests.trials.leaky import leaky
from trials.attack.asking import asking
from trials.attack.crawl import Form, Page, Walk
from trials.attack.people import Browser
from trials.attack.targets import API, LEFT_OUT, TESTER, VISITOR, Target, described, targets, why_left_out
from trials.platform import Platform, Postbox
from tutorials.forms.finding import TutorialListForm


def test_every_parameter_of_lists_that_have_a_form_is_known_to_the_attack(db: None) -> None:
    place = set(PlaceForm().fields)
    known = {
        "/api/tutorials": set(TutorialListForm().fields),
        "/api/posts": set(PostListForm({}, user=AnonymousUser()).fields) | set(SearchForm().fields),
        "/api/users": set(PeopleListForm().fields),
        "/api/analytics/summary": set(ViewSerializer().fields),
        "/api/analytics/series": set(SeriesSerializer().fields),
        "/api/posts/similar": {"title"},
        "/api/notifications": {"unread"} | place,
    }
    assert {path: set(names) for path, names in API.items()} == {path: known.get(path, place) for path in API}


@pytest.fixture
def schema(client: Client, db: None) -> Any:
    return client.get("/api/schema", headers={"Accept": "application/json"}).json()


def names_of(operation: dict[str, Any], schema: dict[str, Any]) -> set[str]:
    """As the schema itself tells them: path, query, and the first names of the JSON."""
    names = {
        f"{{{each['name']}}}" if each["in"] == "path" else each["name"]
        for each in operation.get("parameters", [])
        if each["in"] != "header"
    }
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content:
        shape = schema["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
        names |= {f".{name}" for name in shape["properties"]}
    return names


def test_every_parameter_of_the_api_is_known_to_the_attack(schema: dict[str, Any]) -> None:
    """Of every operation, be it in the path, the query or the JSON; but no header, and no file that is sent up."""
    known = {(target.method, target.path): target.parameters for target in targets([], described(schema))}
    asked = 0
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            wanted = names_of(operation, schema)
            told = known.get((method.upper(), path), [])
            # Inside of lists and objects names go on: ".events.0.name" is of ".events".
            short = {"." + name.split(".")[1] if name.startswith(".") else name for name in told}
            assert wanted == short, f"{method} {path}"
            asked += len(told)
    assert asked > 300


def test_what_is_left_out_are_three_addresses_and_the_book_says_which() -> None:
    left_out = {route for route in all_routes() if why_left_out("/" + route)}
    assert left_out == {
        "accounts/logout/",
        "settings/sessions/<uuid:session_id>/end/",
        "accounts/2fa/totp/deactivate/",
    }
    book = " ".join((BASE_DIR / "docs" / "security.md").read_text().split())
    assert [why for why in LEFT_OUT.values() if why not in book] == []


def test_parameters_are_taken_from_links_forms_and_the_schema(browser: Browser) -> None:
    walk = Walk(browser, status={"/search/?q=x&kind=posts": 200, "/about/": 200, "/search/?q=y&kind=posts": 200})
    walk.forms = {
        Form("post", "/community/posts/7/report/", (("reason", ""), ("csrfmiddlewaretoken", "t"))),
        Form("post", "/community/posts/8/report/", (("reason", ""),)),
        Form("post", "/accounts/logout/", (("sure", "yes"),)),
        Form("post", "/settings/sessions/end-others/", (("sure", "yes"),)),
    }
    found = targets([walk], [Target("GET", "/api/things", (("sort", ""),))])
    assert Target("GET", "/search/", (("q", "x"), ("kind", "posts"))) in found
    assert Target("GET", "/api/things", (("sort", ""),)) in found
    # One of those that differ in a number.
    assert [(each.method, each.fields) for each in found if "report" in each.path] == [("POST", (("reason", ""),))]
    assert not any("logout" in each.path for each in found)
    assert any("end-others" in each.path for each in found)


def test_what_takes_things_away_is_asked_last() -> None:
    wanted = [
        Target("DELETE", "/api/posts/{id}", places=(("id", "1"),)),
        Target("PUT", "/api/users/{id}/ban", places=(("id", "1"),), body='{"reason": "x"}'),
        Target("POST", "/api/posts", body='{"title": "x"}'),
    ]
    found = [target for target in targets([], wanted) if target.method != "GET"]
    assert [target.path for target in found] == ["/api/posts", "/api/users/{id}/ban", "/api/posts/{id}"]


def test_one_question_changes_one_parameter() -> None:
    target = Target("PUT", "/api/{slug}", (("q", "x"),), (("slug", "one"),), '{"a": [{"b": "1", "c": 2}], "d": null}')
    assert target.parameters == ["{slug}", "q", ".a.0.b", ".a.0.c", ".d"]

    def asked(name: str) -> tuple[str, str]:
        one = target.request(lambda each, value: "' /" if each == name else value)
        return one.address, one.content

    plain = '{"a": [{"b": "1", "c": 2}], "d": null}'
    assert asked("") == ("/api/one?q=x", plain)
    assert asked("{slug}") == ("/api/%27%20%2F?q=x", plain)
    assert asked("q") == ("/api/one?q=%27+%2F", plain)
    assert asked(".a.0.c") == ("/api/one?q=x", '{"a": [{"b": "1", "c": "\' /"}], "d": null}')
    assert asked(".d") == ("/api/one?q=x", '{"a": [{"b": "1", "c": 2}], "d": "\' /"}')


class Threads(ThreadingMixIn, WSGIServer):
    """One question does not wait for another that sleeps."""

    daemon_threads = True


@pytest.fixture
def full_of_holes(tmp_path: Path, db: None) -> Iterator[Browser]:
    class Quiet(WSGIRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
            """Says nothing."""

    given = connection.get_connection_params()
    names = {name: given[name] for name in ("dbname", "user", "password", "host", "port") if name in given}
    server = make_server("127.0.0.1", 0, leaky(**names), server_class=Threads, handler_class=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Browser(
        Platform(tmp_path, server.server_port, {}, Place(tmp_path), "", Postbox(), tmp_path / "up.log"), "", 7
    )
    server.shutdown()
    server.server_close()


def test_a_hole_would_be_found_in_every_place(full_of_holes: Browser) -> None:
    holes = [
        Target("GET", "/query", (("q", "one"),)),
        Target("GET", "/path/{slug}", places=(("slug", "one"),)),
        Target("POST", "/form", (("q", "one"),)),
        Target("PUT", "/json", body='{"texts": [{"q": "one"}]}'),
    ]
    sound = Target("GET", "/sound", (("q", "one"),))
    browsers = {TESTER: full_of_holes, VISITOR: full_of_holes}
    said: list[str] = []
    plain = [target.request(lambda _, value: value) for target in holes]
    answers = [full_of_holes.send(one.method, one.address, one.content, one.kind) for one in plain]
    assert {(answer.status_code, answer.text) for answer in answers} == {(200, "[('one',)]")}
    findings = list(asking(browsers, [*holes, sound], said.append, seconds=60))
    places = {finding.where.split()[1] for finding in findings}
    assert places == {"/query", "/path/{slug}", "/form", "/json"}
    assert {finding.what for finding in findings} >= {"an answer of 500", "words of the database in an answer"}
    assert said[0] == "5 parameters of 5 targets, 12.0 texts each of 12"


def test_too_little_time_is_a_finding(full_of_holes: Browser) -> None:
    browsers = {TESTER: full_of_holes, VISITOR: full_of_holes}
    findings = list(asking(browsers, [Target("GET", "/sound", (("q", "x"),))], lambda _: None, seconds=0))
    assert [finding.what for finding in findings] == ["the time was over before every parameter was asked"]


def test_links_and_forms_of_a_page_are_found() -> None:
    page = Page(
        '<a href="/x/">x</a><form method="post" action="/y/"><input name="a" value="1"><select name="b"></form>'
    )
    assert page.links == ["/x/"]
    assert page.forms == [Form("post", "/y/", (("a", "1"), ("b", "")))]
