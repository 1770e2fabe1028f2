"""Create or update tutorials from Markdown files."""

from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from tutorials.services import import_tutorials


class Command(BaseCommand):
    help = "Create or update tutorials, by slug, from Markdown files with front matter; all or nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="a Markdown file, or a folder of them")
        parser.add_argument("--author", metavar="EMAIL", help="who wrote the new ones")

    def handle(self, *args: Any, path: Path, author: str | None, **options: Any) -> None:
        """Raises CommandError with file and line for each thing that is wrong."""
        try:
            person = User.objects.get_by_natural_key(author) if author else None
        except User.DoesNotExist:
            raise CommandError(f"There is nobody with the address {author}.") from None
        try:
            done = import_tutorials(path=path, author=person)
        except ValidationError as error:
            raise CommandError("Nothing was imported.\n" + "\n".join(error.messages)) from error
        self.stdout.write(f"{done.created} created, {done.updated} updated, {done.unchanged} unchanged.")
