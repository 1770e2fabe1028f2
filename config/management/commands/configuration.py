"""Write docs/configuration.md: python manage.py configuration"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import reference


class Command(BaseCommand):
    help = "Write docs/configuration.md, which lists all variables, from the settings and config/reference.py."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; end with 1 if the page is an old one")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        """Raises CommandError where a variable is not explained, or, with `check`, where the page is an old one."""
        try:
            if check:
                if not reference.PAGE.exists() or reference.PAGE.read_text(encoding="utf-8") != reference.page():
                    raise CommandError(f"{reference.PAGE} is not up to date; write it with `manage.py configuration`.")
                self.stdout.write("Up to date.")
                return
            said = "Wrote" if reference.write() else "Nothing has changed in"
        except reference.Unexplained as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{said} {reference.PAGE}.")
