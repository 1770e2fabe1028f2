"""Whether what is counted is what is there: python manage.py check_counters [--repair]"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from community.services.counting import find_drift, repair_drift

MOST_LINES = 100


class Command(BaseCommand):
    help = (
        "Compare likes, comments, activity, tags and members' counts with the rows that they count. Ends with 1 if any "
        "differ; with --repair these are put right."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--repair", action="store_true", help="count anew what differs, while people write")

    def handle(self, *args: Any, repair: bool, **options: Any) -> None:
        found = 0
        for drift in repair_drift() if repair else find_drift():
            found += 1
            if found <= MOST_LINES:
                self.stdout.write(str(drift))
        if not found:
            self.stdout.write(self.style.SUCCESS("All counts are right."))
        elif repair:
            self.stdout.write(self.style.SUCCESS(f"{found} repaired."))
        else:
            raise CommandError(f"{found} counts differ. Run it with --repair.")
