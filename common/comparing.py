"""Two texts side by side: which lines went and came, and which words within a line.

Lines that stand once in both texts are paired first, which takes no longer than sorting them; what is
between them is compared sign by sign while that is cheap. So two texts of 64 kB, whatever they are,
take a fraction of a second; where they differ too much, whole lines are shown instead of words.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise, zip_longest
from typing import NamedTuple

from django.utils.html import escape, format_html_join
from django.utils.safestring import SafeString

CONTEXT = 2  # lines that stay the same, shown around each change
# A paragraph is one line. Beyond this many words, what comparing costs is no longer worth what it shows.
LONGEST_LINE = 800
# How often one line or word may be held against another in all; 100,000 take some 30 ms.
MOST_COMPARISONS = 300_000
LEAST_EFFORT = 150  # to begin takes as long as so many of them
WORD = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True)
class Row:
    """A line: "same", "changed", or a "gap" that stands for `skipped` lines which are the same."""

    kind: str
    html: SafeString
    skipped: int = 0


class Part(NamedTuple):
    """Lines of both texts that belong together."""

    is_same: bool
    old: Sequence[str]
    new: Sequence[str]


@dataclass
class Effort:
    """What comparing may still cost."""

    left: int = MOST_COMPARISONS

    def is_enough_for(self, old: Sequence[str], new: Sequence[str]) -> bool:
        """Whether these two may be compared, which is then counted."""
        cost = LEAST_EFFORT + len(old) * len(new)
        if cost > self.left:
            return False
        self.left -= cost
        return True


def compare(before: str, after: str) -> list[Row]:
    """What turned one text into the other; nothing if they are the same. Everything is escaped."""
    old, new = before.splitlines(), after.splitlines()
    if old == new:
        return []
    effort = Effort()
    rows: list[Row] = []
    parts = joined(parts_of(old, new, effort))
    for place, part in enumerate(parts):
        if part.is_same:
            rows += same(part.old, is_first=place == 0, is_last=place == len(parts) - 1)
        else:
            rows += changed(part.old, part.new, effort)
    return rows


def parts_of(old: Sequence[str], new: Sequence[str], effort: Effort) -> Iterator[Part]:
    """The two texts in their order, cut where a line of one is surely a line of the other."""
    for (start, new_start), (end, new_end) in pairwise([(-1, -1), *sure_pairs(old, new), (len(old), len(new))]):
        yield from parts_between(old[start + 1 : end], new[new_start + 1 : new_end], effort)
        yield Part(is_same=True, old=old[end : end + 1], new=old[end : end + 1])


def sure_pairs(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """The places of lines that are alike at both ends or stand once in both texts, as many as keep their order."""
    head = alike(old, new)
    tail = alike(old[head:][::-1], new[head:][::-1])
    pairs = [(place, place) for place in range(head)]
    pairs += in_order(once_in_both(old, new, head, tail))
    return pairs + [(len(old) - back, len(new) - back) for back in range(tail, 0, -1)]


def alike(old: Sequence[str], new: Sequence[str]) -> int:
    """How many stand at the head of both."""
    return next(
        (place for place, (one, other) in enumerate(zip(old, new, strict=False)) if one != other),
        min(len(old), len(new)),
    )


def once_in_both(old: Sequence[str], new: Sequence[str], head: int, tail: int) -> list[tuple[int, int]]:
    places = range(head, len(old) - tail)
    counts, new_counts = Counter(old[head : places.stop]), Counter(new[head : len(new) - tail])
    new_places = {line: place for place, line in enumerate(new[head : len(new) - tail], head)}
    return [(place, new_places[old[place]]) for place in places if counts[old[place]] == new_counts[old[place]] == 1]


def in_order(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest row of pairs in which both places grow; the first ones grow already."""
    ends: list[int] = []  # the smallest second place at which a row of each length ends
    rows: list[int] = []  # and which pair that is
    before: list[int | None] = []
    for number, (_, place) in enumerate(pairs):
        length = bisect_left(ends, place)
        before.append(rows[length - 1] if length else None)
        ends[length : length + 1], rows[length : length + 1] = [place], [number]
    row: list[tuple[int, int]] = []
    number_or_none = rows[-1] if rows else None
    while number_or_none is not None:
        row.append(pairs[number_or_none])
        number_or_none = before[number_or_none]
    return row[::-1]


def parts_between(old: Sequence[str], new: Sequence[str], effort: Effort) -> Iterator[Part]:
    if not effort.is_enough_for(old, new):
        yield Part(is_same=False, old=old, new=new)
        return
    for kind, start, end, new_start, new_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        yield Part(kind == "equal", old[start:end], new[new_start:new_end])


def joined(parts: Iterator[Part]) -> list[Part]:
    """Neighbours of one kind as one part, without those that are empty."""
    whole: list[tuple[bool, list[str], list[str]]] = []
    for is_same, old, new in parts:
        if not old and not new:
            continue
        if not whole or whole[-1][0] != is_same:
            whole.append((is_same, [], []))
        whole[-1][1].extend(old)
        whole[-1][2].extend(new)
    return [Part(*part) for part in whole]


def same(lines: Sequence[str], *, is_first: bool, is_last: bool) -> Iterator[Row]:
    """The lines next to a change; a gap for the others."""
    head = 0 if is_first else CONTEXT
    tail = 0 if is_last else CONTEXT
    skipped = len(lines) - head - tail
    if skipped <= 1:
        yield from (Row("same", escape(line)) for line in lines)
        return
    yield from (Row("same", escape(line)) for line in lines[:head])
    yield Row("gap", SafeString(""), skipped)
    yield from (Row("same", escape(line)) for line in lines[len(lines) - tail :])


def changed(old: Sequence[str], new: Sequence[str], effort: Effort) -> Iterator[Row]:
    for before, after in zip_longest(old, new):
        if before == after:
            yield Row("same", escape(before))
        elif before is None:
            yield Row("changed", come(after))
        elif after is None:
            yield Row("changed", gone(before))
        else:
            yield Row("changed", words(before, after, effort))


def words(before: str, after: str, effort: Effort) -> SafeString:
    if effort.left < LEAST_EFFORT:
        return gone(before) + come(after)
    old, new = WORD.findall(before), WORD.findall(after)
    head = alike(old, new)
    tail = alike(old[head:][::-1], new[head:][::-1])
    middle, new_middle = old[head : len(old) - tail], new[head : len(new) - tail]
    is_too_long = max(len(middle), len(new_middle)) > LONGEST_LINE
    if is_too_long or not effort.is_enough_for(middle, new_middle):
        return gone(before) + come(after)
    pieces = [escape("".join(old[:head]))]
    for kind, start, end, new_start, new_end in SequenceMatcher(None, middle, new_middle, autojunk=False).get_opcodes():
        left, right = "".join(middle[start:end]), "".join(new_middle[new_start:new_end])
        pieces += [escape(left)] if kind == "equal" else [gone(left), come(right)]
    pieces.append(escape("".join(old[len(old) - tail :])))
    return format_html_join("", "{}", ((piece,) for piece in pieces))


def gone(text: str) -> SafeString:
    return marked("del", text)


def come(text: str) -> SafeString:
    return marked("ins", text)


def marked(tag: str, text: str) -> SafeString:
    """Not by `format_html`, which takes five times as long, and there may be a line of them for each of 32,000."""
    return SafeString(f"<{tag}>{escape(text)}</{tag}>" if text else "")
