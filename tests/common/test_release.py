"""A release is known by what it is made of."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.release import fingerprint, release


def make_code(folder: Path) -> None:
    for name, text in (("common/api.py", "x = 1\n"), ("templates/base.html", "<p>"), ("static/css/base.css", "p {}")):
        path = folder / name
        path.parent.mkdir(parents=True)
        path.write_text(text)


def test_the_same_code_is_the_same_release_wherever_it_lies(tmp_path: Path) -> None:
    make_code(tmp_path / "a")
    make_code(tmp_path / "b")
    (tmp_path / "b" / "docs").mkdir()
    (tmp_path / "b" / "docs" / "api.md").write_text("Of no consequence for what is kept.")
    assert fingerprint(tmp_path / "a") == fingerprint(tmp_path / "b")
    assert len(release()) == 16


@pytest.mark.parametrize("name", ["common/api.py", "templates/base.html", "static/css/base.css", "common/new.py"])
def test_any_line_makes_another_release(tmp_path: Path, name: str) -> None:
    make_code(tmp_path)
    before = fingerprint(tmp_path)
    (tmp_path / name).write_text("another\n")
    assert fingerprint(tmp_path) != before
