"""Whether backups are in order: python manage.py check_backups"""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from ops.management.backup_command import BackupCommand
from ops.services.backups.standing import standing
from ops.services.watching import check_backups


class Command(BackupCommand):
    help = (
        "Look whether the newest backup is young enough, whole, proven, and still in the storage. Runs by the clock,"
        " every hour, for the alarms, which nobody else tells what is in the storage."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--exit-zero", action="store_true", help="also when something is wrong: it was looked at")

    def handle(self, *args: Any, json: bool, exit_zero: bool, verbosity: int, **options: Any) -> None:
        """Raises CommandError (exit code 1) if something is wrong."""
        with self.watched(as_json=json, verbosity=0):
            found, sentence = [str(problem) for problem in check_backups()], standing().sentence
        if json:
            self.say_json({"problems": found, "sentence": sentence})
        elif verbosity:
            self.stdout.write(sentence)
        if found and not exit_zero:
            raise CommandError("\n".join(found))
        if found and verbosity and not json:
            self.stdout.write("\n".join(found))
