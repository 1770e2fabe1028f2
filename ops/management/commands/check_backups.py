"""Whether backups are in order: python manage.py check_backups"""

from typing import Any

from django.core.management.base import CommandError

from ops.management.backup_command import BackupCommand
from ops.services.backups.alarms import check_backups
from ops.services.backups.standing import standing


class Command(BackupCommand):
    help = (
        "Look whether the newest backup is young enough, whole and proven; what is wrong goes to the log and, once a"
        " day, to ADMINS. Runs by the clock, every hour."
    )

    def handle(self, *args: Any, json: bool, verbosity: int, **options: Any) -> None:
        """Raises CommandError (exit code 1) if something is wrong."""
        with self.watched(as_json=json, verbosity=0):
            found, sentence = check_backups(), standing().sentence
        if json:
            self.say_json({"problems": found, "sentence": sentence})
        elif verbosity:
            self.stdout.write(sentence)
        if found:
            raise CommandError("\n".join(found))
