"""Deleting the backups that no period needs any more."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core.files.storage import Storage
from django.utils import timezone

from ops.gateways.backups import server, wal
from ops.gateways.backups.keys import our_keys
from ops.gateways.backups.storages import backup_storage
from ops.models import BackupKind, BackupLog, BackupState, Verdict
from ops.services.backups import backing_up, log_archive, manifests, restoring, verifying
from ops.services.backups.journal import adopt
from ops.services.backups.manifests import Manifest
from ops.services.backups.retention import Candidate, PhysicalCandidate, Policy, names_to_keep, names_to_reach

logger = logging.getLogger(__name__)

DEED = "pruning"
# What has no manifest by then never gets one.
UNFINISHED_FOR = timedelta(days=2)
# A logical backup that is younger stays in any case: that of just before a restore, or before a risky deed.
YOUNG = timedelta(days=3)


@dataclass
class Pruned:
    kept: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    # How many pieces of the write-ahead log were deleted.
    log_segments: int = 0


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
        physical = manifests.readable(storage, keys, BackupKind.PHYSICAL)
        pruned = sort_out(storage, manifests.readable(storage, keys, BackupKind.LOGICAL), physical)
        if not dry_run:
            for name in (*pruned.deleted, *pruned.unfinished):
                # First: what is killed between the two is found in the storage by the next one, and in no table.
                record(name)
                manifests.remove(storage, name)
                logger.info("backup %s is deleted", name)
            kept = [each for each in physical if each.name in pruned.kept]
            pruned.log_segments = log_archive.prune_log(storage, kept)
    return pruned


def sort_out(storage: Storage, logical: list[Manifest], physical: list[Manifest]) -> Pruned:
    verdicts = dict(BackupLog.objects.values_list("name", "verdict"))
    dated = {name: at for name in manifests.names(storage) if (at := begun(name))}
    dumps = [
        Candidate(each.name, dated[each.name], verdicts.get(each.name, Verdict.UNKNOWN))
        for each in logical
        if each.name in dated
    ]
    policy = Policy(settings.BACKUPS_DAILY, settings.BACKUPS_WEEKLY, settings.BACKUPS_MONTHLY)
    kept = names_to_keep(dumps, policy, since=timezone.now() - YOUNG)
    candidates = [
        PhysicalCandidate(
            each.name, each.of_cluster.consistent, verdicts.get(each.name, Verdict.UNKNOWN), each.of_cluster.full
        )
        for each in physical
    ]
    kept |= names_to_reach(candidates, timezone.now() - timedelta(days=settings.BACKUP_WAL_DAYS))
    # What cannot be read is not ours to delete.
    kept |= dated.keys() - {each.name for each in (*dumps, *candidates)}
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
    moment = manifests.moment_in(name).partition("-")[0]
    try:
        read = datetime.strptime(moment, wal.MOMENT).replace(tzinfo=UTC)
    except ValueError:
        return None
    return read if manifests.kind_of(name) in BackupKind.values else None


def record(name: str) -> None:
    """What was never finished has failed already, and stays so."""
    BackupLog.objects.done().filter(name=name).update(state=BackupState.DELETED, deleted_at=timezone.now())
