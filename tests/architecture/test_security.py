"""docs/security.md proves each of its rows by tests, and all of them are there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
TEXT = (TESTS.parent / "docs" / "security.md").read_text()
ROW = re.compile(r"^\| (\d+) \|.*\| (.*) \|$", re.MULTILINE)
# `folder/test_file.py::test_name`, or `::test_name` for another of the file that was named before it.
NAME = re.compile(r"`([\w/]+\.py)?::(test_\w+)`")


def rows_of(text: str) -> dict[int, list[tuple[str, str]]]:
    """Number of the row → the tests that prove it, as file and function."""
    return {int(number): proofs_in(proof) for number, proof in ROW.findall(text)}


def proofs_in(proof: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for file, name in NAME.findall(proof):
        found.append((file or found[-1][0], name))
    return found


@cache
def functions_in(file: str) -> frozenset[str]:
    path = TESTS / file
    if not path.is_file():
        return frozenset()
    tree = ast.parse(path.read_text())
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def missing_from(rows: dict[int, list[tuple[str, str]]]) -> list[str]:
    return [
        f"row {number}: {file}::{name}"
        for number, tests in rows.items()
        for file, name in tests
        if name not in functions_in(file)
    ]


def test_every_row_is_proven() -> None:
    rows = rows_of(TEXT)
    assert sorted(rows) == list(range(1, 40))
    assert [number for number, tests in rows.items() if not tests] == []


def test_every_test_that_is_named_exists() -> None:
    assert missing_from(rows_of(TEXT)) == []


@pytest.mark.parametrize(
    ("proof", "missing"),
    [
        ("`architecture/test_security.py::test_every_row_is_proven`", []),
        (
            "`architecture/test_security.py::test_every_row_is_proven`, `::test_nothing`",
            ["row 7: architecture/test_security.py::test_nothing"],
        ),
        ("`architecture/test_nowhere.py::test_x`", ["row 7: architecture/test_nowhere.py::test_x"]),
    ],
)
def test_a_test_that_is_not_there_would_be_found(proof: str, missing: list[str]) -> None:
    assert missing_from(rows_of(f"| 7 | a requirement | how | {proof} |")) == missing


def test_a_row_without_a_test_would_be_found() -> None:
    assert rows_of("| 7 | a requirement | how | nothing |") == {7: []}
