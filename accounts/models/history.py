"""What happened at the doors."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.models.sessions import Door, Session
from accounts.querysets import LoginHistoryQuerySet


class Event(models.TextChoices):
    SIGN_UP = "sign_up", "signed up"
    LOGIN = "login", "signed in"
    FAILURE = "failure", "sign-in refused"
    LIMITED = "limited", "too many attempts"
    REFRESH = "refresh", "tokens renewed"
    REFUSED_TOKEN = "refused_token", "token refused"
    THEFT = "theft", "used token shown again"
    LOGOUT = "logout", "signed out"
    SECOND_FACTOR = "second_factor", "second factor used"
    SECOND_FACTOR_FAILURE = "second_factor_failure", "second factor refused"
    SECOND_FACTOR_ADDED = "second_factor_added", "second factor added"
    SECOND_FACTOR_REMOVED = "second_factor_removed", "second factor removed"
    PASSWORD_CHANGE = "password_change", "password changed"
    EMAIL_CHANGE = "email_change", "e-mail address changed"
    EMAIL_CONFIRMED = "email_confirmed", "e-mail address confirmed"
    API_KEY_MADE = "api_key_made", "API key made"
    API_KEY_REVOKED = "api_key_revoked", "API key revoked"
    BANNED = "banned", "account closed by staff"
    UNBANNED = "unbanned", "account opened again by staff"
    ERASURE_ASKED = "erasure_asked", "erasure asked for"
    ERASURE_CANCELLED = "erasure_cancelled", "erasure cancelled"
    EXPORT_ASKED = "export_asked", "export of data asked for"


class LoginHistory(models.Model):
    """One thing that happened at a door; rows are only ever added, and forgotten after KEPT."""

    KEPT = timedelta(days=180)

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="login_history"
    )
    # What was typed where nobody is known by it; empty if it has not the form of an address,
    # since people type passwords into the wrong field.
    email = models.CharField("e-mail address tried", max_length=254, blank=True)
    event = models.CharField(max_length=24, choices=Event)
    door = models.CharField(max_length=7, choices=Door)
    reason = models.CharField(max_length=200, blank=True)
    device = models.CharField(max_length=100, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    session = models.ForeignKey(Session, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    objects = LoginHistoryQuerySet.as_manager()

    class Meta:
        verbose_name = "entry of the login history"
        verbose_name_plural = "login history"
        indexes = [
            models.Index(name="login_history_of_user", fields=["user", "-at", "-id"]),
            models.Index(name="login_history_newest", fields=["-at", "-id"]),
        ]

    def __str__(self) -> str:
        return f"{self.get_event_display()}, {self.at:%Y-%m-%d %H:%M}"
