"""Pictures of people: whatever comes in, what is kept is a small square that we have drawn ourselves.

Nothing of the file that was sent remains but its colours: no metadata (phones write the place into
it), no second content after the image, and no format that can hold a script.
"""

from __future__ import annotations

import secrets
from io import BytesIO
from threading import Lock
from typing import IO, TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from PIL import Image, ImageOps

from accounts.models import Profile
from common import limits

if TYPE_CHECKING:
    from django.core.files.base import File

    from accounts.models import User

LARGEST_FILE = 5 * 1024 * 1024  # bytes
MOST_PIXELS = 40_000_000  # what good phones take
SIDE = 256  # pixels
QUALITY = 85  # of WebP, where 100 is best
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
# Drawing one anew takes up to a second of a processor.
PICTURES_OF_ONE_PERSON = "20/h"
# Decoded, the largest take up to 650 MB for a moment (WebP; a JPEG 150 MB), so a process draws one at a time.
drawing = Lock()

TOO_LARGE = "The file is too large. Choose a picture of at most 5 MB."
TOO_MANY_PIXELS = "The picture has too many pixels. Choose one of at most 40 megapixels."
NOT_A_PICTURE = "This is not a picture that we can read. Choose a JPEG, PNG, WebP or GIF file."


def put(*, user: User, file: File[bytes]) -> Profile:
    """Show this picture in place of the one before.

    Raises ValidationError for `picture`, or Limited.
    """
    limits.spend("picture", str(user.pk), PICTURES_OF_ONE_PERSON)
    if file.size > LARGEST_FILE:
        raise refusal(TOO_LARGE, "too_large")
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


def draw(file: IO[bytes] | File[bytes]) -> bytes:
    """The middle of the picture as a square WebP of 256 pixels. Raises ValidationError for `picture`."""
    try:
        # The first bytes decide which format it is, and no other reader is asked. Pixels are not read yet.
        with drawing, Image.open(file, formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise refusal(TOO_MANY_PIXELS, "too_many_pixels")
            return encode(square_of(image))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise refusal(TOO_MANY_PIXELS, "too_many_pixels") from error
    except ValidationError:
        raise
    except Exception as error:
        # The readers raise whatever a broken file makes them stumble over.
        raise refusal(NOT_A_PICTURE, "not_a_picture") from error


def square_of(image: Image.Image) -> Image.Image:
    # First roughly to four times the size: a JPEG is then never decoded in full, and no copy is large.
    scale = 4 * SIDE / min(image.size)
    if scale < 1:
        image.thumbnail((image.width * scale, image.height * scale))
    ImageOps.exif_transpose(image, in_place=True)
    # A palette has no colours between its colours.
    coloured = image.convert("RGBA" if image.has_transparency_data else "RGB")
    return ImageOps.fit(coloured, (SIDE, SIDE), Image.Resampling.LANCZOS)


def encode(image: Image.Image) -> bytes:
    encoded = BytesIO()
    image.save(encoded, "WEBP", quality=QUALITY, exif=b"", icc_profile=None, xmp=b"")
    return encoded.getvalue()


def refusal(message: str, code: str) -> ValidationError:
    return ValidationError({"picture": ValidationError(message, code=code)})
