"""Look whether a rule of alerts has become true: python manage.py check_metrics"""

from typing import Any

from django.core.management.base import BaseCommand

from analytics.services import alerting


class Command(BaseCommand):
    help = (
        "Compare saved metrics with the rules of staff, and tell whom they name. Runs by the clock, every five minutes."
    )

    def handle(self, *args: Any, verbosity: int, **options: Any) -> None:
        lasting = alerting.check()
        if verbosity:
            for alert in lasting:
                self.stdout.write(f"{alert.rule.name}: {alert.words}")
            self.stdout.write(f"{len(lasting)} alert{'' if len(lasting) == 1 else 's'} at present.")
