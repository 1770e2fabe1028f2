"""Which backups there are, by what lies in the storage; BackupLog adds what it knows."""

from __future__ import annotations

from typing import Any

from django.core.files.storage import Storage
from django.db import DatabaseError

from ops.gateways.backups import receiver
from ops.gateways.backups.errors import BackupError
from ops.gateways.backups.keys import Keys, our_keys
from ops.gateways.backups.storages import backup_storage
from ops.models import BackupKind, BackupLog
from ops.services.backups import log_archive, manifests

FIGURES = ("kind", "recovery_point", "database_size", "size", "rows")


def list_backups() -> list[dict[str, Any]]:
    """The newest first. Works without a database, since that may be what is lost.

    One that cannot be read has an `error`, and no figures.
    """
    keys, storage, verdicts = our_keys(), backup_storage(), known_verdicts()
    return [
        {"name": name, "verdict": verdicts.get(name, "unknown")} | told(storage, name, keys)
        for name in reversed(manifests.names(storage))
    ]


def told(storage: Storage, name: str, keys: Keys) -> dict[str, Any]:
    try:
        manifest = manifests.read(storage, name, keys)
    except BackupError as error:
        return dict.fromkeys(FIGURES) | {"error": str(error)}
    figures = (
        manifest.kind,
        manifest.recovery_point,
        manifest.database_size,
        manifest.size,
        sum(manifest.as_found.row_counts.values()),
    )
    return dict(zip(FIGURES, figures, strict=True)) | {"error": ""}


def moments() -> dict[str, str | None]:
    """From when to when any moment can be restored, and the first piece of the log that is missing; None where none.

    `received`: where on this machine there may be more of the log, of the server that the newest backup is of.
    """
    keys, storage = our_keys(), backup_storage()
    found = log_archive.reach(storage, keys)
    physical = manifests.readable(storage, keys, BackupKind.PHYSICAL)
    received = log_archive.received_of(physical[-1], receiver.place()) if physical else []
    return {
        "begin": found.begin.isoformat() if found.begin else None,
        "end": found.end.isoformat() if found.end else None,
        "missing": found.missing or None,
        "received": str(received[-1].path.parent) if received else None,
    }


def known_verdicts() -> dict[str, str]:
    try:
        return dict(BackupLog.objects.values_list("name", "verdict"))
    except DatabaseError:
        return {}
