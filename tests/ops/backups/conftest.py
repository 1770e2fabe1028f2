"""A folder for backups, a key, and some uploaded files, for each test of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import LazySettings
from django.db import connection

from ops.gateways.backups import server
from ops.gateways.backups.keys import make_key
from ops.services.backups import restoring
from tests.ops.backups.ordinary import eager_autovacuum, ordinary  # noqa: F401 - fixtures for all
from tests.ops.backups.s3 import s3  # noqa: F401 - a fixture for all
from tests.ops.backups.small import small_cluster, small_server  # noqa: F401 - fixtures for all


@pytest.fixture
def backups_folder(tmp_path: Path, settings: LazySettings) -> Path:
    folder = tmp_path / "backups"
    settings.STORAGES = settings.STORAGES | {
        "backups": {"BACKEND": "ops.gateways.backups.storages.LocalBackups", "OPTIONS": {"location": folder}}
    }
    settings.BACKUP_KEY = make_key()
    settings.MEDIA_ROOT = tmp_path / "media"
    # A restore closes the site, which other workers of pytest must not notice.
    settings.MAINTENANCE_FILE = str(tmp_path / "maintenance.json")
    return folder


@pytest.fixture
def media(backups_folder: Path, settings: LazySettings) -> Path:
    folder = Path(settings.MEDIA_ROOT)
    (folder / "pictures" / "7").mkdir(parents=True)
    (folder / "pictures" / "7" / "face.webp").write_bytes(bytes(range(256)) * 1000)
    (folder / "pictures" / "empty.webp").touch()
    (folder / "Übung 1.txt").write_text("Grüße")
    return folder


@pytest.fixture
def served(transactional_db: None, backups_folder: Path) -> Iterator[str]:
    """The name of a database of its own that Django works with, so that a test may replace it; migrated and empty."""
    before = connection.settings_dict["NAME"]
    name = f"{before[:30]}_served"

    def use(database: str) -> None:
        restoring.disconnect()
        connection.settings_dict["NAME"] = database

    def drop_all() -> None:
        with server.connected(server.NEUTRAL) as conn:
            for database in server.databases_named(conn, name):
                conn.execute(f'DROP DATABASE "{database}" WITH (FORCE)')

    drop_all()
    with server.connected(server.NEUTRAL) as conn:
        conn.execute(f'CREATE DATABASE "{name}" TEMPLATE "{os.environ["TEST_DATABASE_TEMPLATE"]}"')
    use(name)
    yield name
    use(before)
    drop_all()


@pytest.fixture
def environment(served: str, backups_folder: Path, media: Path, settings: LazySettings) -> dict[str, str]:
    """What a process of its own needs to work with the same database, folder, key and uploaded files."""
    var = media.parent
    (var / "static").mkdir()
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{served}").geturl(),
        "BACKUP_FOLDER": str(backups_folder),
        "BACKUP_KEY": settings.BACKUP_KEY,
        "VAR_DIR": str(var),
        "RUNS_COMMAND": "true",
        # A server that is started by root runs as somebody else, who could not enter a folder of pytest's.
        "BACKUP_SCRATCH": str(Path(settings.VAR_DIR) / f"scratch-{os.environ.get('PYTEST_XDIST_WORKER', '')}"),
    }
