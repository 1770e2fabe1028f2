"""docs/api.md names every route of the API, by its whole path, and none that does not exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.test_routes import all_routes

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text()
PATH = re.compile(r"/api/[a-z0-9{}/…-]+")


def shape(path: str) -> str:
    """A path without the names of its placeholders, which routes and docs spell differently."""
    return re.sub(r"<[^>]+>|\{[^}]+\}", "{}", path.rstrip("/"))


def paths_in(text: str) -> set[str]:
    """Those that end in, or skip over, `…` stand for several."""
    return {shape(path) for path in PATH.findall(text) if "…" not in path}


def shapes_of_routes() -> set[str]:
    return {shape(f"/{route}") for route in all_routes() if route.startswith("api/")}


def test_every_route_is_told_of_and_none_is_invented() -> None:
    assert paths_in(TEXT) == shapes_of_routes()


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("GET `/api/posts/{id}/comments`, and so on.", {"/api/posts/{}/comments"}),
        ("`/api/posts…` and `/api/users/…/watch`", set()),
        ("see /api/nowhere.", {"/api/nowhere"}),
    ],
)
def test_paths_are_found_in_words(text: str, paths: set[str]) -> None:
    assert paths_in(text) == paths
