"""What the providers have told us: each of their webhooks, once."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from billing.models.subscriptions import Provider
from billing.querysets.events import ProviderEventQuerySet


class EventState(models.TextChoices):
    WAITING = "waiting"
    APPLIED = "applied"
    # Of no subscription of ours, or of a kind that changes nothing.
    SET_ASIDE = "set_aside", "set aside"
    # Tried often enough; staff look at it and may replay it.
    FAILED = "failed"


HAS_CONTENT = ~Q(body={})


class ProviderEvent(models.Model):
    """A verified webhook as it came. It is kept before anything is done with it, and never counted twice."""

    provider = models.CharField(max_length=10, choices=Provider)
    event_id = models.CharField(max_length=255)
    kind = models.CharField(max_length=100)
    subject = models.CharField(
        max_length=255, blank=True, help_text="The provider's name of the subscription that it is about."
    )
    happened_at = models.DateTimeField()
    received_at = models.DateTimeField(default=timezone.now)
    body = models.JSONField()
    digest = models.BinaryField(max_length=32, help_text="SHA-256 of what the event says.")
    state = models.CharField(max_length=9, choices=EventState, default=EventState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    try_after = models.DateTimeField(default=timezone.now)
    error = models.CharField(max_length=500, blank=True)
    done_at = models.DateTimeField(null=True)

    objects = ProviderEventQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="event_once", fields=["provider", "event_id"]),
            models.CheckConstraint(name="event_state_known", condition=Q(state__in=EventState.values)),
        ]
        indexes = [
            models.Index(name="event_waiting", fields=["try_after"], condition=Q(state=EventState.WAITING)),
            models.Index(name="event_subject", fields=["provider", "subject", "id"]),
            models.Index(name="event_with_content", fields=["received_at"], condition=HAS_CONTENT),
            models.Index(name="event_received", fields=["-received_at", "-id"]),
        ]

    def __str__(self) -> str:
        return f"{self.get_provider_display()} {self.kind} {self.event_id}"
