"""What the books on deploying name is there: commands, files, variables, and the places that links lead to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from config import reference
from config.env import BASE_DIR

DOCS = BASE_DIR / "docs"
BOOKS = ("deploy.md", "scale.md", "configuration.md", "decisions/0023-deploying.md")
# Of PostgreSQL, Compose and the scripts.
OTHER_WORDS = {
    "SECRET",
    "IMAGE",
    "FOLDER",
    "DATABASES",
    "DATABASE_ROUTERS",
    "DATABASE_PASSWORD",
    "SECRET_KEY_FILE",
    "EVENT_CONSUMERS",
}
# What is written when it is deployed, and kubectl's word for a Deployment.
NO_FILES = {"deploy/compose/.env", "deploy/web"}
LINK = re.compile(r"\]\(([^)\s#]*)(#[^)\s]+)?\)")


def text_of(book: str) -> str:
    return (DOCS / book).read_text(encoding="utf-8")


def headings(path: Path) -> set[str]:
    """As GitHub names the places that they make."""
    found = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in found}


def dead_links(text: str, folder: Path, own: Path) -> list[str]:
    dead = []
    for name, place in LINK.findall(text):
        if "://" in name:
            continue
        path = (folder / name).resolve() if name else own
        if not path.exists() or (place and place[1:] not in headings(path)):
            dead.append(name + place)
    return dead


@pytest.mark.parametrize("book", BOOKS)
def test_links_lead_somewhere(book: str) -> None:
    path = DOCS / book
    assert dead_links(text_of(book), path.parent, path) == []


def test_a_dead_link_would_be_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Here\n[a](#here) [b](#there) [c](gone.md) [d](https://elsewhere.example)\n")
    assert dead_links(page.read_text(), tmp_path, page) == ["#there", "gone.md"]


@pytest.mark.parametrize("book", BOOKS)
def test_commands_are_there(book: str) -> None:
    named = set(re.findall(r"manage\.py ([a-z_]+)", text_of(book)))
    assert named <= set(get_commands())


@pytest.mark.parametrize("book", BOOKS)
def test_files_are_there(book: str) -> None:
    named = set(re.findall(r"(?<![\w-])(?:deploy|tests|config|common)/[\w./@*-]*\w", text_of(book))) - NO_FILES
    assert [name for name in named if not list(BASE_DIR.glob(name))] == []


@pytest.mark.parametrize("book", BOOKS)
def test_variables_are_ones_that_are_read(book: str) -> None:
    named = set(re.findall(r"`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:=[^`]*)?`", text_of(book)))
    assert named - OTHER_WORDS <= set(reference.found())
