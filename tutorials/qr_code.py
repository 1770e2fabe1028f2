"""An address as a picture for cameras: what is on paper can be followed, too."""

from __future__ import annotations

from itertools import groupby

import qrcode
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

# Any of the eight is right; to find the prettiest takes five times as long.
MASK = 3


def qr_code(text: str) -> SafeString:
    """An SVG in the colour of the text around it, without the margin of four squares that it needs."""
    code = qrcode.QRCode(border=0, mask_pattern=MASK)
    code.add_data(text)
    code.make()
    squares = code.get_matrix()
    path = "".join(
        f"M{start} {row}h{length}v1h-{length}z" for row, line in enumerate(squares) for start, length in runs_of(line)
    )
    return format_html(
        '<svg viewBox="0 0 {0} {0}" fill="currentcolor" shape-rendering="crispEdges" aria-hidden="true">'
        '<path d="{1}"/></svg>',
        len(squares),
        mark_safe(path),  # noqa: S308 - numbers and letters of ours
    )


def runs_of(line: list[bool]) -> list[tuple[int, int]]:
    """Where dark squares stand in a row: the first of each run, and how many there are."""
    runs, place = [], 0
    for is_dark, squares in groupby(line):
        length = len(list(squares))
        if is_dark:
            runs.append((place, length))
        place += length
    return runs
