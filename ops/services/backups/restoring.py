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
from ops.gateways.backups import cluster, server
from ops.gateways.backups import media as files
from ops.gateways.backups.errors import NotThereError, RefusedError
from ops.gateways.backups.keys import Keys, our_keys
from ops.gateways.backups.storages import backup_storage
from ops.services.backups import log_archive, manifests
from ops.services.backups.backing_up import back_up
from ops.services.backups.contents import look_at
from ops.services.backups.journal import Verified, known_verdicts, note_restore, remember_verdicts
from ops.services.backups.loading import Loading
from ops.services.backups.manifests import LATEST, Manifest
from ops.services.backups.recovering import loading as loading_of
from ops.services.backups.steps import Steps, Watcher, nobody
from ops.state import migrations_waiting

logger = logging.getLogger(__name__)

DEED = "restore"
RESTORING = "We are putting back our data from a backup."
MINUTES = 60  # until those who come are told to come again; it lasts as long as the restore does


@dataclass(frozen=True)
class Wish:
    """What is to be restored, and where to.

    `backup`: a name, `latest`, or the path of a manifest. `at`: instead, the moment that is to be restored, from the
    last physical backup before it and the write-ahead log. `into`: a new database, beside which all stays as it is;
    otherwise the one that is served is replaced, which needs `agreed` and its name in `typed_name` if it holds data.
    """

    backup: str = LATEST
    at: datetime | None = None
    into: str = ""
    tables: Sequence[str] = ()
    agreed: bool = False
    typed_name: str = ""
    safety_backup: bool = True


@dataclass
class Restored:
    """`kept_database` and `kept_media` are the names under which what was there before is kept, if anything was."""

    backup: str
    recovery_point: str
    database: str
    rows: int
    kept_database: str = ""
    kept_media: str = ""
    safety_backup: str = ""
    migrations_waiting: int = 0
    steps: list[dict[str, Any]] = field(default_factory=list)


def restore(wish: Wish, *, watcher: Watcher = nobody) -> Restored:
    """Restore a backup. Raises a BackupError, and then all is as it was before.

    RefusedError, NotThereError and BusyError are raised before anything is touched.
    """
    keys, steps = our_keys(), Steps(watcher)
    storage, manifest = found(backup_storage(), wish, keys)
    with (
        server.connected(server.NEUTRAL) as conn,
        server.only_one(conn, DEED),
        loading_of(manifest, storage, keys, conn, steps, until=wish.at) as loading,
    ):
        tables = tables_of(manifest, wish)
        refuse_what_would_harm(conn, wish)
        drop_leftovers(conn)
        loading.check()
        restored = beside(loading, wish.into, tables) if wish.into else in_place(loading, wish)
        restored.steps = steps.done
    logger.warning("backup %s was restored into the database %s", manifest.name, restored.database)
    return restored


def found(storage: Storage, wish: Wish, keys: Keys) -> tuple[Storage, Manifest]:
    """Raises NotThereError, UnsoundError."""
    if wish.at is None:
        return manifests.find(storage, wish.backup, keys)
    manifest = log_archive.best_for(storage, keys, wish.at)
    if manifest is None:
        window = log_archive.reach(storage, keys)
        begins = f"the first begins at {window.begin.isoformat(' ')}" if window.begin else "there is none"
        raise NotThereError(f"No physical backup was there at {wish.at.isoformat(' ')}: {begins}.")
    return storage, manifest


def tables_of(manifest: Manifest, wish: Wish) -> list[str]:
    """The names as pg_restore takes them. Raises RefusedError for one that the backup does not have."""
    if wish.tables and not wish.into:
        raise RefusedError("Single tables are restored beside the others: name a new database with --into.")
    there = {table.partition(".")[2] for table in manifest.as_found.row_counts}
    wanted = [table.removeprefix("public.") for table in wish.tables]
    if missing := sorted(set(wanted) - there):
        raise RefusedError(f"{manifest.name} has no table {', '.join(missing)}.")
    return wanted


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
        return
    server.refuse_another_owner(conn, live)
    if not server.exists(conn, live) or not (about := server.holdings(live)):
        return
    if not wish.agreed or wish.typed_name != live:
        raise RefusedError(
            f"{about}. To replace it, pass --yes and type its name, {live!r} (--name {live}, where nobody can type)."
            " Or restore beside it, with --into NAME."
        )


def beside(loading: Loading, name: str, tables: Sequence[str]) -> Restored:
    """A new database; one that failed half-way is dropped."""
    manifest = loading.manifest
    with dropped_on_failure(loading.conn, name):
        if tables:
            loading.load_tables(name, tables)
        else:
            loading.load_database(name)
            loading.compare(name)
    with suppress(DatabaseError):
        note_restore(manifest.name)
    return Restored(manifest.name, loading.point.isoformat(), name, rows_in(name, tables))


def rows_in(name: str, tables: Sequence[str] = ()) -> int:
    """Of all tables, or only of these."""
    with server.connected(name) as conn:
        counts = look_at(conn).row_counts
    return sum(count for table, count in counts.items() if not tables or table.partition(".")[2] in tables)


def in_place(loading: Loading, wish: Wish) -> Restored:
    live, conn, manifest = server.database_name(), loading.conn, loading.manifest
    stamp = f"{timezone.now():%Y%m%d%H%M%S}"
    fresh, kept = f"{leftover_prefix()}{secrets.token_hex(6)}", f"{live[:40]}_before_{stamp}"
    media = Path(settings.MEDIA_ROOT)
    fresh_media, kept_media = media_beside(f"restoring-{stamp}"), media_beside(f"before-{stamp}")
    had_database, had_media = server.exists(conn, live), media.exists()
    restored = Restored(manifest.name, loading.point.isoformat(), live, rows=0)
    known = known_verdicts() if had_database else []
    with site_paused(), dropped_on_failure(conn, fresh), removed_on_failure(fresh_media):
        if had_database and server.holdings(live) and wish.safety_backup:
            restored.safety_backup = back_up(watcher=loading.steps.watcher).name
        fresh_media.mkdir(mode=0o755, parents=True)
        loading.load_database(fresh)
        loading.load_media(fresh_media)
        loading.compare(fresh)
        restored.rows = rows_in(fresh)
        if loading.until is not None:
            # Uploaded files have no log: those that came after the backup are still where they were, if anywhere.
            files.add_missing(media, fresh_media)
        disconnect()
        with loading.steps.step("put it in place"):
            put_back = files.put_in_place(fresh_media, place=media, kept_as=kept_media)
            try:
                server.swap(conn, old=live, kept_as=kept, new=fresh)
            except BaseException:
                put_back()
                raise
        restored.kept_database = kept if had_database else ""
        restored.kept_media = str(kept_media) if had_media else ""
        restored.migrations_waiting = settle(manifest.name, known, loading.keys)
    return restored


def settle(name: str, known: list[Verified], keys: Keys) -> int:
    """Tell the restored database what it cannot know; returns how many migrations it waits for.

    It is served whether this works or not: an old backup may lack the table, or columns of it. Then the first backup
    after `migrate` takes up what lies in the storage.
    """
    with suppress(DatabaseError):
        remember_verdicts(known, backup_storage(), keys)
        note_restore(name)
    return len(migrations_waiting())


@contextmanager
def site_paused() -> Iterator[None]:
    """While the database is replaced nobody should write. A site that was closed before stays so afterwards."""
    is_open = maintenance.current() is None
    if is_open:
        maintenance.begin(RESTORING, minutes=MINUTES)
    try:
        yield
    finally:
        disconnect()
        if is_open:
            maintenance.end()


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


def media_beside(suffix: str) -> Path:
    media = Path(settings.MEDIA_ROOT)
    return media.with_name(f"{media.name}.{suffix}")


def drop_leftovers(conn: Connection[TupleRow]) -> None:
    """Of restores that were killed; for whoever holds their lock."""
    cluster.remove_leftovers()
    for name in server.databases_named(conn, leftover_prefix()):
        server.drop_database(conn, name)
    for folder in Path(settings.MEDIA_ROOT).parent.glob(f"{Path(settings.MEDIA_ROOT).name}.restoring-*"):
        files.remove(folder)
