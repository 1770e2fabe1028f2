"""Two texts side by side: which lines went and came, and which words within a line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

CONTEXT = 2  # lines that stay the same, shown around each change
# A paragraph is one line. Beyond this many words, what comparing costs is no longer worth what it shows.
LONGEST_LINE = 800
WORD = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True)
class Row:
    """A line: "same", "changed", or a "gap" that stands for `skipped` lines which are the same."""

    kind: str
    html: SafeString
    skipped: int = 0


def compare(before: str, after: str) -> list[Row]:
    """What turned one text into the other; nothing if they are the same. Everything is escaped."""
    old, new = before.splitlines(), after.splitlines()
    if old == new:
        return []
    rows: list[Row] = []
    operations = SequenceMatcher(a=old, b=new).get_opcodes()
    for place, (kind, start, end, new_start, new_end) in enumerate(operations):
        if kind == "equal":
            rows += same(old[start:end], is_first=place == 0, is_last=place == len(operations) - 1)
        else:
            rows += changed(old[start:end], new[new_start:new_end])
    return rows


def same(lines: Sequence[str], *, is_first: bool, is_last: bool) -> Iterator[Row]:
    """The lines next to a change; a gap for the others."""
    head = 0 if is_first else CONTEXT
    tail = 0 if is_last else CONTEXT
    skipped = len(lines) - head - tail
    if skipped <= 1:
        yield from (Row("same", format_html("{}", line)) for line in lines)
        return
    yield from (Row("same", format_html("{}", line)) for line in lines[:head])
    yield Row("gap", SafeString(""), skipped)
    yield from (Row("same", format_html("{}", line)) for line in lines[len(lines) - tail :])


def changed(old: Sequence[str], new: Sequence[str]) -> Iterator[Row]:
    for before, after in zip_longest(old, new):
        if before is None:
            yield Row("changed", format_html("<ins>{}</ins>", after))
        elif after is None:
            yield Row("changed", format_html("<del>{}</del>", before))
        else:
            yield Row("changed", words(before, after))


def words(before: str, after: str) -> SafeString:
    old, new = WORD.findall(before), WORD.findall(after)
    if max(len(old), len(new)) > LONGEST_LINE:
        return format_html("<del>{}</del><ins>{}</ins>", before, after)
    pieces: list[tuple[SafeString]] = []
    for kind, start, end, new_start, new_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, come = "".join(old[start:end]), "".join(new[new_start:new_end])
        if kind == "equal":
            pieces.append((format_html("{}", gone),))
            continue
        if gone:
            pieces.append((format_html("<del>{}</del>", gone),))
        if come:
            pieces.append((format_html("<ins>{}</ins>", come),))
    return format_html_join("", "{}", pieces)
