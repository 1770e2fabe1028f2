"""Deleting the backups that no period needs any more."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core.files.storage import Storage
from django.utils import timezone

from ops.gateways.backups import server
from ops.gateways.backups.keys import our_keys
from ops.gateways.backups.storages import backup_storage
from ops.models import BackupKind, BackupLog, BackupState, Verdict
from ops.services.backups import backing_up, manifests, restoring, verifying
from ops.services.backups.journal import adopt
from ops.services.backups.retention import Candidate, Policy, names_to_keep

logger = logging.getLogger(__name__)

DEED = "pruning"
# What has no manifest by then never gets one.
UNFINISHED_FOR = timedelta(days=2)


@dataclass
class Pruned:
    kept: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)


def prune(*, dry_run: bool = False) -> Pruned:
    """Delete what the policy of the settings does not keep; with `dry_run` only tell.

    Raises BusyError while a backup is taken, verified or restored, which could be one of these.
    """
    keys, storage = our_keys(), backup_storage()
    with (
        server.connected(server.NEUTRAL) as conn,
        server.connected() as own,
        server.only_one(conn, DEED),
        server.only_one(conn, verifying.DEED),
        server.only_one(conn, restoring.DEED),
        server.only_one(own, backing_up.DEED),
    ):
        adopt(storage, keys)
        pruned = sort_out(storage)
        if not dry_run:
            for name in (*pruned.deleted, *pruned.unfinished):
                manifests.remove(storage, name)
                logger.info("backup %s is deleted", name)
            record(pruned)
    return pruned


def sort_out(storage: Storage) -> Pruned:
    verdicts = dict(BackupLog.objects.values_list("name", "verdict"))
    dated = {name: at for name in manifests.names(storage) if (at := begun(name))}
    candidates = [Candidate(name, at, verdicts.get(name, Verdict.UNKNOWN)) for name, at in dated.items()]
    kept = names_to_keep(candidates, Policy(settings.BACKUPS_DAILY, settings.BACKUPS_WEEKLY, settings.BACKUPS_MONTHLY))
    unfinished = [
        name
        for name in manifests.folders(storage)
        if name not in dated and (at := begun(name)) and timezone.now() - at > UNFINISHED_FOR
    ]
    return Pruned(
        kept=[name for name in dated if name in kept],
        deleted=[name for name in dated if name not in kept],
        unfinished=unfinished,
    )


def begun(name: str) -> datetime | None:
    """When a backup of this name was begun; None for a name that is not one of ours."""
    kind, _, rest = name.partition("-")
    try:
        moment = datetime.strptime(rest.partition("-")[0], manifests.MOMENT).replace(tzinfo=UTC)
    except ValueError:
        return None
    return moment if kind == BackupKind.LOGICAL else None


def record(pruned: Pruned) -> None:
    BackupLog.objects.filter(name__in=pruned.deleted).update(state=BackupState.DELETED, deleted_at=timezone.now())
