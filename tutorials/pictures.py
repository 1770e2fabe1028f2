"""Pictures that staff and authors bring: SVG of achievements, images of tutorials."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from xml.etree import ElementTree  # noqa: ICN001 - the name says more than ET

from django.core.exceptions import ValidationError
from PIL import Image

SVG = "{http://www.w3.org/2000/svg}"
SHAPES = frozenset({"svg", "g", "path", "circle", "ellipse", "line", "polyline", "polygon", "rect", "title", "desc"})
DRAWING = frozenset(
    {"viewBox", "width", "height", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "d", "points"}
    | {"fill", "fill-rule", "fill-opacity", "clip-rule", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin"}
    | {"stroke-dasharray", "stroke-miterlimit", "stroke-opacity", "opacity", "transform", "role", "aria-hidden"}
)


def check_svg(source: str) -> None:
    """Raises ValidationError unless the picture is made of shapes alone.

    It is shown as an image from an address of its own that allows nothing; this keeps out what
    would be dangerous if somebody opened that address or pasted the picture elsewhere.
    """
    if "<!" in source or "<?" in source:
        raise ValidationError("Leave out the DOCTYPE, comments and processing instructions of the picture.")
    try:
        root = ElementTree.fromstring(source)  # noqa: S314 - without a DOCTYPE there are no entities to expand
    except ElementTree.ParseError as error:
        raise ValidationError(f"This is no SVG picture: {error}.") from error
    if root.tag != f"{SVG}svg":
        raise ValidationError('A picture begins with <svg xmlns="http://www.w3.org/2000/svg">.')
    if "viewBox" not in root.attrib:
        raise ValidationError('The picture needs a viewBox, such as viewBox="0 0 24 24".')
    for element in root.iter():
        name = element.tag.removeprefix(SVG)
        if name not in SHAPES:
            raise ValidationError(f"A picture may not contain <{name}>, only shapes.")
        for attribute, value in element.attrib.items():
            if attribute not in DRAWING or "url(" in value.lower():
                raise ValidationError(f"<{name}> may not have {attribute}=“{value[:40]}”.")


LARGEST_IMAGE = 2 * 1024 * 1024  # bytes
LONGEST_SIDE = 4096  # pixels
# All frames of an animation together; the largest picture alone has 17 million.
MOST_PIXELS = 64_000_000
# What Pillow calls a format → what we call it. MPO is the JPEG of cameras that keep a second view.
KINDS = {"PNG": "png", "JPEG": "jpeg", "MPO": "jpeg", "WEBP": "webp", "GIF": "gif"}

TOO_LARGE = "The image is too large. Choose one of at most 2 MB."
TOO_LONG = f"The image has too many pixels. Choose one of at most {LONGEST_SIDE} on each side."
TOO_MANY_FRAMES = "The animation is too long. Choose one with fewer frames."
NO_IMAGE = "This is no image that we can read. Choose a PNG, JPEG, WebP or GIF file."


@dataclass(frozen=True)
class Facts:
    """What a file is, by its content: png, jpeg, webp or gif, and its sides in pixels."""

    kind: str
    width: int
    height: int


def inspect_image(data: bytes) -> Facts:
    """Read an image through to its end. Raises ValidationError if it is none, or too large in bytes or pixels."""
    if len(data) > LARGEST_IMAGE:
        raise ValidationError(TOO_LARGE, code="too_large")
    try:
        facts = read_image(data)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ValidationError(TOO_LONG, code="too_many_pixels") from error
    except ValidationError:
        raise
    except Exception as error:
        # The readers raise whatever a broken file makes them stumble over.
        raise ValidationError(NO_IMAGE, code="not_an_image") from error
    return facts


def read_image(data: bytes) -> Facts:
    # The first bytes decide which format it is. Sums are checked first, since verifying uses the object up.
    with Image.open(BytesIO(data), formats=("PNG", "JPEG", "WEBP", "GIF")) as image:
        if max(image.size) > LONGEST_SIDE:
            raise ValidationError(TOO_LONG, code="too_many_pixels")
        image.verify()
    with Image.open(BytesIO(data), formats=("PNG", "JPEG", "WEBP", "GIF")) as image:
        frames = getattr(image, "n_frames", 1)
        if image.width * image.height * frames > MOST_PIXELS:
            raise ValidationError(TOO_MANY_FRAMES, code="too_many_frames")
        for frame in range(frames):
            image.seek(frame)
            image.load()
        return Facts(KINDS[str(image.format)], image.width, image.height)
