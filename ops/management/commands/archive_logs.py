"""Move days of the log that are over into the archive."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ops.services.archiving import KEPT_DAYS, ArchiveError, Busy, archive_logs


class Command(BaseCommand):
    help = "Archive days of the log that are over for long, read them back, and drop them. Runs by the clock, daily."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--keep-days", type=int, default=KEPT_DAYS, help=f"days that stay; {KEPT_DAYS} unless told")

    def handle(self, *args: Any, keep_days: int, verbosity: int, **options: Any) -> None:
        """Raises CommandError; what was archived before it stays archived."""
        if keep_days < 1:
            raise CommandError("Today cannot be archived: keep one day at least.")
        days = 0
        try:
            for manifest in archive_logs(keep_days=keep_days):
                days += 1
                if verbosity:
                    self.stdout.write(f"{manifest.day}: {manifest.rows} records in {manifest.file}")
        except (ArchiveError, Busy, OSError) as error:
            raise CommandError(f"{error}") from error
        if verbosity and not days:
            self.stdout.write("Nothing is old enough.")
