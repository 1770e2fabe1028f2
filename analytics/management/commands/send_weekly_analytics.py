"""Mail the summary of last week: python manage.py send_weekly_analytics"""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from analytics.services import weekly


class Command(BaseCommand):
    help = "Mail last week's figures to staff who want them and have not had them. Runs by the clock, on Mondays."

    def handle(self, *args: Any, verbosity: int, **options: Any) -> None:
        sent = weekly.send(timezone.now())
        if verbosity:
            self.stdout.write(f"{sent} mail{'' if sent == 1 else 's'} made.")
