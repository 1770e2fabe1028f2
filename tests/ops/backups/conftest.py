"""A folder for backups, a key, and some uploaded files, for each test of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import LazySettings

from ops.gateways.backups.keys import make_key


@pytest.fixture
def backups_folder(tmp_path: Path, settings: LazySettings) -> Path:
    folder = tmp_path / "backups"
    settings.STORAGES = settings.STORAGES | {
        "backups": {"BACKEND": "ops.gateways.backups.storages.LocalBackups", "OPTIONS": {"location": folder}}
    }
    settings.BACKUP_KEY = make_key()
    settings.MEDIA_ROOT = tmp_path / "media"
    return folder


@pytest.fixture
def media(backups_folder: Path, settings: LazySettings) -> Path:
    folder = Path(settings.MEDIA_ROOT)
    (folder / "pictures" / "7").mkdir(parents=True)
    (folder / "pictures" / "7" / "face.webp").write_bytes(bytes(range(256)) * 1000)
    (folder / "pictures" / "empty.webp").touch()
    (folder / "Übung 1.txt").write_text("Grüße")
    return folder
