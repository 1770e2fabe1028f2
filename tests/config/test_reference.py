"""docs/configuration.md tells of every variable that the code reads, and of none that it does not."""

from __future__ import annotations

import ast
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from config import reference
from config.env import BASE_DIR, REQUIRED_IN_PRODUCTION


def found_in(code: str) -> list[tuple[str, str, str]]:
    reads = reference.reads_in(ast.parse(code))
    return [(read.name, read.kind, ast.unparse(read.default) if read.default else "") for read in reads]


def test_the_page_is_up_to_date() -> None:
    said = StringIO()
    call_command("configuration", "--check", stdout=said)
    assert said.getvalue() == "Up to date.\n"


def test_an_old_page_is_told_of_and_written_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    page = tmp_path / "configuration.md"
    page.write_text("# Of last year\n")
    monkeypatch.setattr(reference, "PAGE", page)
    with pytest.raises(CommandError, match="not up to date; write it with"):
        call_command("configuration", "--check")
    call_command("configuration", stdout=StringIO())
    assert page.read_text() == reference.page()
    call_command("configuration", stdout=(said := StringIO()))
    assert said.getvalue().startswith("Nothing has changed")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ('env.bool("A", default=False)', [("A", "true or false", "False")]),
        ('x = env.str("B", default="") or y', [("B", "text", "''")]),
        ('env.str("C")', [("C", "text", "")]),
        ('networks_from("D")', [("D", "list of networks", "")]),
        ('links_from("L")', [("L", "list of links", "")]),
        ('os.environ.get("E", "1")', [("E", "text", "'1'")]),
        ('environment.get("F")', [("F", "text", "")]),
        ('env.str(f"{provider.upper()}_ID", default="")', [("GOOGLE_ID", "text", "''"), ("GITHUB_ID", "text", "''")]),
        # Variables of the code's own, and what is no environment.
        ("env.str(name)", []),
        ('said.get("G")', []),
        ('settings.str("H")', []),
    ],
)
def test_what_the_code_reads_is_found(code: str, expected: list[tuple[str, str, str]]) -> None:
    assert found_in(code) == expected


def test_what_is_not_explained_and_what_is_not_read_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    section = reference.Section("Of others", "", {"NOT_READ": reference.Meaning("nothing")})
    monkeypatch.setattr(reference, "SECTIONS", (*reference.SECTIONS[1:], section))
    with pytest.raises(reference.Unexplained, match=r"ALLOWED_HOSTS, .*NOT_READ"):
        reference.page()
    with pytest.raises(CommandError, match="must be explained once"):
        call_command("configuration", "--check")


def test_a_default_that_is_reckoned_needs_words() -> None:
    with pytest.raises(reference.Unexplained, match="needs words"):
        reference.default_of(
            reference.Read("A", "text", ast.parse("other + 1", mode="eval").body), reference.Meaning("")
        )


def test_what_is_required_is_said_to_be() -> None:
    rows = [line for line in reference.PAGE.read_text().splitlines() if "| **required**" in line]
    assert {row.split("`")[1] for row in rows} == set(REQUIRED_IN_PRODUCTION)


def test_no_other_code_reads_the_environment() -> None:
    """Where that changes, reference.SOURCES has to know it."""
    apps = ("config", "ops", "community", "tutorials", "billing", "accounts", "analytics", "common")
    readers = {
        str(path.relative_to(BASE_DIR))
        for app in apps
        for path in (BASE_DIR / app).rglob("*.py")
        if any(reference.reads_in(ast.parse(path.read_text())))
    }
    # They ask for what the settings read.
    assert readers - {"config/embedded.py", "config/stand_in.py"} == set(reference.SOURCES)
