"""A made-up community in large numbers: python manage.py load_community --posts 1000000 --comments 5000000"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from community.services.loading import SEED, load_community, tidy_up


class Command(BaseCommand):
    help = "Add many made-up posts and comments, for benchmarks (benchmarks/discussing.py)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--posts", type=int, required=True, help="how many")
        parser.add_argument("--comments", type=int, required=True, help="how many")
        parser.add_argument("--seed", type=int, default=SEED)
        parser.add_argument("--yes", action="store_true", help="also where DEBUG is off")

    def handle(self, *args: Any, posts: int, comments: int, seed: int, yes: bool, **options: Any) -> None:
        if not (settings.DEBUG or yes):
            raise CommandError("This fills a platform with made-up posts. If that is what you want, add --yes.")
        try:
            load_community(posts=posts, comments=comments, seed=seed)
            tidy_up()
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
        self.stdout.write(self.style.SUCCESS(f"{posts} posts and {comments} comments loaded."))
