"""Cards: the pictures that chat apps and social networks show beside a link, drawn with the title of the page.

Colours are those of static/css/tokens.css in the light theme, and the mark is that of static/img/logo.svg.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path

import unfold
from django.conf import settings
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 1200, 630  # pixels, as all who show such pictures want them
MARGIN, MARK = 84, 72
ROOM = WIDTH - 2 * MARGIN  # for a line
CANVAS, SOFT, LINE, ACCENT, BRIGHT, WHITE = "#fcfdfb", "#e9f5f2", "#c8e8e1", "#006f68", "#8fe6d8", "#ffffff"
TEXT, MUTED = "#17211f", "#515c58"
# Of a title: the first size in which it takes at most so many lines.
SIZES, LEADING = ((76, 2), (66, 3), (58, 3), (50, 4)), 1.16
TITLE_BOTTOM = 486
COLOURS = 64
# Inter, under the SIL Open Font License, which comes with the admin's theme.
FONTS = Path(unfold.__file__).parent / "static" / "unfold" / "fonts" / "inter"


def draw(title: str, *, above: str = "", below: str = "") -> bytes:
    """A PNG of WIDTH by HEIGHT with a title, a word above it and a line below."""
    data = BytesIO()
    image = painted(title, above=above, below=below)
    image.quantize(palette=palette(), dither=Image.Dither.NONE).save(data, "PNG")
    return data.getvalue()


def painted(title: str, *, above: str, below: str) -> Image.Image:
    image = background().copy()
    pen = ImageDraw.Draw(image)
    size, lines = set_in_lines(title)
    leading = round(size * LEADING)
    top = TITLE_BOTTOM - leading * len(lines)
    if above:
        pen.text((MARGIN, top - 30), shown(above, 32), fill=ACCENT, font=font("SemiBold", 32), anchor="ls")
    for number, line in enumerate(lines):
        pen.text((MARGIN - 3, top + number * leading), line, fill=TEXT, font=font("Bold", size), anchor="la")
    if below:
        pen.text((MARGIN, HEIGHT - 74), shown(below, 30), fill=MUTED, font=font("Medium", 30), anchor="ls")
    return image


@cache
def palette() -> Image.Image:
    """The colours of all cards, which takes longer to find out than to draw one."""
    return painted("Title", above="Above", below="Below").quantize(COLOURS, dither=Image.Dither.NONE)


def can_write(text: str) -> bool:
    """Whether the font has all of these letters; in the place of others it shows boxes."""
    letters = font("Bold", 24)
    box = bytes(letters.getmask("\uffff"))
    return all(sign.isspace() or bytes(letters.getmask(sign)) != box for sign in set(text))


@cache
def background() -> Image.Image:
    """What all cards share. Drawn at twice its size, since Pillow leaves the edges of shapes rough."""
    large = Image.new("RGB", (2 * WIDTH, 2 * HEIGHT), CANVAS)
    pen = ImageDraw.Draw(large)
    # The lines of the mark once more, as a page that begins beyond the edge.
    for top, length in ((20, 400), (90, 400), (160, 86)):
        stroke(pen, (2 * 892, 2 * top), (2 * (892 + length), 2 * top), width=76, fill=SOFT)
    stroke(pen, (2 * 1060, 2 * 160), (2 * 1060, 2 * 214), width=76, fill=LINE)
    pen.rectangle((0, 2 * HEIGHT - 20, 2 * WIDTH, 2 * HEIGHT), fill=ACCENT)
    draw_mark(pen, 2 * MARGIN, 2 * 64, scale=2 * MARK / 32)
    image = large.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    ImageDraw.Draw(image).text(
        (MARGIN + MARK + 22, 64 + MARK / 2), settings.SITE_NAME, fill=TEXT, font=font("SemiBold", 36), anchor="lm"
    )
    return image


def draw_mark(pen: ImageDraw.ImageDraw, left: float, top: float, *, scale: float) -> None:
    def at(x: float, y: float) -> tuple[float, float]:
        return left + x * scale, top + y * scale

    pen.rounded_rectangle((*at(0, 0), *at(32, 32)), radius=8 * scale, fill=ACCENT)
    for begin, end in (((8, 10.5), (24, 10.5)), ((8, 16), (24, 16)), ((8, 21.5), (13, 21.5))):
        stroke(pen, at(*begin), at(*end), width=2.5 * scale, fill=WHITE)
    stroke(pen, at(17.75, 18.75), at(17.75, 24.25), width=2.5 * scale, fill=BRIGHT)


def stroke(
    pen: ImageDraw.ImageDraw, begin: tuple[float, float], end: tuple[float, float], *, width: float, fill: str
) -> None:
    """A line with round ends, across or down."""
    half = width / 2
    box = (begin[0] - half, begin[1] - half, end[0] + half, end[1] + half)
    pen.rounded_rectangle(box, radius=half, fill=fill)


def set_in_lines(title: str) -> tuple[int, list[str]]:
    """The size in which a title is written, and its lines."""
    for size, most in SIZES:
        lines = wrapped(title, size, ROOM)
        if len(lines) <= most:
            return size, balanced(title, size, lines)
    return size, [*lines[: most - 1], shown(" ".join(lines[most - 1 :]), size)]


def balanced(title: str, size: int, lines: list[str]) -> list[str]:
    """The same number of lines, about as long as one another."""
    for room in range(ROOM - 40, ROOM // 2, -40):
        narrower = wrapped(title, size, room)
        if len(narrower) > len(lines):
            break
        lines = narrower
    return lines


def wrapped(title: str, size: int, room: int) -> list[str]:
    lines = [""]
    for word in title.split():
        longer = f"{lines[-1]} {word}".lstrip()
        if fits(longer, size, room):
            lines[-1] = longer
        else:
            lines.append(shown(word, size))
    return [line for line in lines if line]


def shown(text: str, size: int) -> str:
    """As much of it as has room on a line."""
    if fits(text, size):
        return text
    while text and not fits(f"{text}…", size):
        text = text[:-1]
    return f"{text.rstrip()}…"


def fits(text: str, size: int, room: int = ROOM) -> bool:
    return font("Bold", size).getlength(text) <= room


@cache
def font(weight: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONTS / f"Inter-{weight}.woff2", size)
