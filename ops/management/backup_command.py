"""What all commands of backups have in common: --json, progress, and how they end (docs/operations.md)."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from ops.gateways.backups.errors import BackupError
from ops.management.progress import Progress
from ops.services.backups.steps import Watcher, nobody


class BackupCommand(BaseCommand):
    # They must work on a server that has nothing but its settings.
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object, and nothing else, on stdout")

    @contextmanager
    def watched(self, *, as_json: bool, verbosity: int) -> Iterator[Watcher]:
        """Progress goes to stderr. A BackupError becomes a CommandError with its exit code."""
        progress = Progress(sys.stderr) if verbosity and not as_json else None
        try:
            yield progress or nobody
        except BackupError as error:
            if progress:
                progress.end()
            if as_json:
                self.say_json({"state": "failed", "error": str(error), "exit_code": error.exit_code})
            raise CommandError(str(error), returncode=error.exit_code) from error
        except DatabaseError as error:
            raise CommandError(f"The database failed: {error}") from error
        if progress:
            progress.end()

    def say_json(self, what: Any) -> None:
        self.stdout.write(json.dumps(what, default=str))
