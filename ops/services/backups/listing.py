"""Which backups there are, by what lies in the storage; BackupLog adds what it knows."""

from __future__ import annotations

from typing import Any

from django.db import DatabaseError

from ops.gateways.backups.keys import our_keys
from ops.gateways.backups.storages import backup_storage
from ops.models import BackupLog
from ops.services.backups import log_archive, manifests


def list_backups() -> list[dict[str, Any]]:
    """The newest first. Works without a database, since that may be what is lost."""
    keys = our_keys()
    found = [
        {
            "name": manifest.name,
            "kind": manifest.kind,
            "recovery_point": manifest.recovery_point,
            "database_size": manifest.database_size,
            "size": manifest.size,
            "rows": sum(manifest.as_found.row_counts.values()),
        }
        for manifest in manifests.each(backup_storage(), keys)
    ]
    verdicts = known_verdicts()
    return [each | {"verdict": verdicts.get(str(each["name"]), "unknown")} for each in reversed(found)]


def moments() -> dict[str, str | None]:
    """From when to when any moment can be restored, and the first piece of the log that is missing; None where none."""
    found = log_archive.reach(backup_storage(), our_keys())
    return {
        "begin": found.begin.isoformat() if found.begin else None,
        "end": found.end.isoformat() if found.end else None,
        "missing": found.missing or None,
    }


def known_verdicts() -> dict[str, str]:
    try:
        return dict(BackupLog.objects.values_list("name", "verdict"))
    except DatabaseError:
        return {}
