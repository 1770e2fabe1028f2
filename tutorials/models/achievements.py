"""What people earn. Achievements are data: staff make them in the admin."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from common.text import validate_line
from tutorials import metrics
from tutorials.pictures import check_svg
from tutorials.querysets import AwardQuerySet

LARGEST_PICTURE = 8 * 1024  # characters of SVG


class Achievement(models.Model):
    """Something that is earned when a count of what somebody did reaches a threshold."""

    code = models.SlugField(
        max_length=60, unique=True, error_messages={"unique": "There is already an achievement with this code."}
    )
    title = models.CharField(max_length=80, validators=[validate_line])
    description = models.CharField(max_length=200, help_text="What one does to earn it.", validators=[validate_line])
    picture = models.TextField(
        help_text="SVG: shapes only, no script, no style, nothing from elsewhere.",
        validators=[MaxLengthValidator(LARGEST_PICTURE), check_svg],
    )
    rule = models.CharField(max_length=40, choices=metrics.choices)
    threshold = models.PositiveIntegerField()
    is_active = models.BooleanField("can be earned", default=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "threshold", "code"]
        constraints = [
            models.CheckConstraint(
                name="achievement_threshold_positive",
                condition=Q(threshold__gte=1),
                violation_error_message="Choose a threshold of at least 1.",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_picture_url(self) -> str:
        return reverse("tutorials:achievement_picture", args=[self.code])


class Award(models.Model):
    """Somebody earned an achievement, once and for all."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="awards")
    # An achievement that somebody has earned is ended by `is_active`, not by taking it away.
    achievement = models.ForeignKey(Achievement, on_delete=models.PROTECT, related_name="awards")
    earned_at = models.DateTimeField(default=timezone.now)
    # When its owner was told on a page.
    seen_at = models.DateTimeField(null=True, blank=True)

    objects = AwardQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(name="award_once", fields=["user", "achievement"])]
        indexes = [
            models.Index(name="award_unseen", fields=["user"], condition=Q(seen_at__isnull=True)),
            models.Index(name="award_newest", fields=["user", "-earned_at", "-id"]),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.achievement}"
