"""Take a backup: python manage.py backup [--kind logical|physical] [--wait] [--nightly] [--list]"""

from typing import Any

from django.core.management.base import CommandParser

from ops.management.backup_command import BackupCommand
from ops.management.progress import shown_size
from ops.models import BackupKind, BackupLog, Verdict
from ops.services.backups.backing_up import back_up
from ops.services.backups.listing import list_backups, moments
from ops.services.backups.nightly import do_every_kind, do_it_all, start_in_background
from ops.services.backups.telling import as_json as told


class Command(BackupCommand):
    help = (
        "Back up the database and uploaded files, sealed, into the storage of backups, in a process of its own. Runs by"
        " the clock, every night."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--kind",
            type=BackupKind,
            choices=list(BackupKind),
            metavar="{logical,physical}",
            help="of this database, or of all files of its server, from which later moments can be reached; default:"
            " logical, and with --nightly also physical where the write-ahead log is kept",
        )
        parser.add_argument("--wait", action="store_true", help="do it here, show progress, and end when it is done")
        parser.add_argument(
            "--nightly", action="store_true", help="then prove it, and delete those that need not be kept"
        )
        parser.add_argument("--list", action="store_true", dest="only_list", help="tell which backups there are")

    def handle(
        self, *args: Any, json: bool, kind: BackupKind | None, wait: bool, nightly: bool, verbosity: int, **options: Any
    ) -> None:
        """Raises CommandError, whose exit codes stand in docs/operations.md."""
        with self.watched(as_json=json, verbosity=verbosity) as watcher:
            if options["only_list"]:
                self.show_list(as_json=json)
            elif not wait:
                self.start(kind, nightly=nightly, as_json=json, verbosity=verbosity)
            elif nightly:
                logs = [do_it_all(kind, watcher=watcher)] if kind else do_every_kind(watcher=watcher)
                self.show(logs, json, verbosity)
            else:
                self.show([back_up(kind or BackupKind.LOGICAL, watcher=watcher)], json, verbosity)

    def show(self, logs: list[BackupLog], as_json: bool, verbosity: int) -> None:
        if as_json:
            self.say_json({"backups": [told(log) for log in logs]} if len(logs) > 1 else told(logs[0]))
            return
        for log in logs if verbosity else []:
            proof = "Proven." if log.verdict == Verdict.PASSED else f"`manage.py verify_backup {log.name}` proves it."
            self.stdout.write(
                f"{log.name}: {shown_size(log.size or 0)} of a database of {shown_size(log.database_size or 0)},"
                f" {sum(log.row_counts.values())} rows. {proof}"
            )

    def start(self, kind: BackupKind | None, *, nightly: bool, as_json: bool, verbosity: int) -> None:
        process = start_in_background(kind, nightly=nightly)
        if as_json:
            self.say_json({"state": "started", "process": process})
        elif verbosity:
            self.stdout.write(f"Started as process {process}; its words go to logs/backup.log in VAR_DIR.")

    def show_list(self, *, as_json: bool) -> None:
        backups, reach = list_backups(), moments()
        if as_json:
            self.say_json({"backups": backups, "moments": reach})
            return
        for each in backups:
            if each["error"]:
                self.stdout.write(f"{each['name']}  cannot be used: {each['error']}")
                continue
            self.stdout.write(
                f"{each['name']}  {each['recovery_point'][:19]}Z  {shown_size(each['size']):>9}"
                f"  of {shown_size(each['database_size']):>9}  {each['verdict']}"
            )
        if not backups:
            self.stdout.write("There is no backup in the storage.")
        if reach["begin"] and reach["end"]:
            self.stdout.write(f"Any moment from {reach['begin'][:19]}Z to {reach['end'][:19]}Z: restore --at MOMENT.")
        if reach["received"]:
            self.stdout.write(f"There may be more of the log in {reach['received']}: restore --at end takes that too.")
        if reach["missing"]:
            self.stdout.write(f"The segment {reach['missing']} of the write-ahead log is missing.")
