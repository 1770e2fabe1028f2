"""What changed between two texts is shown word by word, and quickly whatever they are."""

from __future__ import annotations

import re
import time
from collections import Counter
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.comparing import compare


def html(before: str, after: str) -> list[str]:
    return [str(row.html) if row.kind != "gap" else f"({row.skipped})" for row in compare(before, after)]


def test_a_changed_word_is_shown_within_its_line() -> None:
    assert html("One two three.", "One <2> three.") == [
        "One <del>two</del><ins>&lt;2&gt;</ins> three.",
    ]


def test_lines_that_stay_are_skipped() -> None:
    lines = [str(number) for number in range(20)]
    assert html("\n".join(lines), "\n".join([*lines[:10], "x", *lines[10:]])) == [
        *("(8)", "8", "9", "<ins>x</ins>", "10", "11", "(8)"),
    ]
    assert html("a\nb", "a") == ["a", "<del>b</del>"]
    assert compare("a\nb", "a\nb") == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\n" * 32_000, "b\na\n" * 16_000),
        ("\n".join(map(str, range(11_000))), "\n".join(map(str, range(11_000, 0, -1)))),
        ("a b " * 16_000, "b a " * 16_000),
        ("\n".join(f"{n} " + "a b " * 390 for n in range(40)), "\n".join("b a " * 390 + f" {n}" for n in range(40))),
    ],
    ids=["one line again and again", "the other way round", "one long line", "long lines"],
)
def test_no_two_texts_take_long(before: str, after: str) -> None:
    begun = time.process_time()
    assert compare(before, after)
    # Of work, not of waiting for it: without a limit to it these take minutes.
    assert time.process_time() - begun < 10


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("\n".join(map(str, range(11_000))), "\n".join(str(n + n % 2 * 100_000) for n in range(11_000))),
        ("a\nb\n" * 16_000, "b\na\na\n" * 10_000),
        ("\n".join("a b c d " * 20 for _ in range(400)), "\n".join("d c a b " * 20 for _ in range(400))),
    ],
    ids=["every other line", "few lines in another order", "many long lines"],
)
def test_no_two_texts_of_many_changes_take_long(before: str, after: str) -> None:
    begun = time.process_time()
    assert compare(before, after)
    # Of work, not of waiting for it: without a limit to it these take minutes.
    assert time.process_time() - begun < 10


def test_a_line_that_moved_goes_from_one_place_and_comes_at_the_other() -> None:
    assert html("a\nb\nc\nd", "b\nc\na\nd") == ["<del>a</del>", "b", "c", "<ins>a</ins>", "d"]


def test_an_added_paragraph_leaves_those_around_it_alone() -> None:
    assert html("One.\n\nTwo.", "One.\n\nNew.\n\nTwo.") == ["One.", "", "<ins>New.</ins>", "", "Two."]


lines = st.lists(st.sampled_from(["a", "b", "a b", "b a c", "<i>", "", "c d e"]), max_size=12)


@given(lines, lines)
def test_both_texts_can_be_read_from_what_is_shown(before: list[str], after: list[str]) -> None:
    rows = [row for row in compare("\n".join(before), "\n".join(after)) if row.kind == "changed"]
    shown = "".join(str(row.html) for row in rows)
    old = re.sub("<ins>.*?</ins>", "", shown)
    new = re.sub("<del>.*?</del>", "", shown)
    kept = Counter("".join(before)) - Counter("".join(after))
    assert not kept - Counter(unescape(re.sub("</?del>", "", old)))
    came = Counter("".join(after)) - Counter("".join(before))
    assert not came - Counter(unescape(re.sub("</?ins>", "", new)))
