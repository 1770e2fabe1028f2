"""Restoring for good: beside what is there, compared, and only then put in its place.

The old database and the old uploaded files are renamed, never deleted: whoever restored the wrong thing can go back.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import Storage
from django.db import DatabaseError, connection
from django.utils import timezone
from psycopg import Connection
from psycopg.rows import TupleRow

from ops import maintenance
from ops.gateways.backups import cluster, receiver, server
from ops.gateways.backups import media as files
from ops.gateways.backups.errors import BackupError, NotThereError, RefusedError
from ops.gateways.backups.keys import Keys, our_keys
from ops.gateways.backups.storages import backup_storage
from ops.gateways.backups.wal import END
from ops.services.backups import log_archive, manifests, swapping, verifying
from ops.services.backups.backing_up import back_up
from ops.services.backups.contents import look_at
from ops.services.backups.journal import Verified, known_verdicts, note_restore, remember_verdicts
from ops.services.backups.loading import Loading
from ops.services.backups.manifests import LATEST, Manifest
from ops.services.backups.recovering import Recovering
from ops.services.backups.recovering import loading as loading_of
from ops.services.backups.steps import Steps, Watcher, nobody
from ops.services.backups.swapping import Swap
from ops.state import migrations_waiting

logger = logging.getLogger(__name__)

DEED = swapping.DEED
RESTORING = "We are putting back our data from a backup."
MINUTES = 60  # until those who come are told to come again; it lasts as long as the restore does


@dataclass(frozen=True)
class Wish:
    """What is to be restored, and where to.

    `backup`: a name, `latest`, or the path of a manifest. `at`: instead, the moment that is to be restored, from the
    last physical backup before it and the write-ahead log; `END` for all that there is. `received`: what `receive_wal`
    had of that on another machine, or a copy of it; with None it is looked for on this one. `into`: a new database,
    beside which all stays as it is; with None the one that is served is replaced, which needs `agreed` and its name in
    `typed_name` if it holds data.
    """

    backup: str = LATEST
    at: datetime | None = None
    received: Path | None = None
    into: str | None = None
    tables: Sequence[str] = ()
    agreed: bool = False
    typed_name: str = ""
    safety_backup: bool = True


@dataclass
class Restored:
    """`kept_database` and `kept_media` are the names under which what was there before is kept, if anything was.

    `only_received`: segments of the log that the storage had less of than `receive_wal`. `remarks`: what is missing of
    the log, and what went wrong when all was in place already.
    """

    backup: str
    recovery_point: str
    database: str
    rows: int
    only_received: list[str] = field(default_factory=list)
    kept_database: str = ""
    kept_media: str = ""
    safety_backup: str = ""
    migrations_waiting: int = 0
    remarks: list[str] = field(default_factory=list)
    steps: list[dict[str, Any]] = field(default_factory=list)


def restore(wish: Wish, *, watcher: Watcher = nobody) -> Restored:
    """Restore a backup. Raises a BackupError, and then all is as it was before.

    RefusedError, NotThereError and BusyError are raised before anything is touched.
    """
    refuse_what_is_empty(wish)
    keys, steps = our_keys(), Steps(watcher)
    storage, manifest = found(backup_storage(), wish, keys)
    with (
        server.connected(server.NEUTRAL) as conn,
        server.only_one(conn, DEED),
        loading_of(manifest, storage, keys, conn, steps, until=wish.at, received=place_of(wish)) as loading,
    ):
        tables = tables_of(manifest, wish)
        refuse_what_would_harm(conn, wish)
        swapping.put_right(conn)
        drop_leftovers(conn)
        loading.check()
        restored = beside(loading, wish.into, tables) if wish.into else in_place(loading, wish)
        tell_of_the_log(restored, loading)
        restored.steps = steps.done
    logger.warning("backup %s was restored into the database %s", manifest.name, restored.database)
    return restored


def found(storage: Storage, wish: Wish, keys: Keys) -> tuple[Storage, Manifest]:
    """Raises NotThereError, UnsoundError."""
    if wish.at is None:
        return manifests.find(storage, wish.backup, keys)
    manifest = log_archive.best_for(storage, keys, wish.at, wish.received)
    if manifest is None:
        window = log_archive.reach(storage, keys)
        begins = f"the first begins at {window.begin.isoformat(' ')}" if window.begin else "there is none"
        of_it = f" of the server whose log is in {wish.received}" if wish.received else ""
        at = "there" if wish.at == END else f"there at {wish.at.isoformat(' ')}"
        raise NotThereError(f"No physical backup{of_it} was {at}: {begins}.")
    return storage, manifest


def place_of(wish: Wish) -> Path:
    return wish.received or receiver.place()


def tell_of_the_log(restored: Restored, loading: Loading) -> None:
    if not isinstance(loading, Recovering) or loading.log is None:
        return
    restored.only_received = sorted(loading.log.only_received)
    if loading.log.missing:
        restored.remarks.append(
            f"The segment {loading.log.missing} of the write-ahead log is missing: what came after it is not restored."
        )


def tables_of(manifest: Manifest, wish: Wish) -> list[str]:
    """The names as pg_restore takes them. Raises RefusedError for one that the backup does not have."""
    if wish.tables and not wish.into:
        raise RefusedError("Single tables are restored beside the others: name a new database with --into.")
    there = {table.partition(".")[2] for table in manifest.as_found.row_counts}
    wanted = [table.removeprefix("public.") for table in wish.tables]
    if missing := sorted(set(wanted) - there):
        raise RefusedError(f"{manifest.name} has no table {', '.join(missing)}.")
    return wanted


def refuse_what_is_empty(wish: Wish) -> None:
    """As a variable of the shell is that nobody has set. Raises RefusedError."""
    if not wish.backup.strip():
        raise RefusedError("The name of the backup is empty: name one, or --latest.")
    if wish.into is not None and not wish.into.strip():
        raise RefusedError("The name of the new database is empty: name one, or leave --into out.")
    if wish.received is not None and wish.at is None:
        raise RefusedError("What was received of the log leads on to a moment: say to which, --at MOMENT or --at end.")
    if wish.received is not None and not wish.received.is_dir():
        raise RefusedError(f"{wish.received} is no folder.")


def refuse_what_would_harm(conn: Connection[TupleRow], wish: Wish) -> None:
    """Raises RefusedError."""
    live = server.database_name()
    if wish.into:
        if wish.into == live:
            raise RefusedError(f"{live} is the database that is served: leave --into out to replace it.")
        if server.exists(conn, wish.into):
            raise RefusedError(f"There is a database {wish.into} already: name a new one, or drop it first.")
        if len(wish.into.encode()) > server.LONGEST_NAME:
            raise RefusedError(f"The name of a database may have {server.LONGEST_NAME} bytes.")
        for prefix in (verifying.scratch_prefix(), leftover_prefix()):
            if wish.into.startswith(prefix):
                raise RefusedError(f"Databases whose names begin with {prefix} are ours to drop: name another.")
        return
    server.refuse_another_owner(conn, live)
    if Path(settings.MEDIA_ROOT).is_mount():
        raise RefusedError(
            f"{settings.MEDIA_ROOT} is where a disk is mounted, so it cannot be renamed: mount that one folder higher,"
            " or restore beside, with --into NAME."
        )
    about = what_would_be_replaced()
    if about and not (wish.agreed and wish.typed_name == live):
        raise RefusedError(
            f"{about}. To replace it, pass --yes and type its name, {live!r} (--name {live}, where nobody can type)."
            " Or restore beside it, with --into NAME."
        )


def what_would_be_replaced() -> str:
    """In words, and where it is; empty if there is nothing. Raises BackupError."""
    live = server.database_name()
    with server.connected(server.NEUTRAL) as conn:
        there = server.exists(conn, live)
    return server.holdings(live) if there else ""


def beside(loading: Loading, name: str, tables: Sequence[str]) -> Restored:
    """A new database; one that failed half-way is dropped."""
    manifest = loading.manifest
    with dropped_on_failure(loading.conn, name):
        if tables:
            loading.load_tables(name, tables)
            with server.connected(name) as conn:
                # All other tables are empty.
                found = look_at(conn)
        else:
            loading.load_database(name)
            found = loading.compare(name)
    with suppress(DatabaseError):
        note_restore(manifest.name)
    return Restored(manifest.name, loading.point.isoformat(), name, sum(found.row_counts.values()))


def in_place(loading: Loading, wish: Wish) -> Restored:
    live, conn, manifest = server.database_name(), loading.conn, loading.manifest
    stamp = f"{timezone.now():%Y%m%d%H%M%S}"
    fresh, kept = f"{leftover_prefix()}{secrets.token_hex(6)}", f"{live[:40]}_before_{stamp}"
    media = Path(settings.MEDIA_ROOT)
    fresh_media, kept_media = swapping.beside(f"restoring-{stamp}"), swapping.beside(f"before-{stamp}")
    had_database, had_media = server.exists(conn, live), media.exists()
    restored = Restored(manifest.name, recovery_point="", database=live, rows=0)
    known = known_verdicts() if had_database else []
    with site_paused(restored), dropped_on_failure(conn, fresh), removed_on_failure(fresh_media):
        if had_database and server.holdings(live) and wish.safety_backup:
            restored.safety_backup = back_up(watcher=loading.steps.watcher).name
        fresh_media.mkdir(mode=0o755, parents=True)
        loading.load_database(fresh)
        loading.load_media(fresh_media)
        restored.rows = sum(loading.compare(fresh).row_counts.values())
        restored.recovery_point = loading.point.isoformat()
        if loading.until is not None:
            # Uploaded files have no log: those that came after the backup are still where they were, if anywhere.
            files.add_missing(media, fresh_media)
        disconnect()
        kept = kept if had_database else ""
        with loading.steps.step("put it in place"):
            Swap(live, fresh, kept, str(media), str(fresh_media), str(kept_media)).carry_out(conn)
        restored.kept_database = kept
        restored.kept_media = str(kept_media) if had_media else ""
        settle(restored, known, loading.keys)
    return restored


def settle(restored: Restored, known: list[Verified], keys: Keys) -> None:
    """Tell the restored database what it cannot know, and how many migrations it waits for.

    It is served whether this works or not: an old backup may lack the table, or columns of it. Then the first backup
    after `migrate` takes up what lies in the storage.
    """
    with (
        remarked(restored, "What lies in the storage is not in the table of backups yet, the next backup sees to it"),
        suppress(DatabaseError),
    ):
        remember_verdicts(known, backup_storage(), keys)
        note_restore(restored.backup)
    with remarked(restored, "Whether migrations wait is not known"):
        restored.migrations_waiting = len(migrations_waiting())


@contextmanager
def remarked(restored: Restored, what: str) -> Iterator[None]:
    """When all is in place nothing may say that it failed."""
    try:
        yield
    except (BackupError, DatabaseError, OSError) as error:
        logger.warning("%s: %s", what, error)
        restored.remarks.append(f"{what}: {error}")


@contextmanager
def site_paused(restored: Restored) -> Iterator[None]:
    """While the database is replaced nobody should write.

    A site that was closed before, or that somebody has closed meanwhile, stays so afterwards.
    """
    is_open = maintenance.current() is None
    begun = maintenance.begin(RESTORING, minutes=MINUTES) if is_open else None
    try:
        yield
    finally:
        disconnect()
        if begun is not None:
            with remarked(restored, "The site could not be opened again (`manage.py maintenance off`)"):
                maintenance.end(begun)


def disconnect() -> None:
    """Give up our own connections, which would keep the database from being renamed, and then lead into the old one."""
    connection.close()
    if hasattr(connection, "close_pool"):
        connection.close_pool()


@contextmanager
def dropped_on_failure(conn: Connection[TupleRow], name: str) -> Iterator[None]:
    try:
        yield
    except BaseException:
        server.drop_database(conn, name)
        raise


@contextmanager
def removed_on_failure(folder: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        files.remove(folder)
        raise


def leftover_prefix() -> str:
    return f"{server.database_name()[:40]}_restoring_"


def drop_leftovers(conn: Connection[TupleRow]) -> None:
    """Of restores that were killed; for whoever holds their lock."""
    cluster.remove_leftovers()
    for name in server.databases_named(conn, leftover_prefix()):
        server.drop_database(conn, name)
    for folder in Path(settings.MEDIA_ROOT).parent.glob(f"{Path(settings.MEDIA_ROOT).name}.restoring-*"):
        files.remove(folder)
