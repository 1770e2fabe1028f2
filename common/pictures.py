"""Pictures that people bring: whatever comes in, what is kept has been drawn by us.

Nothing of the file that was sent remains but its colours: no metadata (phones write the place into
it), no second content after the image, and no format that can hold a script.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from threading import Lock
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from PIL import Image, ImageOps

if TYPE_CHECKING:
    from django.core.files.base import File

LARGEST_FILE = 5 * 1024 * 1024  # bytes
MOST_PIXELS = 40_000_000  # what good phones take
QUALITY = 85  # of WebP, where 100 is best
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
# Decoded, the largest take up to 650 MB for a moment (WebP; a JPEG 150 MB), so a process draws one at a time.
drawing = Lock()

TOO_LARGE = "The file is too large. Choose a picture of at most 5 MB."
TOO_MANY_PIXELS = "The picture has too many pixels. Choose one of at most 40 megapixels."
NOT_A_PICTURE = "This is not a picture that we can read. Choose a JPEG, PNG, WebP or GIF file."


@dataclass(frozen=True)
class Drawn:
    """A WebP, and its sides in pixels."""

    data: bytes = field(repr=False)
    width: int
    height: int


def draw_anew(file: File[bytes], shape: Callable[[Image.Image], Image.Image]) -> Drawn:
    """The picture as a WebP of our own, of frames the first; `shape` cuts and scales it. Raises ValidationError."""
    if file.size > LARGEST_FILE:
        raise ValidationError(TOO_LARGE, code="too_large")
    try:
        # The first bytes decide which format it is, and no other reader is asked. Pixels are not read yet.
        with drawing, Image.open(file, formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise ValidationError(TOO_MANY_PIXELS, code="too_many_pixels")
            return encode(shape(image))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ValidationError(TOO_MANY_PIXELS, code="too_many_pixels") from error
    except ValidationError:
        raise
    except Exception as error:
        # The readers raise whatever a broken file makes them stumble over.
        raise ValidationError(NOT_A_PICTURE, code="not_a_picture") from error


def upright(image: Image.Image, longest: float) -> Image.Image:
    """As the camera was held, and no side longer than `longest` pixels."""
    # A palette has no colours between its colours.
    scalable = coloured(image) if image.mode in ("1", "P") else image
    # At once, before anything else reads it: a JPEG is then never decoded in full, and no copy is large.
    scalable.thumbnail((longest, longest))
    ImageOps.exif_transpose(scalable, in_place=True)
    return coloured(scalable)


def coloured(image: Image.Image) -> Image.Image:
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def encode(image: Image.Image) -> Drawn:
    encoded = BytesIO()
    image.save(encoded, "WEBP", quality=QUALITY, exif=b"", icc_profile=None, xmp=b"")
    return Drawn(encoded.getvalue(), image.width, image.height)
