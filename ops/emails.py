"""Mail to those who run the platform."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings

from common.mail import send


def send_backup_alarm(problems: Sequence[str], sentence: str) -> None:
    """To everybody in ADMINS."""
    for _, address in settings.ADMINS:
        send("backup_alarm", to=address, context={"problems": problems, "sentence": sentence})
