"""Delete the images that members uploaded and that nothing shows any more."""

from typing import Any

from django.core.management.base import BaseCommand

from community.services.images import clean


class Command(BaseCommand):
    help = "Delete images that were uploaded two days ago or earlier and that no text or draft shows; for every day."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{clean()} images deleted.")
