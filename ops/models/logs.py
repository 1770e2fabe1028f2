"""What the platform says about itself. Rows are written by ops.logs, which knows no Django."""

from __future__ import annotations

import logging

from django.db import models
from django.utils import timezone


class Level(models.IntegerChoices):
    DEBUG = logging.DEBUG, "debug"
    INFO = logging.INFO, "info"
    WARNING = logging.WARNING, "warning"
    ERROR = logging.ERROR, "error"
    CRITICAL = logging.CRITICAL, "critical"


class SystemLog(models.Model):
    """One thing that was said. The table is split by day: what is older than 30 of them lies in the archive."""

    # The database's key is (created_at, id), since a table that is split by time needs the time in it.
    id = models.UUIDField(primary_key=True, editable=False)
    created_at = models.DateTimeField("time")
    level = models.PositiveSmallIntegerField(choices=Level)
    logger = models.TextField(help_text="Who said it, such as billing.services.receiving.")
    message = models.TextField()
    request_id = models.TextField(blank=True, help_text="The X-Request-ID of the answer, also that of tasks it led to.")
    # No key to people: a log outlives them, and then it is a number that leads nowhere.
    user_id = models.BigIntegerField("user", null=True, blank=True)
    method = models.TextField(blank=True)
    path = models.TextField(blank=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    duration_ms = models.FloatField("milliseconds", null=True, blank=True)
    task = models.TextField(blank=True)
    process = models.TextField(help_text="Which program said it, and its number on its machine.")
    context = models.JSONField(default=dict, blank=True)
    exception = models.TextField(blank=True)
    fingerprint = models.TextField(blank=True, help_text="The same for errors of one kind.")

    class Meta:
        verbose_name = "log record"
        indexes = [
            models.Index(name="log_of_request", fields=["request_id"], condition=~models.Q(request_id="")),
            models.Index(name="log_of_trouble", fields=["-created_at"], condition=models.Q(level__gte=Level.WARNING)),
            models.Index(
                name="log_of_group", fields=["fingerprint", "-created_at"], condition=~models.Q(fingerprint="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_level_display()}: {self.message[:80]}"


class ErrorGroup(models.Model):
    """Errors of one kind: counted, and open until somebody resolves them, or again when one comes back."""

    fingerprint = models.TextField(primary_key=True, editable=False)
    title = models.TextField()
    logger = models.TextField()
    level = models.PositiveSmallIntegerField(choices=Level)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    count = models.PositiveBigIntegerField()
    sample = models.UUIDField(help_text="The newest record of the kind.")
    exception = models.TextField(blank=True, help_text="The newest one's.")
    context = models.JSONField(default=dict, blank=True, help_text="The newest one's.")
    resolved_at = models.DateTimeField(null=True, blank=True)
    returns = models.PositiveIntegerField(default=0, help_text="How often it came back after it was resolved.")

    class Meta:
        verbose_name = "kind of error"
        verbose_name_plural = "kinds of errors"
        indexes = [models.Index(name="error_last_seen", fields=["-last_seen"])]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.resolved_at is None

    def resolve(self) -> None:
        """Until it comes back."""
        self.resolved_at = timezone.now()
        self.save(update_fields=["resolved_at"])
