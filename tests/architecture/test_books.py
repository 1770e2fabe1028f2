"""What the books name is there: commands with their options, targets of make, files, variables, and places of links."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from config import reference
from config.env import BASE_DIR
from ops import schedule
from ops.services.backups import standing

DOCS = BASE_DIR / "docs"
BOOKS = sorted(
    [
        *(BASE_DIR / name for name in ("README.md", "STYLE.md", "CHANGELOG.md", "benchmarks/README.md")),
        *DOCS.rglob("*.md"),
    ]
)
# Of Linux, Compose, Django and its packages, and the scripts; and a variable that is no more, as CHANGELOG.md tells.
OTHER_WORDS = {
    "BEHIND_PROXY",
    "DATABASES",
    "DATABASE_PASSWORD",
    "DATABASE_ROUTERS",
    "DBBACKUP_CONNECTORS",
    "EVENT_CONSUMERS",
    "FOLDER",
    "IMAGE",
    "PR_SET_PDEATHSIG",
    "SECRET",
}
# What is written when it is deployed, kubectl's word for a Deployment, and a mail that stands for all.
NO_FILES = {"deploy/compose/.env", "deploy/web", "templates/emails/name.subject.txt"}
LINK = re.compile(r"\]\(([^)\s#]*)(#[^)\s]+)?\)")
FENCED = re.compile(r"^ *(`{3,})[^\n]*\n(.*?)^ *\1 *$", re.MULTILINE | re.DOTALL)
FILE = re.compile(
    r"(?<![\w./-])(?:accounts|analytics|benchmarks|billing|common|community|config|counterparts|deploy|docs|ops|static"
    r"|templates|tests|trials|tutorials)/[\w./@*-]*\w"
)


def named(path: Path) -> str:
    return str(path.relative_to(BASE_DIR))


def code_in(text: str) -> list[str]:
    """Each line of what stands between fences, and each piece of code in the text, in one line."""
    continued = [block.replace("\\\n", " ") for _, block in FENCED.findall(text)]
    lines = [line.strip() for block in continued for line in block.splitlines()]
    spans = re.findall(r"`([^`]+)`", FENCED.sub("", text))
    return [*lines, *(" ".join(span.split()) for span in spans)]


def headings(path: Path) -> set[str]:
    """As GitHub names the places that they make."""
    found = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in found}


def dead_links(text: str, own: Path) -> list[str]:
    dead = []
    for name, place in LINK.findall(re.sub(r"`[^`]+`", "", FENCED.sub("", text))):
        if "://" in name:
            continue
        path = (own.parent / name).resolve() if name else own
        if not path.exists() or (place and place[1:] not in headings(path)):
            dead.append(name + place)
    return dead


@cache
def options_of(command: str) -> frozenset[str]:
    app = get_commands()[command]
    built = load_command_class(app, command) if isinstance(app, str) else app
    parser = built.create_parser("manage.py", command)
    return frozenset(option for action in parser._actions for option in action.option_strings)


def wrong_commands(text: str) -> list[str]:
    """Commands of manage.py that are not there, and options that they do not have.

    Also where one stands without `manage.py` before it, as in a table of commands.
    """
    wrong = []
    for code in code_in(text):
        _, manage, after = code.rpartition("manage.py ")
        words = after.split("#")[0].replace('"', " ").split()
        if not words or not re.fullmatch(r"[a-z_]+", words[0]):
            continue
        if words[0] not in get_commands():
            wrong += [words[0]] if manage else []
            continue
        wrong += [
            f"{words[0]} {option}"
            for option in re.findall(r"(?<=[\s\[])--[a-z-]+", after.split("#")[0])
            if option not in options_of(words[0])
        ]
    return wrong


def wrong_targets(text: str) -> list[str]:
    known = set(re.findall(r"^([a-z]+):", (BASE_DIR / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    wrong = []
    for code in code_in(text):
        if call := re.match(r"(?:[A-Z]\w*=\S+ )*make ((?:[a-z]+(?: |$)|[A-Z]+=(?:\"[^\"]*\"|\S+)(?: |$))+)", code):
            words = re.sub(r"[A-Z]+=(?:\"[^\"]*\"|\S+)", "", call[1]).split()
            wrong += [word for word in words if word not in known]
    return wrong


def missing_files(text: str) -> list[str]:
    """docs/security.md names tests from the folder that holds them."""
    places = (BASE_DIR, BASE_DIR / "tests")
    return [n for n in set(FILE.findall(text)) - NO_FILES if not any(any(place.glob(n)) for place in places)]


def unknown_variables(text: str) -> set[str]:
    """Each may also be given as a file, whose name ends in _FILE."""
    found = re.findall(r"`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:=[^`]*)?`", text)
    known = OTHER_WORDS | set(reference.found())
    return {name for name in found if name not in known and name.removesuffix("_FILE") not in known}


@pytest.mark.parametrize("book", BOOKS, ids=named)
def test_what_a_book_names_is_there(book: Path) -> None:
    text = book.read_text(encoding="utf-8")
    assert dead_links(text, book) == []
    assert wrong_commands(text) == []
    assert wrong_targets(text) == []
    assert missing_files(text) == []
    assert unknown_variables(text) == set()


def test_a_dead_link_would_be_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Here\n[a](#here) [b](#there) [c](gone.md) [d](https://elsewhere.example)\n")
    assert dead_links(page.read_text(), page) == ["#there", "gone.md"]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("`manage.py backup --wait`, then `manage.py back_up`", ["back_up"]),
        ("`manage.py backup --wiat`", ["backup --wiat"]),
        ("| `backup [--list] --sooner` | makes one |", ["backup --sooner"]),
        ("```\npython manage.py backup \\\n  --sooner # --or later\n```", ["backup --sooner"]),
        ("`manage.py …`, `pg_dump --nothing` and `backup --json`", []),
    ],
)
def test_a_command_or_an_option_that_is_not_there_would_be_found(text: str, wrong: list[str]) -> None:
    assert wrong_commands(text) == wrong


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('`make test ARGS="-k draft"` and `PORT=8001 HOST=0.0.0.0 make run`', []),
        ("```\nmake format check tset   # all\n```", ["tset"]),
        ("`make PYTHON=python3.12 runs`", ["runs"]),
    ],
)
def test_a_target_that_is_not_there_would_be_found(text: str, wrong: list[str]) -> None:
    assert wrong_targets(text) == wrong


def test_a_file_or_a_variable_that_is_not_there_would_be_found() -> None:
    assert missing_files("See `config/settings.py` and `config/setting.py`.") == ["config/setting.py"]
    assert unknown_variables("`SECRET_KEY`, `SECRET_KEYS=x` and `SECRETS`") == {"SECRET_KEYS"}


def test_every_page_is_in_the_table_of_the_readme_and_every_decision_in_their_index() -> None:
    read_on = (BASE_DIR / "README.md").read_text(encoding="utf-8").partition("## Read on")[2]
    pages = {f"docs/{path.name}" for path in DOCS.glob("*.md")}
    assert pages <= {name for name, _ in LINK.findall(read_on)}
    index = (DOCS / "decisions" / "README.md").read_text(encoding="utf-8")
    assert [name for name, _ in LINK.findall(index)] == sorted(path.name for path in DOCS.glob("decisions/0*.md"))


def test_operations_name_every_command_by_the_clock() -> None:
    text = (DOCS / "operations.md").read_text(encoding="utf-8")
    table = text.partition("## By the clock")[2].partition("\n## ")[0]
    told = {line.split("`")[1] for line in table.splitlines() if line.startswith("| `")}
    assert told == {entry.line for entry in schedule.entries().values()}


def test_operations_say_what_to_do_about_every_alarm() -> None:
    text = (DOCS / "operations.md").read_text(encoding="utf-8")
    table = text.partition("## Alarms")[2].partition("\n## ")[0]
    told = re.findall(r"`([a-z:…]+)`", " ".join(re.findall(r"^\| ([^|]+\)) \|", table, re.MULTILINE)))
    code = "".join(path.read_text(encoding="utf-8") for path in (BASE_DIR / "ops").rglob("*.py"))
    raised = {re.sub(r"\{[a-z.]+\}", "…", key) for key in re.findall(r'Problem\(\s*f?"([a-z:{}._]+)"', code)}
    assert sorted(told) == sorted(raised | {standing.STORAGE})
