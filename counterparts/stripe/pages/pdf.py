"""A PDF of one page with lines of text, and nothing more."""

from __future__ import annotations

import textwrap

WIDTH, HEIGHT, MARGIN = 595, 842, 56  # points: A4
LINE = 18
LETTERS = 84  # that fit on a line
LINES = (HEIGHT - 2 * MARGIN) // LINE


def pdf_of(text: list[str]) -> bytes:
    """The first line is the heading; what does not fit on the page is left out."""
    lines = [part for line in text for part in (textwrap.wrap(line, LETTERS) or [""])][:LINES]
    drawn = [f"BT /F1 18 Tf {MARGIN} {HEIGHT - MARGIN} Td {literal(lines[0])} Tj ET"] + [
        f"BT /F1 11 Tf {MARGIN} {HEIGHT - MARGIN - LINE * number} Td {literal(line)} Tj ET"
        for number, line in enumerate(lines)
        if number and line
    ]
    content = "\n".join(drawn).encode("cp1252", "replace")
    return put_together(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] /Contents 5 0 R "
            "/Resources << /Font << /F1 4 0 R >> >> >>".encode(),
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        ]
    )


def literal(line: str) -> str:
    escaped = line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    return f"({escaped})"


def put_together(objects: list[bytes]) -> bytes:
    """The objects, numbered from 1, with the table of where each begins."""
    made, begins = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        begins.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % begin for begin in begins)
    count = len(objects) + 1
    return made + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (count, table, count, len(made))
    )
