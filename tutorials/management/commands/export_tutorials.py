"""Write tutorials to Markdown files."""

from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tutorials.services.exporting import export_tutorials


class Command(BaseCommand):
    help = "Write tutorials with their images, topics and tracks to a folder that import_tutorials reads."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="an empty folder, or one of an earlier export")
        parser.add_argument("--drafts", action="store_true", help="also what is not published")

    def handle(self, *args: Any, path: Path, drafts: bool, **options: Any) -> None:
        """Raises CommandError if the folder holds anything else."""
        try:
            done = export_tutorials(path=path, drafts=drafts)
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
        self.stdout.write(f"{done.tutorials} tutorials, {done.images} images, {done.tracks} tracks.")
        for name in done.left:
            self.stdout.write(f"Left as it was, and of no tutorial that was written: {path / name}")
