"""What all commands of backups have in common: --json, progress, and how they end (docs/operations.md)."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DatabaseFailure

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
        """Progress goes to stderr. What may go wrong becomes a CommandError with its exit code."""
        progress = Progress(sys.stderr) if verbosity and not as_json else None
        try:
            yield progress or nobody
        except BackupError as error:
            raise self.failed(str(error), error.exit_code, as_json=as_json) from error
        except DatabaseFailure as error:
            raise self.failed(f"The database failed: {error}".strip(), as_json=as_json) from error
        except OSError as error:
            raise self.failed(str(error), as_json=as_json) from error
        finally:
            if progress:
                progress.end()

    def failed(self, words: str, exit_code: int = BackupError.exit_code, *, as_json: bool) -> CommandError:
        if as_json:
            self.say_json({"state": "failed", "error": words, "exit_code": exit_code})
        return CommandError(words, returncode=exit_code)

    def say_json(self, what: Any) -> None:
        self.stdout.write(json.dumps(what, default=str))
