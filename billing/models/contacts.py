"""What people write to us before there is a contract."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from common.text import validate_line

MOST_SEATS = 100_000


class ContactRequest(models.Model):
    """Somebody asks for a plan by contract. Staff answer by mail."""

    name = models.CharField(max_length=150, validators=[validate_line])
    email = models.EmailField()
    organisation = models.CharField(max_length=150, validators=[validate_line])
    seats = models.PositiveIntegerField(validators=[MinValueValidator(1), MaxValueValidator(MOST_SEATS)])
    message = models.TextField(max_length=4000, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="contact_request_seats",
                condition=Q(seats__range=(1, MOST_SEATS)),
                violation_error_message=f"Between 1 and {MOST_SEATS:,} seats.",
            ),
        ]
        indexes = [models.Index(name="contact_request_latest", fields=["-created_at", "-id"])]

    def __str__(self) -> str:
        return f"{self.organisation}, {self.seats} seats"
