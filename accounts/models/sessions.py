"""Signed-in devices."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.querysets import BrowserSessionQuerySet, SessionQuerySet

if TYPE_CHECKING:
    from django.contrib.sessions.backends.base import SessionBase


class Door(models.TextChoices):
    """Where somebody comes in."""

    PAGE = "page", "website"
    API = "api", "API"
    ADMIN = "admin"
    COMMAND = "command"


class EndReason(models.TextChoices):
    LOGGED_OUT = "logged_out", "signed out"
    REVOKED = "revoked", "signed out from another device"
    PASSWORD_CHANGED = "password_changed", "password changed"
    BANNED = "banned", "account closed by staff"
    ERASED = "erased", "erasure asked for"
    THEFT = "theft", "a used token was shown again"
    REPLACED = "replaced", "signed in anew on this device"


class Session(models.Model):
    """One signed-in device, whichever door it came through; its id is the `sid` of access tokens.

    A browser that came through a page has this id in its Django session, a client of the API
    has it in its tokens. Both are good for as long as this row is alive, and no longer: each
    request looks here (docs/decisions/0008-signing-in.md).
    """

    # A session ends after so long without use, and in any case at ENDS_AFTER.
    IDLE = timedelta(days=7)
    ENDS_AFTER = timedelta(days=30)
    # What `see` changes.
    SEEN = ("last_seen_at", "expires_at", "address")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sessions")
    door = models.CharField(max_length=7, choices=Door)
    device = models.CharField(max_length=100, blank=True, help_text="Browser and system in words.")
    address = models.GenericIPAddressField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)
    # When somebody last proved who they are here: risky changes ask again after five minutes.
    authenticated_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=16, choices=EndReason, blank=True)

    # SHA-256 of the refresh token that is good now and of the one before; empty for pages.
    refresh_hash = models.BinaryField(max_length=32, default=bytes, blank=True)
    previous_hash = models.BinaryField(max_length=32, default=bytes, blank=True)
    rotated_at = models.DateTimeField(null=True, blank=True)

    objects = SessionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="session_ended_with_reason",
                condition=Q(ended_at__isnull=True, end_reason="") | (Q(ended_at__isnull=False) & ~Q(end_reason="")),
                violation_error_message="A session that has ended says why.",
            ),
        ]
        indexes = [
            models.Index(name="session_alive", fields=["user", "-last_seen_at"], condition=Q(ended_at__isnull=True)),
            models.Index(name="session_expires", fields=["expires_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.device or 'Unknown device'} of {self.user}"

    def see(self, *, address: str | None) -> None:
        """Note that it is in use, which prolongs it; the caller saves SEEN."""
        self.last_seen_at = timezone.now()
        self.expires_at = min(self.last_seen_at + self.IDLE, self.created_at + self.ENDS_AFTER)
        self.address = address

    @property
    def is_alive(self) -> bool:
        return self.ended_at is None and self.expires_at > timezone.now() and self.user.is_active


class BrowserSession(AbstractBaseSession):
    """Django's session of a browser, with the device that is signed in there: a page finds both by one query."""

    device = models.ForeignKey(Session, null=True, blank=True, on_delete=models.CASCADE, related_name="+")

    objects: ClassVar[Any] = BrowserSessionQuerySet.as_manager()  # type: ignore[assignment]  # for Django's own

    @classmethod
    def get_session_store_class(cls) -> type[SessionBase]:
        from accounts.session_store import SessionStore

        return SessionStore
