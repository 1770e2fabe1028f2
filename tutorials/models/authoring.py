"""What writing a tutorial leaves behind: its images, its published versions, what reviewers said."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxLengthValidator, RegexValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone

from common import markdown
from tutorials.models.tutorials import AccessLevel, Difficulty, Topic, Tutorial
from tutorials.querysets import TutorialVersionQuerySet

LONGEST_REMARK = 4000  # characters
is_image_name = RegexValidator(
    r"\A(?!.*\.\.)[a-z0-9][a-z0-9_./-]{0,90}\.(?:png|jpe?g|webp|gif)\Z",
    "Use a name such as images/first-answer.png: small letters, digits, hyphens; PNG, JPEG, WebP or GIF.",
)


def image_path(image: TutorialImage, name: str) -> str:
    return f"tutorials/{image.tutorial_id}/{image.digest[:16]}.{image.kind}"


class TutorialImage(models.Model):
    """A picture in a tutorial, under the name that its Markdown gives it; checked, and kept as it was sent."""

    tutorial = models.ForeignKey(Tutorial, on_delete=models.CASCADE, related_name="images")
    name = models.CharField(max_length=100, validators=[is_image_name])
    file = models.FileField(upload_to=image_path)
    # By content, not by name: png, jpeg, webp or gif.
    kind = models.CharField(max_length=4)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the file, in hexadecimal.")

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                name="tutorial_image_name_once",
                fields=["tutorial", "name"],
                violation_error_message="This tutorial already has an image of this name.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("tutorials:image", args=[self.tutorial.slug, self.name])

    def as_picture(self) -> markdown.Image:
        """What the text shows. The address changes with the content, so that browsers may keep what they have."""
        return markdown.Image(
            url=f"{self.get_absolute_url()}?v={self.digest[:16]}", width=self.width, height=self.height
        )


class TutorialVersion(models.Model):
    """What readers saw from a time on. Rows are only ever added."""

    tutorial = models.ForeignKey(Tutorial, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    title = models.CharField(max_length=120)
    summary = models.CharField(max_length=200)
    body = models.TextField()
    topic = models.ForeignKey(Topic, on_delete=models.PROTECT, related_name="+")
    tags = ArrayField(models.CharField(max_length=40), default=list)
    difficulty = models.CharField(max_length=12, choices=Difficulty)
    access = models.CharField(max_length=7, choices=AccessLevel)
    pass_mark = models.PositiveSmallIntegerField()

    # What a version keeps and a restoration brings back.
    KEPT = ("title", "summary", "body", "topic_id", "tags", "difficulty", "access", "pass_mark")

    objects = TutorialVersionQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(name="tutorial_version_number_once", fields=["tutorial", "number"]),
        ]

    def __str__(self) -> str:
        return f"{self.title}, version {self.number}"


class Verdict(models.TextChoices):
    COMMENT = "comment"
    APPROVED = "approved"
    CHANGES_REQUESTED = "changes_requested"


class ReviewNote(models.Model):
    """What somebody said of a text that they were asked to read."""

    tutorial = models.ForeignKey(Tutorial, on_delete=models.CASCADE, related_name="review_notes")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    verdict = models.CharField(max_length=17, choices=Verdict, default=Verdict.COMMENT)
    text = models.TextField(blank=True, validators=[MaxLengthValidator(LONGEST_REMARK)])

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(
                name="review_note_says_something",
                condition=models.Q(verdict=Verdict.APPROVED) | ~models.Q(text=""),
                violation_error_message="Say what should change.",
            ),
            models.CheckConstraint(
                name="review_note_verdict_known",
                condition=models.Q(verdict__in=Verdict.values),
                violation_error_message="Choose comment, approved or changes requested.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()}, {self.tutorial}"
