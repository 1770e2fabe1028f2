"""A new key to seal backups with: python manage.py backup_key"""

from typing import Any

from django.core.management.base import BaseCommand

from ops.gateways.backups.keys import make_key


class Command(BaseCommand):
    help = "Print a new age identity for BACKUP_KEY. Nothing is stored."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(make_key())
