"""Blocks of a text, and how each keeps its id while the text around it is edited.

A block is a heading with what follows it up to the next heading. Progress, bookmarks and links hang
on its id. A text knows nothing of its past, so the blocks of its last version are compared with
those of the new one. Every step is linear: a text may consist of thousands of headings.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict, deque
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from django.utils.text import slugify
from markdown_it.token import Token

from common.markdown.plain import inline_text, plain_text

ID = re.compile(r"[a-z0-9-]{1,80}")
# The anchors of footnotes, and the one that every page has for its main part.
RESERVED = re.compile(r"main|fn(ref)?\d+")
LONGEST_STEM = 72  # leaves room for a number behind it


@dataclass(frozen=True)
class Block:
    """A heading with its section.

    `id` is its anchor, `level` 2 to 6, `mark` a fingerprint of the section's own words, empty when
    there are none.
    """

    id: str
    text: str
    level: int
    mark: str


def name_blocks(tokens: Sequence[Token], earlier: Sequence[Block]) -> list[Block]:
    """Give every heading its id, and say which blocks there are.

    `earlier` are the blocks of the version before, each with an id of its own.
    """
    written = read_blocks(tokens)
    kept = keep_ids(written, earlier)
    taken = set(kept.values())
    # How far the numbers behind a name have been used; counting from 2 each time would be quadratic.
    numbers: dict[str, int] = {}
    blocks: list[Block] = []
    headings = (token for token in tokens if token.type == "heading_open")
    for position, (heading, block) in enumerate(zip(headings, written, strict=True)):
        name = kept.get(position) or fresh_id(block.text, taken, numbers)
        heading.attrSet("id", name)
        blocks.append(replace(block, id=name))
    return blocks


def read_blocks(tokens: Sequence[Token]) -> list[Block]:
    """The blocks as they are written: with the author's own id, or an empty one."""
    starts = [index for index, token in enumerate(tokens) if token.type == "heading_open"]
    # Footnotes stand at the end of the text but are not part of its last section.
    end = next((index for index, token in enumerate(tokens) if token.type == "footnote_block_open"), len(tokens))
    blocks: list[Block] = []
    for start, stop in pairwise([*starts, len(tokens)]):
        heading, words = tokens[start], tokens[start + 1]
        own_id = heading.meta.get("own_id", "")
        blocks.append(
            Block(
                id=own_id if ID.fullmatch(own_id) and not RESERVED.fullmatch(own_id) else "",
                text=" ".join(inline_text(words.children or ()).split()),
                level=int(heading.tag[1]),
                mark=fingerprint(plain_text(tokens[start + 2 : min(stop, end)])),
            )
        )
    return blocks


def fingerprint(text: str) -> str:
    words = " ".join(text.split())
    return hashlib.sha256(words.encode()).hexdigest()[:12] if words else ""


def keep_ids(written: Sequence[Block], earlier: Sequence[Block]) -> dict[int, str]:
    """The ids that the author wrote, and those that blocks had before, by position."""
    own: dict[str, int] = {}
    for position, block in enumerate(written):
        if block.id:
            own.setdefault(block.id, position)  # the first who says it has it
    named = {position: name for name, position in own.items()}
    places = {own[block.id]: place for place, block in enumerate(earlier) if block.id in own}
    for signs, signs_before in zip(signs_of(written), signs_of(earlier), strict=True):
        pair_alike(signs, signs_before, places, named)
    pair_between_neighbours(written, earlier, places, named)
    return {position: earlier[place].id for position, place in places.items()} | named


def signs_of(blocks: Sequence[Block]) -> list[list[Hashable]]:
    """What blocks are recognised by, from the surest sign to the weakest.

    Heading and words as before, then the words alone (the heading was edited), then the heading
    alone (the words were). Of several that look alike, those under the same heading as before go
    together first: every chapter may end with its "Exercise". An empty sign recognises nothing.
    """
    above = ["", *(block.text for block in blocks)]
    return [
        [(block.text, block.mark, over) for block, over in zip(blocks, above, strict=False)],
        [(block.text, block.mark) for block in blocks],
        [block.mark for block in blocks],
        [(block.text, over) for block, over in zip(blocks, above, strict=False)],
        [block.text for block in blocks],
    ]


def pair_alike(
    signs: Sequence[Hashable], signs_before: Sequence[Hashable], places: dict[int, int], named: dict[int, str]
) -> None:
    """Add to `places` (position → place before) the blocks that have the same sign, in their order."""
    found = set(places.values())
    waiting: defaultdict[Hashable, deque[int]] = defaultdict(deque)
    for place, sign in enumerate(signs_before):
        if sign and place not in found:
            waiting[sign].append(place)
    for position, sign in enumerate(signs):
        if position not in places and position not in named and waiting.get(sign):
            places[position] = waiting[sign].popleft()


def pair_between_neighbours(
    written: Sequence[Block], earlier: Sequence[Block], places: dict[int, int], named: dict[int, str]
) -> None:
    """Pair the blocks that stand alone between the same two neighbours: heading and words were edited."""
    found = set(places.values())
    # A new block that its author named is nobody's successor, and parts no neighbours.
    known = [position for position in range(len(written)) if position in places or position not in named]
    gaps = lone_gaps([(position, places.get(position)) for position in known])
    gaps_before = lone_gaps([(place, place if place in found else None) for place in range(len(earlier))])
    for neighbours, position in gaps.items():
        place = gaps_before.get(neighbours)
        if place is not None and written[position].level == earlier[place].level:
            places[position] = place


def lone_gaps(row: Sequence[tuple[int, int | None]]) -> dict[tuple[int, int], int]:
    """Who stands alone between which two; `row` pairs each position with its place before, if found."""
    ends = -1
    gaps: dict[tuple[int, int], int] = {}
    left, between = ends, list[int]()
    for position, place in [*row, (ends, ends)]:
        if place is None:
            between.append(position)
            continue
        if len(between) == 1:
            gaps[left, place] = between[0]
        left, between = place, []
    return gaps


def fresh_id(text: str, taken: set[str], numbers: dict[str, int]) -> str:
    """An id made from words, numbered when another block has it already."""
    stem = slugify(text).replace("_", "-")[:LONGEST_STEM].strip("-") or "section"
    name = stem
    while name in taken or RESERVED.fullmatch(name):
        numbers[stem] = numbers.get(stem, 1) + 1
        name = f"{stem}-{numbers[stem]}"
    taken.add(name)
    return name
