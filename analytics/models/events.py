"""What happened, as it came in. Rows are written by analytics.pipeline."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from analytics.events import Device, Name, Tier


class Segment(models.Model):
    """A part of all who come, by what figures can be filtered by. There are some hundreds."""

    id = models.AutoField(primary_key=True)
    tier = models.TextField(choices=Tier, blank=True)
    country = models.TextField(blank=True, help_text="Of the time zone, ISO 3166-1 alpha-2; empty: unknown.")
    device = models.TextField(choices=Device, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(name="segment_once", fields=["tier", "country", "device"])]

    def __str__(self) -> str:
        return " ".join(filter(None, (self.tier, self.country, self.device))) or "unknown"


class Audience(models.Model):
    """A segment by browser and system: four bytes in an event instead of five words."""

    id = models.AutoField(primary_key=True)
    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="audiences")
    browser = models.TextField(blank=True)
    system = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(name="audience_once", fields=["segment", "browser", "system"])]

    def __str__(self) -> str:
        return f"{self.segment} {self.browser} {self.system}"


class UserAnalytics(models.Model):
    """One event. The table is split by month of the id, which begins with the time: so an id is there once, ever.

    No constraint ties it to people or audiences: it is written by COPY, and people are erased with their events.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    # The time in the id, to the millisecond; ranges are best asked of the id, which has the index.
    at = models.DateTimeField("time")
    name = models.TextField(choices=Name)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    visitor = models.BigIntegerField(null=True, blank=True, help_text="A browser on one day; never a positive number.")
    audience = models.ForeignKey(
        Audience, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    subject = models.TextField(blank=True)
    source = models.TextField(blank=True)
    properties = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = "event"
        indexes = [models.Index(name="event_of_user", fields=["user", "id"], condition=Q(user__isnull=False))]

    def __str__(self) -> str:
        return f"{self.name} {self.subject}".rstrip()


class DeadLetter(models.Model):
    """A line that the database refused as an event. `manage.py ingest_events --replay` tries all of them again."""

    # The SHA-256 of the line: one that comes again is there once.
    id = models.CharField(primary_key=True, max_length=64, editable=False)
    set_aside_at = models.DateTimeField(db_index=True)
    error = models.TextField()
    line = models.BinaryField()

    class Meta:
        ordering = ("set_aside_at", "id")

    def __str__(self) -> str:
        return f"{self.set_aside_at:%Y-%m-%d %H:%M} {self.error}"
