"""A browser that asks nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.embedded import Place
from trials.attack.people import Browser
from trials.platform import Platform, Postbox


@pytest.fixture
def browser(tmp_path: Path) -> Browser:
    platform = Platform(tmp_path, 1, {}, Place(tmp_path), "", Postbox(), tmp_path / "up.log")
    return Browser(platform, "learner", 7)
