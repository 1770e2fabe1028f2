"""What somebody asks of the data that we hold about them."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import IO

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.files import File
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.querysets import DataExportQuerySet


class DataExport(models.Model):
    """A ZIP file of everything that belongs to somebody; made in the background, kept for a week."""

    KEPT = timedelta(days=7)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="data_exports")
    asked_at = models.DateTimeField(default=timezone.now)
    made_at = models.DateTimeField(null=True, blank=True)
    # Named when it is asked for: a file that was stored just before a worker died is then replaced
    # by the next attempt, and found by erasure.
    file = models.FileField(upload_to="exports", blank=True)

    objects = DataExportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="data_export_one_at_a_time",
                fields=["user"],
                condition=Q(made_at__isnull=True),
                violation_error_message="Your data is being collected already; wait for the mail.",
            ),
        ]
        indexes = [models.Index(name="data_export_of_user", fields=["user", "-asked_at"])]

    def __str__(self) -> str:
        return f"export of {self.asked_at:%Y-%m-%d}"

    @property
    def expires_at(self) -> datetime | None:
        return self.made_at + self.KEPT if self.made_at else None

    @property
    def archive_name(self) -> str:
        """What the file is called where it is stored."""
        return f"exports/{self.pk}.zip"

    @property
    def download_name(self) -> str:
        """What the file is called on the disk of whoever downloads it."""
        return f"how-to-ai-data-{self.asked_at:%Y-%m-%d}.zip"

    @transaction.atomic
    def finish(self, archive: IO[bytes]) -> bool:
        """Store the archive; False if that was done meanwhile, or if its person was erased."""
        waiting = type(self).objects.select_for_update().filter(pk=self.pk, made_at__isnull=True)
        if not waiting.exists():
            return False
        storage = self.file.storage
        storage.delete(self.archive_name)
        self.file = storage.save(self.archive_name, File(archive))
        self.made_at = timezone.now()
        self.save(update_fields=["file", "made_at"])
        return True


class ErasureReceipt(models.Model):
    """Proof that somebody was erased, without saying who; its number is mailed to them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    asked_at = models.DateTimeField()
    erased_at = models.DateTimeField(default=timezone.now)
    # By model and by what was done to its rows: in "accounts.Profile", "deleted" is 1.
    counts = models.JSONField(default=dict)
    # Names of files that are still to be deleted: files can go only after the commit, and whoever
    # does it may die before it is done.
    files_left = ArrayField(models.CharField(max_length=255), default=list, blank=True)

    class Meta:
        ordering = ("-erased_at",)

    def __str__(self) -> str:
        return f"erasure {self.id}"
