"""Keys with which programs act for somebody."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils import timezone

from accounts.querysets import ApiKeyQuerySet, name_in_cache
from common.remembering import forget
from common.text import validate_line


class Scope(models.TextChoices):
    """What a key opens: reading or writing everywhere, or in one area (`tutorials:read`)."""

    READ = "read", "read everything"
    WRITE = "write", "read and change everything"
    TUTORIALS_READ = "tutorials:read", "read tutorials"
    TUTORIALS_WRITE = "tutorials:write", "read and change tutorials"
    COMMUNITY_READ = "community:read", "read the community"
    COMMUNITY_WRITE = "community:write", "read and write in the community"
    BILLING_READ = "billing:read", "read subscription and invoices"
    ANALYTICS_READ = "analytics:read", "read figures"
    ANALYTICS_WRITE = "analytics:write", "read figures and send events"
    ACCOUNT_READ = "account:read", "read account and profile"
    ACCOUNT_WRITE = "account:write", "read and change account and profile"


class ApiKey(models.Model):
    """Acts for its owner within its scopes. The key itself is shown once and kept as a keyed hash."""

    MOST_PER_PERSON = 20

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=60, validators=[validate_line])
    # The public digits of accounts.keys.KeyText.
    prefix = models.CharField(max_length=16, unique=True, editable=False)
    hash = models.BinaryField(max_length=32, editable=False)
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope), size=len(Scope))
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Requests in a minute; more are answered 429.
    rate = models.PositiveIntegerField("requests in a minute", default=600)
    # The key that goes on working for a while beside this one, its successor.
    replaces = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="successor", editable=False
    )

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = "API key"
        constraints = [
            models.CheckConstraint(
                name="api_key_has_scopes",
                condition=Q(scopes__len__gte=1),
                violation_error_message="Choose at least one scope.",
            ),
            models.CheckConstraint(
                name="api_key_has_a_rate",
                condition=Q(rate__gte=1),
                violation_error_message="A key needs at least one request in a minute.",
            ),
        ]
        indexes = [models.Index(name="api_key_of_user", fields=["user", "-created_at", "-id"])]

    def __str__(self) -> str:
        return f"{self.name} (hta_{self.prefix}…)"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A change acts at once, also where the key is remembered."""
        adding = self._state.adding
        super().save(*args, **kwargs)
        if not adding:
            forget(name_in_cache(self.prefix))

    @property
    def why_dead(self) -> str:
        """Why this key opens no doors, for the record; empty while it does. ApiKeyQuerySet.alive() asks the same."""
        if self.revoked_at is not None:
            return "revoked"
        if self.expires_at is not None and self.expires_at <= timezone.now():
            return "expired"
        if not self.user.is_active:
            return "its person is banned"
        if self.user.erase_after is not None:
            return "its person is about to be erased"
        return ""

    @property
    def is_alive(self) -> bool:
        return not self.why_dead


@receiver(post_delete, sender=ApiKey)
def forget_deleted(sender: type[ApiKey], instance: ApiKey, **kwargs: Any) -> None:
    """A signal, since it also comes when keys go with their person, where Django calls no `delete` of theirs."""
    forget(name_in_cache(instance.prefix))
