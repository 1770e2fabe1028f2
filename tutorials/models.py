"""What people read here."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from billing.access import FREE, PREMIUM, Access, may_read
from common import markdown
from tutorials.querysets import TopicQuerySet, TutorialQuerySet

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
OUT_OF_RANGE = "The date of publication must lie between 2000 and 2100."


class Difficulty(models.TextChoices):
    BEGINNER = "beginner"
    INTERMEDIATE = "intermediate"
    ADVANCED = "advanced"


class AccessLevel(models.TextChoices):
    FREE = FREE
    PREMIUM = PREMIUM


class Status(models.TextChoices):
    DRAFT = "draft"
    PUBLISHED = "published"


class Topic(models.Model):
    """A field that tutorials belong to."""

    name = models.CharField(max_length=60, unique=True)
    slug = models.SlugField(max_length=60, unique=True)
    description = models.CharField(max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(default=0, help_text="Topics are listed in this order.")

    objects = TopicQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name


class Tutorial(models.Model):
    """One tutorial. Its Markdown is the source; HTML, headings and minutes are made from it on save."""

    title = models.CharField(max_length=120)
    slug = models.SlugField(
        max_length=80, unique=True, error_messages={"unique": "There is already a tutorial with this slug."}
    )
    summary = models.CharField(max_length=200, help_text="One sentence: why read this?")
    body = models.TextField(
        help_text="Markdown. What stands before the first heading is open to everybody, also in premium tutorials.",
        validators=[MaxLengthValidator(markdown.LARGEST_SOURCE)],
    )
    topic = models.ForeignKey(Topic, on_delete=models.PROTECT, related_name="tutorials")
    difficulty = models.CharField(max_length=12, choices=Difficulty)
    access = models.CharField(max_length=7, choices=AccessLevel, default=AccessLevel.FREE)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="tutorials"
    )
    status = models.CharField(max_length=9, choices=Status, default=Status.DRAFT)
    published_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="May lie in the future (UTC).",
        # The constraint of the same range cannot be asked about a date that PostgreSQL does not know.
        validators=[
            MinValueValidator(EARLIEST, OUT_OF_RANGE),
            MaxValueValidator(LATEST, OUT_OF_RANGE),
        ],
    )
    updated_at = models.DateTimeField(auto_now=True)

    body_html = models.TextField(editable=False)
    opening_html = models.TextField(editable=False)
    headings = models.JSONField(editable=False, default=list)
    minutes = models.PositiveSmallIntegerField(editable=False, default=1)
    search = models.GeneratedField(
        expression=SearchVector("title", weight="A", config="english")
        + SearchVector("summary", weight="B", config="english")
        + SearchVector("body", weight="C", config="english"),
        output_field=SearchVectorField(),
        db_persist=True,
        editable=False,
    )

    objects = TutorialQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-published_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="tutorial_published_has_date",
                condition=~Q(status="published") | Q(published_at__isnull=False),
                violation_error_message="A published tutorial needs the date of its publication.",
            ),
            models.CheckConstraint(
                name="tutorial_published_in_this_century",
                condition=Q(published_at__isnull=True) | Q(published_at__range=(EARLIEST, LATEST)),
                violation_error_message=OUT_OF_RANGE,
            ),
            models.CheckConstraint(
                name="tutorial_status_known",
                condition=Q(status__in=Status.values),
                violation_error_message="Choose draft or published.",
            ),
            models.CheckConstraint(
                name="tutorial_difficulty_known",
                condition=Q(difficulty__in=Difficulty.values),
                violation_error_message="Choose beginner, intermediate or advanced.",
            ),
            models.CheckConstraint(
                name="tutorial_access_known",
                condition=Q(access__in=AccessLevel.values),
                violation_error_message="Choose free or premium.",
            ),
        ]
        indexes = [
            models.Index(fields=["published_at", "id"], name="tutorial_newest", condition=Q(status="published")),
            models.Index(
                fields=["topic", "published_at", "id"], name="tutorial_in_topic", condition=Q(status="published")
            ),
            GinIndex(fields=["search"], name="tutorial_search"),
            GinIndex(OpClass(F("title"), name="gin_trgm_ops"), name="tutorial_title_trigrams"),
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Rendering belongs to writing: no reader waits for it, and no writer can forget it."""
        fields = kwargs.get("update_fields")
        if fields is None or "body" in fields:
            self.render()
        if fields is not None:
            derived = RENDERED_FIELDS if "body" in fields else ()
            kwargs["update_fields"] = {*fields, *derived, "updated_at"}
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("tutorials:detail", args=[self.slug])

    def clean(self) -> None:
        super().clean()
        if "\0" in self.body:
            raise ValidationError({"body": "Null characters are not allowed."})
        if self.access == AccessLevel.PREMIUM and not markdown.has_heading(self.body):
            raise ValidationError({"body": "A premium tutorial needs a heading: what stands before it is open to all."})

    def render(self) -> None:
        """Make everything that is derived from the Markdown."""
        rendered = markdown.render(self.body)
        self.body_html = rendered.html
        self.opening_html = rendered.opening_html
        self.headings = [asdict(heading) for heading in rendered.headings]
        self.minutes = rendered.minutes

    def access_for(self, user: Any) -> Access:
        """Whether this person may read the whole of it."""
        return may_read(user, self.access)

    def html_for(self, access: Access) -> str:
        """What somebody with this access gets: all of it, or the opening (nothing, if nothing ends it)."""
        if access.allowed:
            return self.body_html
        return self.opening_html if self.headings else ""


RENDERED_FIELDS = ("body_html", "opening_html", "headings", "minutes")
