"""Prove a backup by restoring it: python manage.py verify_backup [NAME | --latest | --oldest] [--background]"""

from typing import Any

from django.core.management.base import CommandParser

from ops.management.backup_command import BackupCommand
from ops.services.backups.manifests import LATEST, OLDEST
from ops.services.backups.nightly import start_proof
from ops.services.backups.telling import as_json
from ops.services.backups.verifying import verify


class Command(BackupCommand):
    help = (
        "Restore a backup into a scratch database, compare it with what was backed up, drop it, and record the verdict"
        " with the time that it took."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        which = parser.add_mutually_exclusive_group()
        which.add_argument("name", nargs="?", default="", help="as `backup --list` tells it")
        # Not into `name`: argparse puts the default of a name that is not given there after them.
        which.add_argument("--latest", action="store_const", dest="end", const=LATEST, help="the newest (default)")
        which.add_argument("--oldest", action="store_const", dest="end", const=OLDEST, help="the oldest that is kept")
        parser.add_argument("--background", action="store_true", help="in a process of its own, and end at once")

    def handle(
        self, *args: Any, name: str, end: str | None, json: bool, background: bool, verbosity: int, **options: Any
    ) -> None:
        """Raises CommandError, whose exit codes stand in docs/operations.md."""
        name = name or end or LATEST
        if background:
            start_proof(name)
            return
        with self.watched(as_json=json, verbosity=verbosity) as watcher:
            log = verify(name, watcher=watcher)
        if json:
            self.say_json(as_json(log))
        elif verbosity:
            self.stdout.write(
                f"{log.name} is proven: {sum(log.row_counts.values())} rows restored and compared; it took"
                f" {log.recovery_seconds:.1f} s, and it has what was committed before"
                f" {log.recovery_point:%Y-%m-%d %H:%M:%S} UTC."
            )
