"""A process that counts, with a spool of its own; and what it needs that is away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import Settings

from analytics.pipeline import stream
from analytics.pipeline.collecting import Collector
from tests.collecting import collected_by


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    """Of spools."""
    settings.ANALYTICS, settings.ANALYTICS_SPOOL = True, tmp_path / "spool"
    return tmp_path / "spool"


@pytest.fixture
def collector(folder: Path) -> Iterator[Collector]:
    collector = Collector(folder)
    with collected_by(collector):
        yield collector
    collector.close()


@pytest.fixture
def valkey_is_away(settings: Settings) -> Callable[[], None]:
    """Returns what brings it back."""
    url, settings.REDIS_URL = settings.REDIS_URL, "unix:///nobody/listens.sock"

    def come_back() -> None:
        settings.REDIS_URL, stream.patience.until = url, 0.0

    return come_back


@pytest.fixture
def database_is_away() -> Iterator[Callable[[], None]]:
    """For new connections; returns what brings it back."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(connection.settings_dict, "HOST", "/nowhere")
        yield patch.undo
