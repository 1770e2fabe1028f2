"""Restore: python manage.py restore [NAME | PATH | --latest | --at MOMENT | --at end] [--into DATABASE] [--yes]"""

import sys
from argparse import ArgumentTypeError
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from ops.gateways.backups.wal import END
from ops.management.backup_command import BackupCommand
from ops.services.backups.manifests import LATEST
from ops.services.backups.restoring import Restored, Wish, restore, what_would_be_replaced


class Command(BackupCommand):
    help = (
        "Restore a backup in the place of the database and the uploaded files, which are kept under other names; or,"
        " with --into, into a new database beside them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("backup", nargs="?", help="its name, or the path of its manifest.json")
        which.add_argument("--latest", action="store_true", help="the newest")
        which.add_argument(
            "--at",
            type=moment,
            metavar="MOMENT",
            help='any that the log leads to: "2026-11-22 10:15:00+00"; or `end`: all that there is of the log',
        )
        parser.add_argument(
            "--received",
            type=Path,
            metavar="FOLDER",
            help="with --at: where receive_wal had the last of the log, or a copy of it; default: wal/ in VAR_DIR",
        )
        parser.add_argument("--into", metavar="DATABASE", help="a new one; nothing else is touched")
        parser.add_argument(
            "--table", action="append", default=[], dest="tables", help="with --into: the rows of this table alone"
        )
        parser.add_argument("--yes", action="store_true", help="replace a database that holds data")
        parser.add_argument("--name", default="", dest="typed_name", help="its name, where nobody can type it")
        parser.add_argument(
            "--without-safety-backup",
            action="store_false",
            dest="safety_backup",
            help="do not back up what is replaced; it is kept under another name all the same",
        )

    def handle(self, *args: Any, json: bool, verbosity: int, **options: Any) -> None:
        """Raises CommandError, whose exit codes stand in docs/operations.md."""
        # Without a name there is one of the other two.
        backup = LATEST if options["backup"] is None else options["backup"]
        wish = Wish(
            backup=backup,
            at=options["at"],
            received=options["received"],
            into=options["into"],
            tables=options["tables"],
            agreed=options["yes"],
            typed_name=options["typed_name"],
            safety_backup=options["safety_backup"],
        )
        with self.watched(as_json=json, verbosity=verbosity) as watcher:
            if wish.agreed and wish.into is None and not wish.typed_name and sys.stdin.isatty():
                wish = replace(wish, typed_name=asked())
            restored = restore(wish, watcher=watcher)
        if json:
            self.say_json(asdict(restored))
        elif verbosity:
            self.stdout.write("\n".join(lines(restored, to_the_end=wish.at == END)))


def asked() -> str:
    """What somebody types who has read what would be replaced; nobody is asked where nothing would be."""
    about = what_would_be_replaced()
    if not about:
        return ""
    # Not on stdout, where only the result belongs.
    sys.stderr.write(f"{about}.\nIt will be replaced. Type its name: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip()


def moment(text: str) -> datetime:
    """Raises ArgumentTypeError."""
    if text.strip() == "end":
        return END
    try:
        read = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no moment; write it as 2026-11-22 10:15:00+00, or end") from error
    if read.tzinfo is None:
        raise ArgumentTypeError(f"{text!r} may be many moments: add the offset to UTC, as in {text.strip()}+00")
    return read


def lines(restored: Restored, *, to_the_end: bool) -> list[str]:
    point = restored.recovery_point[:19]
    said = [f"{restored.backup} is restored: {restored.rows} rows in the database {restored.database}."]
    if to_the_end:
        said.append(f"It goes as far as the log does: the last commit of that was at {point} UTC.")
    else:
        said.append(f"It has what was committed before {point} UTC.")
    if restored.only_received:
        segments = ", ".join(restored.only_received)
        said.append(f"Of the log, this came from where it was received, and is not stored: {segments}.")
    if restored.kept_database:
        said.append(f"What it was before is kept as the database {restored.kept_database}; drop it when all is well.")
    if restored.kept_media:
        said.append(f"The uploaded files of before are in {restored.kept_media}; remove it when all is well.")
    if restored.safety_backup:
        said.append(f"They are also the backup {restored.safety_backup}.")
    if restored.migrations_waiting:
        said.append(
            f"The backup is older than this code: run `manage.py migrate` ({restored.migrations_waiting} wait)."
        )
    return said + restored.remarks
