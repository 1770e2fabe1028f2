"""The moment in which files and database change places, of which one could be killed in the middle.

What is about to happen is noted in a file beside the uploaded files; whoever finds such a note puts right what it tells
of. A database changes its name in one transaction, so the files follow it.
"""

from __future__ import annotations

import json
import logging
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings
from psycopg import Connection
from psycopg.rows import TupleRow

from ops.gateways.backups import media as files
from ops.gateways.backups import server
from ops.gateways.backups.errors import BackupError

logger = logging.getLogger(__name__)

DEED = "restore"


@dataclass(frozen=True)
class Swap:
    """`fresh` takes the place of `live`, which is then called `kept`: of databases, and of folders.

    `kept` is empty where there is no database yet.
    """

    live: str
    fresh: str
    kept: str
    media: str
    fresh_media: str
    kept_media: str

    def carry_out(self, conn: Connection[TupleRow]) -> None:
        """Raises BackupError, and then all is as it was."""
        write_note(self)
        try:
            put_back = files.put_in_place(Path(self.fresh_media), place=Path(self.media), kept_as=Path(self.kept_media))
        except OSError as error:
            note().unlink()
            raise BackupError(f"The uploaded files could not be put in place: {error}") from error
        try:
            server.swap(conn, old=self.live, kept_as=self.kept, new=self.fresh)
        except BaseException:
            put_back()
            note().unlink()
            raise
        note().unlink()

    def was_carried_out(self, conn: Connection[TupleRow]) -> bool:
        return not server.exists(conn, self.fresh) and (not self.kept or server.exists(conn, self.kept))

    def files_back(self) -> str:
        """The old files to their place; returns where the new ones are now, to which somebody may have added."""
        media, fresh, kept = Path(self.media), Path(self.fresh_media), Path(self.kept_media)
        aside = beside(f"aside-{self.fresh.rpartition('_')[2]}")
        if media.exists() and not fresh.exists():
            media.rename(aside)
        if kept.exists() and not media.exists():
            kept.rename(media)
        return str(aside if aside.exists() else fresh)


def put_right(conn: Connection[TupleRow]) -> None:
    """After one who was killed half-way; for whoever holds the lock of restores. Raises BackupError."""
    swap = read_note()
    if swap is None:
        return
    if swap.was_carried_out(conn):
        logger.warning(
            "a restore was killed when all was in place; what was there before is kept as %s and %s",
            swap.kept or "no database",
            swap.kept_media,
        )
    else:
        try:
            where = swap.files_back()
        except OSError as error:
            raise BackupError(f"A restore was killed, and its files cannot be taken back: {error}") from error
        logger.error(
            "a restore was killed when its files were in place and its database was not yet: the old files are where"
            " they were, those of the backup in %s",
            where,
        )
    note().unlink()


def put_right_if_need_be() -> None:
    """The same for who does not hold that lock. Raises BusyError while somebody is restoring just now."""
    if note().exists():
        with server.connected(server.NEUTRAL) as conn, server.only_one(conn, DEED):
            put_right(conn)


def beside(suffix: str) -> Path:
    media = Path(settings.MEDIA_ROOT)
    return media.with_name(f"{media.name}.{suffix}")


def note() -> Path:
    return beside("swapping.json")


def write_note(swap: Swap) -> None:
    """In one step, and on the disk before anything else is."""
    half = beside("swapping.json.new")
    with half.open("w") as file:
        json.dump(asdict(swap), file)
        file.flush()
        os.fsync(file.fileno())
    half.replace(note())


def read_note() -> Swap | None:
    """Raises BackupError for one that cannot be read."""
    try:
        return Swap(**json.loads(note().read_text()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise BackupError(f"{note()} tells of a restore that was killed, and cannot be read: {error}") from error
