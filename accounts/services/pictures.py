"""Pictures of people: whatever comes in, what is kept is a small square that we have drawn ourselves."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from PIL import Image, ImageOps

from accounts.models import Profile
from common import limits
from common.pictures import draw_anew, upright

if TYPE_CHECKING:
    from django.core.files.base import File

    from accounts.models import User

SIDE = 256  # pixels
# Drawing one anew takes up to a second of a processor.
PICTURES_OF_ONE_PERSON = "20/h"


def put(*, user: User, file: File[bytes]) -> Profile:
    """Show this picture in place of the one before.

    Raises ValidationError for `picture`, or Limited.
    """
    limits.spend("picture", str(user.pk), PICTURES_OF_ONE_PERSON)
    square = draw(file)
    name = default_storage.save(f"pictures/{secrets.token_hex(16)}.webp", ContentFile(square))
    try:
        return replace(user, name)
    except BaseException:
        # The row does not name it, so nobody would ever find it again.
        default_storage.delete(name)
        raise


def remove(*, user: User) -> Profile:
    """Show initials instead; without a picture nothing changes."""
    return replace(user, "")


@transaction.atomic
def replace(user: User, name: str) -> Profile:
    profile = Profile.objects.select_for_update(of=("self",)).select_related("user").get(user=user)
    before = profile.picture.name
    profile.picture.name = name
    profile.save(update_fields=["picture"])
    if before:
        # Not before the commit: what comes back after a failure must still have its file.
        transaction.on_commit(lambda: default_storage.delete(before), robust=True)
    return profile


def draw(file: File[bytes]) -> bytes:
    """The middle of the picture as a square WebP of 256 pixels. Raises ValidationError for `picture`."""
    try:
        return draw_anew(file, square_of).data
    except ValidationError as error:
        raise ValidationError({"picture": error}) from error


def square_of(image: Image.Image) -> Image.Image:
    # First roughly to four times the size.
    longest = 4 * SIDE * max(image.size) / min(image.size)
    return ImageOps.fit(upright(image, longest), (SIDE, SIDE), Image.Resampling.LANCZOS)
