"""Images that members show in what they write."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import get_random_string

from community.models.posts import Comment, Post
from community.querysets.images import PostImageQuerySet


def new_name() -> str:
    """Nobody guesses it: 131 bits."""
    return f"{get_random_string(22)}.webp"


def markdown_of(name: str) -> str:
    """What shows an image in a text; the words are for those who do not see it."""
    return f"![description]({name})"


class PostImage(models.Model):
    """An image that somebody uploaded, and that texts of theirs show by its name. It goes when its owner goes."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="post_images")
    name = models.CharField(max_length=27, unique=True, default=new_name)
    file = models.FileField(upload_to="post_images")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size = models.PositiveIntegerField()  # bytes
    # SHA-256 of the file that was sent: sent once more, it is the same image.
    digest = models.CharField(max_length=64)
    # Or sent once more.
    uploaded_at = models.DateTimeField(default=timezone.now)
    # Where it is shown; kept by whatever writes these texts.
    posts = models.ManyToManyField(Post, related_name="images")
    comments = models.ManyToManyField(Comment, related_name="images")

    objects = PostImageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="image_once_a_person",
                fields=["user", "digest"],
                violation_error_message="You uploaded this image already.",
            ),
            models.CheckConstraint(name="image_has_pixels", condition=Q(width__gt=0, height__gt=0)),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("community:image", args=[self.name])
