"""The schema is valid, complete, and says of each operation what a client needs to know."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from django.test import Client
from django.urls import get_resolver
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from openapi_spec_validator import validate

from common.openapi import Limit
from common.openapi.inspecting import ApiSchema, route_names
from ops import contract
from tests.architecture.test_routes import all_routes
from tests.contract.holding import hold, operations, resolved
from tutorials.api.views.learning import ProgressView

# For people: what they show is the schema.
PAGES = {"api/docs", "api/docs/<slug:group>"}
METHODS = {"get", "post", "put", "patch", "delete"}


def shape(path: str) -> str:
    """A path without the names of its placeholders, which routes and schema spell differently."""
    return re.sub(r"<[^>]+>|\{[^}]+\}", "{}", path.lstrip("/"))


def document() -> dict[str, Any]:
    return contract.current().document


def bodies() -> Iterator[tuple[str, dict[str, Any]]]:
    """Everything that has a schema and an example: what operations take and what they answer."""
    for name, operation in operations().items():
        for media in operation.get("requestBody", {}).get("content", {}).values():
            yield f"{name} takes", media
        for status, response in operation["responses"].items():
            for media in resolved(response).get("content", {}).values():
                yield f"{name} answers {status}", media


def test_the_schema_is_valid_and_made_without_a_warning() -> None:
    GENERATOR_STATS.reset()
    made = SchemaGenerator().get_schema(request=None, public=True)
    assert not GENERATOR_STATS
    assert made["openapi"] == "3.1.0"
    validate(made)


def test_every_route_is_described_and_none_is_invented() -> None:
    routes = {shape(route) for route in all_routes() if route.startswith("api/")} - {shape(page) for page in PAGES}
    assert {shape(path) for path in document()["paths"]} == routes


def test_every_method_of_every_route_is_described() -> None:
    described = {(shape(path), method) for path, methods in document()["paths"].items() for method in methods}
    there = set()
    for route, callback in callbacks(get_resolver().url_patterns):
        if route.startswith("api/") and route not in PAGES:
            there |= {(shape(route), method) for method in METHODS if hasattr(callback.cls, method)}
    assert described == there


def callbacks(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from callbacks(pattern.url_patterns, route)
        else:
            yield route, pattern.callback


def test_a_view_that_says_nothing_is_named() -> None:
    class Silent(ProgressView):
        def get(self) -> None: ...  # type: ignore[override]

    inspector = ApiSchema()
    inspector.view, inspector.method = Silent(), "GET"
    with pytest.raises(AttributeError, match=r"Silent\.get says nothing of itself"):
        assert inspector.told


def test_routes_have_names_of_their_own() -> None:
    assert len(set(route_names().values())) == len(route_names())


def test_every_operation_says_what_it_is_who_may_ask_and_how_it_may_fail() -> None:
    groups = {tag["name"] for tag in document()["tags"]}
    for name, operation in operations().items():
        assert operation["summary"], name
        assert set(operation["tags"]) <= groups, name
        assert "security" in operation, name
        assert {"400", "414", "500", "503"} <= operation["responses"].keys(), name
        for status, response in operation["responses"].items():
            told = resolved(response)
            assert "X-Request-ID" in told["headers"], (name, status)
            assert ("Retry-After" in told["headers"]) == (status in ("429", "503")), (name, status)
            assert int(status) < 400 or set(told["content"]) == {"application/problem+json"}, (name, status)


def test_every_group_has_operations() -> None:
    used = {tag for operation in operations().values() for tag in operation["tags"]}
    assert used == {tag["name"] for tag in document()["tags"]}


def test_every_body_has_an_example_that_is_as_its_schema_says() -> None:
    # Most are the same few problems.
    told = {json.dumps(media): (where, media) for where, media in bodies() if not is_upload(media)}
    for where, media in told.values():
        assert "example" in media, where
        schema = media["schema"] | {"components": document()["components"]}
        validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
        fault = next(validator.iter_errors(media["example"]), None)
        assert fault is None, (where, fault.message, media["example"])


def is_upload(media: dict[str, Any]) -> bool:
    """A form with a file, of which there is no example as JSON."""
    return str(media["schema"].get("$ref", "")).endswith("/UploadRequest")


def test_the_four_ways_in_are_told_of() -> None:
    assert document()["components"]["securitySchemes"].keys() == {"apiKey", "bearer", "cookie", "csrfToken", "session"}
    reading = operations()["get_tutorials"]["security"]
    assert {} in reading
    assert {"apiKey": ["tutorials:read"]} in reading
    writing = operations()["post_posts"]["security"]
    assert {} not in writing
    assert {"cookie": [], "csrfToken": []} in writing
    assert not any("apiKey" in way for way in operations()["put_subscription"]["security"])
    assert operations()["post_login"]["security"] == [{}]


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (Limit("20/h", "from one network"), "20 an hour from one network"),
        (Limit("1200/m", "of one person"), "1,200 a minute of one person"),
        (Limit("60/10m", "of one person"), "60 in 10 minutes of one person"),
    ],
)
def test_limits_are_said_in_words(limit: Limit, words: str) -> None:
    assert str(limit) == words


def test_limits_stand_with_the_operation() -> None:
    signing_up = operations()["post_signup"]
    assert signing_up["x-rate-limits"] == [{"rate": "20/h", "of": "from one network"}]
    assert "20 an hour from one network" in signing_up["responses"]["429"]["description"]


# The door


@pytest.mark.django_db
def test_everybody_reads_the_schema_without_a_query(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        response = Client().get("/api/schema")
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    assert response["Cache-Control"] == "public, max-age=300"
    assert response.json() == document()
    assert not response.cookies


def test_who_has_it_is_told_so(db: None) -> None:
    etag = Client().get("/api/schema")["ETag"]
    again = Client().get("/api/schema", headers={"If-None-Match": etag})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)
    assert Client().get("/api/schema", headers={"If-None-Match": '"other"'}).status_code == 200


def test_nobody_writes_it(db: None) -> None:
    response = Client().post("/api/schema")
    assert response.status_code == 405
    assert response["Content-Type"] == "application/problem+json"


# What holds the answers of all other tests to it (tests/contract/holding.py) finds what is wrong


class Answer(dict[str, str]):
    def __init__(self, status_code: int, content: bytes, **headers: str) -> None:
        super().__init__({"X-Request-ID": "x", "Content-Type": "application/json"} | headers)
        self.status_code, self.content = status_code, content


GOOD = b'{"fraction": 0.5, "seconds": 3, "block": null, "completed_at": null}'


def test_an_answer_as_told_is_let_pass() -> None:
    hold("get_progress", Answer(200, GOOD))


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (Answer(201, GOOD), "answered 201, which the schema does not tell of"),
        (Answer(200, GOOD.replace(b"}", b', "more": 1}')), "otherwise than told"),
        (Answer(200, GOOD.replace(b'"seconds": 3, ', b"")), "otherwise than told"),
        (Answer(200, GOOD.replace(b"0.5", b'"half"')), "otherwise than told"),
        (Answer(200, GOOD, **{"Content-Type": "text/html"}), "answered text/html"),
        (Answer(429, b"{}", **{"Content-Type": "application/problem+json"}), "without Retry-After"),
    ],
)
def test_an_answer_that_is_not_told_of_is_found(answer: Answer, fault: str) -> None:
    with pytest.raises(AssertionError, match=fault):
        hold("get_progress", answer)


@pytest.mark.parametrize("method", ["POST", "QUERY", "DELETE"])
def test_who_sends_something_to_the_schema_hears_that_it_is_only_read(method: str) -> None:
    """And not that a form has expired: it is none of the views of the API that look at cookies."""
    answer = Client(enforce_csrf_checks=True).generic(method, "/api/schema")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
