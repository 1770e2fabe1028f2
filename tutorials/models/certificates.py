"""Certificates of finished tracks: what anybody who is given the address of one may hold its words against."""

from __future__ import annotations

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from common.text import validate_line
from tutorials.models.tutorials import Track
from tutorials.querysets import CertificateQuerySet

NO_NAME = "Write the name that the certificate is to show."
# From so many minutes of reading on they are told in hours.
IN_HOURS = 90


class Certificate(models.Model):
    """Somebody finished a track. It says what was so on that day, whatever becomes of the track afterwards."""

    # Its address, which nobody can guess: whoever knows it was given it.
    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="certificates")
    # Null: staff have deleted it since.
    track = models.ForeignKey(Track, null=True, on_delete=models.SET_NULL, related_name="certificates")
    title = models.CharField(max_length=120, help_text="Of the track, on that day.")
    name = models.CharField(
        max_length=150,
        validators=[validate_line],
        error_messages={"blank": NO_NAME},
        help_text="As it is to stand on the certificate.",
    )
    finished_on = models.DateField(help_text="Where its holder lived.")
    issued_at = models.DateTimeField(default=timezone.now)
    tutorials = models.PositiveSmallIntegerField("tutorials finished", default=0, help_text="0: not known any more.")
    quizzes = models.PositiveSmallIntegerField("quizzes passed", default=0, help_text="0: the track asks for none.")
    minutes = models.PositiveIntegerField("minutes of reading", default=0)
    name_changed_at = models.DateTimeField(null=True, blank=True, help_text="When its holder last corrected the name.")
    # When its owner was told on a page.
    seen_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revocation = models.CharField(
        "reason why it is revoked",
        max_length=200,
        blank=True,
        validators=[validate_line],
        help_text="Its holder reads it. Empty: the certificate stands.",
    )

    objects = CertificateQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="certificate_once",
                fields=["user", "track"],
                violation_error_message="This person has a certificate of this track already.",
            ),
            models.CheckConstraint(name="certificate_has_name", condition=~Q(name=""), violation_error_message=NO_NAME),
            models.CheckConstraint(
                name="certificate_revoked_with_reason",
                condition=Q(revoked_at__isnull=True, revocation="") | (Q(revoked_at__isnull=False) & ~Q(revocation="")),
                violation_error_message="Say why a certificate is revoked.",
            ),
        ]
        indexes = [
            models.Index(
                name="certificate_unseen", fields=["user"], condition=Q(seen_at__isnull=True, revoked_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}: {self.name}"

    def get_absolute_url(self) -> str:
        return reverse("tutorials:certificate", args=[self.pk])

    @property
    def is_revoked(self) -> bool:
        return self.revoked_at is not None

    @property
    def hours(self) -> int:
        """Of reading; 0 where minutes say it better."""
        return round(self.minutes / 60) if self.minutes >= IN_HOURS else 0

    def change_name(self, name: str) -> None:
        """Raises ValidationError on `name`."""
        if name != self.name:
            self.name, self.name_changed_at = name, timezone.now()
            self.require("name")

    def revoke(self, reason: str) -> None:
        """For a reason; without one it stands again. Raises ValidationError on `revocation`."""
        self.revocation = reason
        self.revoked_at = (self.revoked_at or timezone.now()) if reason else None
        self.require("revocation")

    def require(self, field: str) -> None:
        """Raises ValidationError if this field cannot be so; others are left alone."""
        self.clean_fields(exclude={each.name for each in self._meta.fields} - {field})
