"""Where posts stand."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.urls import reverse

from billing.access import FREE, LEVELS
from common.remembering import forget
from common.text import validate_line
from community.querysets.categories import CATEGORIES_KEY, CategoryQuerySet

UNKNOWN_LEVEL = f"Choose a level of access: {', '.join(LEVELS)}."


class Category(models.Model):
    """A part of the forum. One that is not free is a space: whoever lacks the level does not know that it is there."""

    name = models.CharField(max_length=60, unique=True, validators=[validate_line])
    slug = models.SlugField(
        max_length=60, unique=True, error_messages={"unique": "There is already a category with this slug."}
    )
    description = models.CharField(max_length=200, blank=True, validators=[validate_line])
    access = models.CharField(
        max_length=20,
        choices=[(level, level.capitalize()) for level in LEVELS],
        default=FREE,
        help_text="Whoever lacks this level neither sees the category nor anything in it.",
    )
    staff_only = models.BooleanField(
        "only staff begin posts", default=False, help_text="For announcements: everybody may still comment."
    )
    position = models.PositiveSmallIntegerField(default=0, help_text="Categories are listed in this order.")

    objects = CategoryQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name"]
        verbose_name_plural = "categories"
        constraints = [
            models.CheckConstraint(
                name="category_access_known", condition=Q(access__in=LEVELS), violation_error_message=UNKNOWN_LEVEL
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        forget(CATEGORIES_KEY)

    def get_absolute_url(self) -> str:
        return reverse("community:category", args=[self.slug])

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        deleted = super().delete(*args, **kwargs)
        forget(CATEGORIES_KEY)
        return deleted
