"""The images of a tutorial: checked when they come in, kept as they were sent."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from common import markdown
from tutorials import quiz
from tutorials.models import Status, Tutorial, TutorialImage
from tutorials.pictures import inspect_image
from tutorials.services import writing

if TYPE_CHECKING:
    from accounts.models import User

IS_SHOWN = "The text shows this image. Take it out of the text first."


@transaction.atomic
def put_image(*, by: User, tutorial: Tutorial, name: str, data: bytes) -> TutorialImage:
    """Give a tutorial an image under this name, or another one in its place.

    Raises PermissionDenied; ValidationError on `name` or `file`.
    """
    row = writing.take(by, tutorial, "change")
    image, changed = keep(row, name, data)
    if changed:
        show(row)
    return image


@transaction.atomic
def remove_image(*, by: User, image: TutorialImage) -> None:
    """Raises PermissionDenied; ValidationError if readers see it."""
    row = writing.take(by, image.tutorial, "change")
    if row.status == Status.PUBLISHED and image.name in names_in(row):
        raise ValidationError(IS_SHOWN)
    writing.forget_files([image])
    image.delete()
    show(row)


def put_all(tutorial: Tutorial, files: Mapping[str, bytes]) -> bool:
    """The images that came with a file, by name; returns whether any is new. Raises as `keep`."""
    news = [changed for _, changed in (keep(tutorial, name, data) for name, data in files.items())]
    if any(news):
        show(tutorial)
    return any(news)


def keep(tutorial: Tutorial, name: str, data: bytes) -> tuple[TutorialImage, bool]:
    """The row of an image, and whether that changed anything. Raises ValidationError on `name` or `file`."""
    digest = hashlib.sha256(data).hexdigest()
    image = tutorial.images.filter(name=name).first() or TutorialImage(tutorial=tutorial, name=name)
    if image.digest == digest:
        return image, False
    try:
        facts = inspect_image(data)
    except ValidationError as error:
        raise ValidationError({"file": error.error_list}) from error
    image.kind, image.width, image.height, image.digest = facts.kind, facts.width, facts.height, digest
    image.full_clean(exclude=["tutorial", "file"])
    if image.pk:
        writing.forget_files([TutorialImage(file=image.file.name)])
    image.file.save(f"{digest[:16]}.{facts.kind}", ContentFile(data), save=False)
    # What is rolled back names no file, so nobody would ever find it again.
    stored = str(image.file.name)
    try:
        image.save()
    except BaseException:
        default_storage.delete(stored)
        raise
    return image, True


def show(tutorial: Tutorial) -> None:
    """Make the page anew: addresses and sizes of images are part of it."""
    tutorial.save(update_fields=["body"])


def names_in(tutorial: Tutorial) -> list[str]:
    """The images that a text shows, in its order."""
    return markdown.image_names(quiz.split(tutorial.body)[0])
