"""Those who call the API in tests."""

from __future__ import annotations

from typing import Any

from django.test import Client

from accounts.models import User


class Caller:
    """Somebody, or a visitor (None), who sends JSON to `/api/…`; what comes back has `.json()`."""

    def __init__(self, user: User | None = None) -> None:
        self.client = Client()
        if user is not None:
            self.client.force_login(user)

    def get(self, path: str, *, if_none_match: str = "") -> Any:
        return self.client.get(f"/api/{path}", headers={"If-None-Match": if_none_match} if if_none_match else None)

    def post(self, path: str, body: Any = None) -> Any:
        return self.send("post", path, body)

    def put(self, path: str, body: Any = None) -> Any:
        return self.send("put", path, body)

    def patch(self, path: str, body: Any = None, *, if_match: str | None = None) -> Any:
        return self.send("patch", path, body, headers=None if if_match is None else {"If-Match": if_match})

    def delete(self, path: str) -> Any:
        return self.send("delete", path, None)

    def send(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        """A text is sent as it is, which need not be JSON."""
        data = {} if body is None else body
        return getattr(self.client, method)(f"/api/{path}", data, content_type="application/json", headers=headers)


def faults(response: Any) -> set[tuple[str, str]]:
    """The fields and codes of invalid input."""
    assert response.status_code == 400, response.content
    assert response["Content-Type"] == "application/problem+json"
    return {(error["field"], error["code"]) for error in response.json()["errors"]}


def words(response: Any) -> dict[str, str]:
    """What is said of each field."""
    assert response.status_code == 400, response.content
    return {error["field"]: error["detail"] for error in response.json()["errors"]}


def refusal(response: Any) -> tuple[int, str]:
    """Status and code of a problem."""
    assert response["Content-Type"] == "application/problem+json"
    return response.status_code, response.json()["code"]
