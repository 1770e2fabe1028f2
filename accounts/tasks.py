"""Background work of accounts."""

from __future__ import annotations

import tempfile

from celery import shared_task
from django.db import transaction

from accounts import emails
from accounts.models import DataExport
from accounts.personal_data.archive import write_archive


@shared_task
def make_export(export_id: str) -> None:
    """Collect somebody's data into a file and mail them. Doing it again changes nothing, or finishes it."""
    export = DataExport.objects.select_related("user").filter(pk=export_id, made_at__isnull=True).first()
    if export is None:
        return
    with tempfile.TemporaryFile() as archive:
        write_archive(export.user, archive, at=export.asked_at)
        archive.seek(0)
        with transaction.atomic():
            if export.finish(archive):
                emails.data_export_ready(export=export)
