"""Delete old backups: python manage.py prune_backups [--dry-run]"""

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from ops.management.backup_command import BackupCommand
from ops.services.backups.pruning import prune


class Command(BackupCommand):
    help = (
        "Delete the backups that are not the newest of one of the last days, weeks or months, nor needed to restore any"
        " moment of the last days. The newest of all, and the newest that is proven, always stay. Runs after every"
        " nightly backup."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--dry-run", action="store_true", help="tell what would be deleted, and delete nothing")

    def handle(self, *args: Any, json: bool, dry_run: bool, verbosity: int, **options: Any) -> None:
        """Raises CommandError, whose exit codes stand in docs/operations.md."""
        with self.watched(as_json=json, verbosity=0):
            pruned = prune(dry_run=dry_run)
        if json:
            self.say_json(asdict(pruned) | {"dry_run": dry_run})
        elif verbosity:
            for name in pruned.deleted:
                self.stdout.write(name)
            for name in pruned.unfinished:
                self.stdout.write(f"{name} (never finished)")
            count = len(pruned.deleted) + len(pruned.unfinished)
            log = f", and {pruned.log_segments} pieces of the write-ahead log" if pruned.log_segments else ""
            self.stdout.write(f"{count} {'would be ' if dry_run else ''}deleted{log}; {len(pruned.kept)} kept.")
