"""Names and titles can be read, and are what they seem to be."""

# ruff: noqa: RUF001 - letters of many scripts are what this is about

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from common.text import clean_body, excerpt_of, readable_line, shortened, validate_line, visible

FINE = [
    *(
        "Ada",
        "Zoë 2.0 (beta)",
        "日本語のタイトル",
        "Ada \U0001f469\u200d\U0001f4bb",
        "\U0001f3f3\ufe0f\u200d\U0001f308",
    ),
    *(
        "می\u200cخواهم",
        "PDF\u200cها",
        "क्\u200dष",
        "র\u200d্য",
        "e\u0301tude",
        "ש\u05bc\u05c1\u05b8לום",
        "葛\U000e0100",
        "?",
        "…",
    ),
]
REFUSED = [
    *[
        (text, "Control characters are not allowed.")
        for text in ("a\nb", "a\0", "a\x7f", "a\u2028b", "a\x85b", "\ud800", "\t")
    ],
    *[
        (f"Nell{sign}New", "Use letters, digits and signs on one line.")
        for sign in "\u061c\u200e\u200f\u202a\u202e\u2066\u2069"
    ],
    *[
        (f"Ad{sign}a", f"Take out the invisible character U+{ord(sign):04X}.")
        for sign in "\u200b\u200c\u200d\u2060\u2064\ufeff\u00ad\u180e\u115f\u2800\u3164\U000e0001\U000e0041\U000e007f"
    ],
    ("\u200dAda", "Take out the invisible character U+200D."),
    ("می\u200c", "Take out the invisible character U+200C."),
    ("می\u200c خواهم", "Take out the invisible character U+200C."),
    ("می\u200c\u200cخ", "Take out the invisible character U+200C."),
    ("a" + "\u0301" * 5, "Use at most 4 accents on one letter."),
    *[
        (text, "Write at least one letter, digit or sign.")
        for text in ("", " ", "\u00a0\u3000", "\u0301", " \u0301\ufe0f")
    ],
]


@pytest.mark.parametrize("text", FINE)
def test_names_of_all_scripts_are_fine(text: str) -> None:
    validate_line(text)
    assert readable_line(text) == text


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_what_hides_or_disturbs_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        validate_line(text)
    assert caught.value.messages == [message]


@given(st.text(st.sampled_from("aא\u200b\u200c\u200d\u0301\u202e \n\u3164🙂क्"), max_size=12))
def test_a_line_from_elsewhere_becomes_one_that_may_stand_or_nothing(text: str) -> None:
    line = readable_line(text)
    if line:
        validate_line(line)


def test_a_line_from_elsewhere_keeps_its_letters() -> None:
    assert readable_line(" Nell\u202e\u200b New\n") == "Nell New"
    assert readable_line("a" + "\u0301" * 9) == ""


@pytest.mark.parametrize(
    "text", ["", " \n\t", "\u200b\u200d\u2060", "\u3164\u2800", "\u0301", "\ufeff\n\u00ad", "\u202e"]
)
def test_nothing_to_read_is_seen_as_such(text: str) -> None:
    assert not visible(text)


def test_one_sign_is_something_to_read() -> None:
    assert visible("\u200b\n.")


def test_lines_of_a_body_end_alike() -> None:
    assert clean_body("a\r\nb\rc\n\td\u200b") == "a\nb\nc\n\td\u200b"


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_a_body_that_cannot_be_kept_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="Control characters are not allowed"):
        clean_body(text)


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("", ""),
        ("four", "four"),
        ("fives", "fives"),
        ("longer", "long…"),
        # The mark would be left behind by its letter, or stand on the sign that ends it.
        ("caf" + "e\u0301" + "s and more", "caf…"),
        ("e\u0301\u0302\u0303\u0304\u0305", "…"),
    ],
)
def test_what_is_shortened_is_no_longer_than_it_may_be_and_keeps_letters_whole(text: str, short: str) -> None:
    assert shortened(text, 5) == short


@pytest.mark.parametrize(
    ("html", "excerpt"),
    [
        ("<p>One <em>two</em>, &amp; &lt;three&gt;.</p>\n<p>Four</p>", "One two, & <three>. Four"),
        ("<ul><li>One</li><li>Two<br>three</li></ul>", "One Two three"),
        ("<h2>Title</h2><p>One</p><pre><code>x = 1</code></pre><p>Two</p>", "One Two"),
        ("<pre><code>never closed", ""),
        ('<p>One <a href="/x" title="a > b">two', "One two"),
        ('<p>One <a href="/cut', "One"),
        ("<p>" + "word " * 20 + "</p>", "word word word word word word word word…"),
        ("<p>One, two three four five six seven, eight nine</p>", "One, two three four five six seven…"),
        ("<p>" + "x" * 100 + "</p>", "x" * 39 + "…"),
        ("", ""),
    ],
)
def test_an_excerpt_is_how_a_text_begins_in_plain_words(html: str, excerpt: str) -> None:
    assert excerpt_of(html, 40) == excerpt


@given(html=st.text(alphabet='<>"/ pre&;ab\n'))
def test_an_excerpt_is_never_longer_than_it_may_be(html: str) -> None:
    assert len(excerpt_of(html, 20)) <= 20
