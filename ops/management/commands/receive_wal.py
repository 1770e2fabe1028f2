"""Keep the write-ahead log: python manage.py receive_wal"""

import signal
import threading
from typing import Any

from django.core.management.base import CommandParser

from ops.management.backup_command import BackupCommand
from ops.services.backups.receiving import let_go, receive


class Command(BackupCommand):
    help = (
        "Receive the write-ahead log of the database server and store it, sealed, with the backups, until it is told to"
        " stop. `manage.py up` starts it where BACKUP_WAL is true; elsewhere it is a service beside worker and beat."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--drop-slot",
            action="store_true",
            help="have the server keep nothing for us any more, and end; for when BACKUP_WAL is turned off",
        )

    def handle(self, *args: Any, json: bool, drop_slot: bool, **options: Any) -> None:
        """Raises CommandError, whose exit codes stand in docs/operations.md."""
        with self.watched(as_json=json, verbosity=0):
            if drop_slot:
                self.drop(as_json=json)
                return
            stop = threading.Event()
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: stop.set())
            receive(stop)

    def drop(self, *, as_json: bool) -> None:
        dropped = let_go()
        if as_json:
            self.say_json({"dropped": dropped})
        else:
            self.stdout.write("Dropped." if dropped else "There was none.")
