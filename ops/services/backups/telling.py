"""A backup as programs are told of it (`--json`)."""

from __future__ import annotations

from typing import Any

from ops.models import BackupLog


def as_json(log: BackupLog) -> dict[str, Any]:
    """Sizes are bytes, times ISO 8601 in UTC."""
    return {
        "name": log.name,
        "kind": log.kind,
        "state": log.state,
        "begun_at": shown(log.begun_at),
        "ended_at": shown(log.ended_at),
        "recovery_point": shown(log.recovery_point),
        "database": log.database,
        "database_size": log.database_size,
        "size": log.size,
        "sha256": log.sha256,
        "objects": log.objects_stored,
        "rows": sum(log.row_counts.values()),
        "postgres_version": log.postgres_version,
        "verdict": log.verdict,
        "verified_at": shown(log.verified_at),
        "recovery_seconds": log.recovery_seconds,
        "restored_at": shown(log.restored_at),
        "error": log.error or log.verification_error,
        "steps": log.steps,
    }


def shown(at: Any) -> str | None:
    return at.isoformat() if at else None
