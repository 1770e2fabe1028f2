"""Count the words that searches are corrected with."""

from typing import Any

from django.core.management.base import BaseCommand

from tutorials.vocabulary import refresh_vocabulary


class Command(BaseCommand):
    help = "Count in how many published tutorials each word occurs, and forget words that are gone; run every night."

    def handle(self, *args: Any, **options: Any) -> None:
        refresh_vocabulary()
