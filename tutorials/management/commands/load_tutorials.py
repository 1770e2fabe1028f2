"""Made-up tutorials in large numbers: python manage.py load_tutorials 100000"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tutorials.services.loading import load_tutorials


class Command(BaseCommand):
    help = "Add many made-up tutorials, for benchmarks (benchmarks/finding.py)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("count", type=int, help="how many")

    def handle(self, *args: Any, count: int, **options: Any) -> None:
        try:
            load_tutorials(count=count)
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
        self.stdout.write(self.style.SUCCESS(f"{count} tutorials loaded."))
