"""Programs and browsers that talk to the API in tests."""

from __future__ import annotations

from typing import Any

from django.test import Client

from tests.factories import PASSWORD


def post(
    path: str,
    body: dict[str, Any] | None = None,
    *,
    client: Client | None = None,
    headers: dict[str, str] | None = None,
) -> Any:
    """POST JSON to /api/auth/…; what comes back has `.json()`."""
    client = client or Client()
    return client.post(f"/api/auth/{path}", body or {}, content_type="application/json", headers=headers)


def log_in(email: str, password: str = PASSWORD, **more: Any) -> dict[str, Any]:
    """The body of a program's sign-in: `user`, `access`, `refresh` and when they expire."""
    response = post("login", {"email": email, "password": password, "token_delivery": "body", **more})
    assert response.status_code == 200, response.content
    answer: dict[str, Any] = response.json()
    return answer


def refresh(token: str) -> Any:
    return post("refresh", {"refresh": token})


def get(path: str, access: str) -> Any:
    return Client().get(path, headers={"Authorization": f"Bearer {access}"})
