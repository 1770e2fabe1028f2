"""No locked package is below the version in which a hole was closed (docs/security.md, “Floors”)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted(ROOT.glob("requirements*.txt"))
FLOOR = re.compile(r"^\| ([a-z0-9-]+) \| (\d[\w.]*) \|", re.MULTILINE)
PINNED = re.compile(r"^([a-zA-Z0-9._-]+)(?:\[[\w,-]+\])?==([^\s;\\]+)(.*(?:\n    .*)*)", re.MULTILINE)
FLOORS = {name: Version(floor) for name, floor in FLOOR.findall((ROOT / "docs" / "security.md").read_text())}
# Nothing of ours brings it; the floor is for the day on which something does.
NOT_OURS = {"msgpack"}


def pinned_in(lock: str) -> list[tuple[str, Version]]:
    """Also those that are pinned several times, for several versions of Python."""
    return [(re.sub(r"[._-]+", "-", name).lower(), Version(version)) for name, version, _ in PINNED.findall(lock)]


def below(lock: str) -> list[str]:
    return [f"{name} {version}" for name, version in pinned_in(lock) if name in FLOORS and version < FLOORS[name]]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_no_locked_version_is_below_its_floor(lock: Path) -> None:
    assert below(lock.read_text()) == []


def test_every_package_with_a_floor_is_locked() -> None:
    names = {name for lock in LOCKS for name, _ in pinned_in(lock.read_text())}
    assert FLOORS.keys() - names == NOT_OURS


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_pinned_package_has_hashes(lock: Path) -> None:
    pinned = PINNED.findall(lock.read_text())
    assert len(pinned) > 2
    assert [name for name, _, rest in pinned if "--hash=sha256:" not in rest] == []


def test_a_version_below_its_floor_would_be_found() -> None:
    assert below("django==5.2.9 \\\n    --hash=sha256:0\nnh3==99.0\nPyJWT==2.12.9\n") == [
        "django 5.2.9",
        "pyjwt 2.12.9",
    ]
