"""Doors find, call one service and respond; they never write to the database themselves."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ("config", "ops", "community", "tutorials", "billing", "accounts", "analytics", "common")
DOORS = (
    *("views*.py", "views/**/*.py", "api/**/*.py", "admin*.py", "admin/**/*.py"),
    *("webhooks*.py", "webhooks/**/*.py", "management/commands/*.py"),
)
WRITES = {
    *("save", "create", "delete", "update", "bulk_create", "bulk_update"),
    *("get_or_create", "update_or_create", "execute"),
}
# Dictionaries have an update() too.
PLAIN = {"os.environ.update"}


def doors() -> list[Path]:
    return sorted({path for app in APPS for pattern in DOORS for path in (ROOT / app).glob(pattern)})


def writes(source: str) -> list[str]:
    nodes = list(ast.walk(ast.parse(source)))
    plain = PLAIN | {f"{name}.update" for name in addresses(nodes)}
    return [
        ast.unparse(node.func)
        for node in nodes
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in WRITES
        and ast.unparse(node.func) not in plain
    ]


def addresses(nodes: list[ast.AST]) -> set[str]:
    """Names of what is nothing but a QueryDict: each time that they are given something."""
    given: dict[str, set[str]] = {}
    for node in nodes:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                made_by = ast.unparse(node.value.func) if isinstance(node.value, ast.Call) else ""
                given.setdefault(ast.unparse(target), set()).add(made_by)
    return {name for name, makers in given.items() if makers == {"QueryDict"}}


@pytest.mark.parametrize("door", doors(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_door_does_not_write(door: Path) -> None:
    assert writes(door.read_text()) == []


def test_a_write_would_be_found() -> None:
    assert writes("def view(r):\n    thing.save()\n") == ["thing.save"]
    assert writes("query = QueryDict(mutable=True)\nquery.update(of='x')\nrows.update(a=1)\n") == ["rows.update"]
    assert writes("query = QueryDict()\nquery = Thing.objects.all()\nquery.update(a=1)\n") == ["query.update"]
    assert len(doors()) > 8


def test_pages_of_the_admin_are_doors_wherever_they_lie() -> None:
    found = {str(path.relative_to(ROOT)) for path in doors()}
    assert {
        "analytics/admin/definitions.py",
        "billing/admin/revenue/filters.py",
        "config/management/commands/up.py",
    } <= found


def test_every_test_folder_is_a_package() -> None:
    """Two files of the same name in folders that are none would hide each other."""
    folders = {path.parent for path in (ROOT / "tests").rglob("test_*.py")}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").exists()] == []
