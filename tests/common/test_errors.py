"""A failure looks like us to a person and like RFC 9457 to a program."""

from typing import Any

import pytest
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from accounts.models import User
from config import urls
from tests.factories import make_tutorial


@login_not_required
def explode(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a detail that nobody outside may see")


handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500
urlpatterns = [path("explode/", explode), path("api/explode", explode), *urls.urlpatterns]

PROBLEM_KEYS = {"type", "title", "status", "detail", "instance", "code", "request_id"}


def problem(response: Any, status: int) -> dict[str, Any]:
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["status"] == status
    assert body["request_id"] == response["X-Request-ID"]
    assert body.keys() - {"errors"} == PROBLEM_KEYS
    return body


def test_a_form_that_had_expired_says_so_and_blames_nobody() -> None:
    response = Client(enforce_csrf_checks=True).post("/accounts/login/", {"login": "lea@howtoai.example"})
    page = response.content.decode()
    assert response.status_code == 403
    assert "This form had expired" in page
    assert "ask the person who sent you here" not in page


@pytest.mark.parametrize("address", ["/nothing-here/", "/tutorials/unknown/", "/tutorials/UPPER%00/"])
def test_a_person_gets_a_404_page_in_our_look(visitor: Client, address: str) -> None:
    response = visitor.get(address)
    assert response.status_code == 404
    assert b"There is nothing at this address." in response.content
    assert b"</html>" in response.content


@pytest.mark.parametrize("address", ["/api/nothing", "/api/tutorials/unknown", "/api/tutorials/"])
def test_a_program_gets_a_404_problem(visitor: Client, address: str) -> None:
    body = problem(visitor.get(address), 404)
    assert body["code"] == "not_found"
    assert body["instance"] == address


def test_a_wrong_method_is_a_405_problem(visitor: Client, db: None) -> None:
    assert problem(visitor.post("/api/topics"), 405)["code"] == "method_not_allowed"


@override_settings(ROOT_URLCONF=__name__)
def test_a_500_shows_the_request_id_and_nothing_else() -> None:
    client = Client(raise_request_exception=False)
    page = client.get("/explode/")
    assert page.status_code == 500
    assert page["X-Request-ID"].encode() in page.content
    assert b"nobody outside" not in page.content
    assert "nobody outside" not in problem(client.get("/api/explode"), 500)["detail"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("cursor=nonsense", "cursor"),
        ("page_size=0", "page_size"),
        ("page_size=101", "page_size"),
        ("page_size=ten", "page_size"),
        ("topic=unknown", "topic"),
        ("difficulty=hard", "difficulty"),
        ("access=stolen", "access"),
        ("q=%00", "q"),
        ("q=" + "a" * 201, "q"),
        ("topic=%00", "topic"),
        ("exact=1", "exact"),
        ("exact=maybe", "exact"),
    ],
)
def test_bad_parameters_are_named_at_both_doors(visitor: Client, db: None, query: str, field: str) -> None:
    make_tutorial()
    body = problem(visitor.get(f"/api/tutorials?{query}"), 400)
    assert [error["field"] for error in body["errors"]] == [field]
    page = visitor.get(f"/tutorials/?{query}")
    assert page.status_code == 400
    assert f"{field}: {body['errors'][0]['detail']}" in page.content.decode().replace("&#x27;", "'").replace(
        "&quot;", '"'
    )


@pytest.mark.parametrize("address", ["/tutorials/x/", "/api/tutorials/x", "/admin/"])
def test_a_null_character_in_a_cookie_is_a_400(visitor: Client, address: str) -> None:
    visitor.cookies["sessionid"] = "a\0b"
    assert visitor.get(address).status_code == 400


def test_a_null_character_in_the_admin_is_a_400(client: Client, admin: User) -> None:
    client.force_login(admin)
    for query in ("status__exact=%00", "difficulty__in=a,%00", "%00=1", "q=%00"):
        assert client.get(f"/admin/tutorials/tutorial/?{query}").status_code == 400


def test_an_endless_query_string_is_refused_before_anything_reads_it(visitor: Client) -> None:
    assert visitor.get("/tutorials/?q=" + "a" * 10_000).status_code == 414
    problem(visitor.get("/api/tutorials?q=" + "a" * 10_000), 414)


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/x-www-form-urlencoded"])
def test_a_body_that_is_too_large_is_refused_at_both_doors(visitor: Client, db: None, kind: str) -> None:
    body = b"[" + b"1," * 600_000 + b"1]"
    problem(visitor.post("/api/auth/login", body, content_type=kind), 413)
    assert visitor.post("/accounts/login/", body, content_type=kind).status_code == 413


def test_a_foreign_host_is_a_400(visitor: Client) -> None:
    assert visitor.get("/", headers={"host": "evil.example"}).status_code == 400


@override_settings(DEBUG=True)
def test_development_says_what_is_wrong_too(visitor: Client, db: None) -> None:
    assert b"difficulty: Choose beginner" in visitor.get("/tutorials/?difficulty=hard").content


@override_settings(DEBUG=True)
def test_development_shows_the_same_404_page(visitor: Client) -> None:
    response = visitor.get("/nothing-here/")
    assert b"There is nothing at this address." in response.content
    assert b"URLconf" not in response.content
