"""What is a key by its form, and what is not."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.keys import InvalidKey, KeyText

KEY = KeyText.new()
SIGNS = string.ascii_letters + string.digits + "_"


def is_read(text: str) -> bool:
    """Anything but a refusal would end the test."""
    try:
        KeyText.read(text)
    except InvalidKey:
        return False
    return True


def test_a_new_key_is_read() -> None:
    assert KeyText.read(KEY.text) == KEY
    # What we tell those who scan for secrets.
    assert re.fullmatch(r"hta_[0-9a-f]{16}_[0-9a-f]{72}", KEY.text)
    assert KEY.text.startswith(f"hta_{KEY.prefix}_")


def test_keys_differ_in_both_parts() -> None:
    keys = [KeyText.new() for _ in range(100)]
    assert len({key.prefix for key in keys}) == len({key.text[21:] for key in keys}) == 100


def test_the_hash_is_keyed_and_says_nothing_of_the_key(settings: object) -> None:
    before = KEY.hash
    assert len(before) == 32
    settings.API_KEY_SECRET = "another secret"  # type: ignore[attr-defined]  # pytest-django's wrapper
    assert KEY.hash != before


def test_a_key_is_not_in_what_is_logged_of_it() -> None:
    assert KEY.text[21:] not in f"{KEY} {KEY!r}"


@given(st.text() | st.text(alphabet=SIGNS) | st.from_regex(r"hta_[0-9a-f]{16}_[0-9a-f]{64}"))
def test_no_other_text_is_a_key(text: str) -> None:
    assert not is_read(text)


@given(st.binary())
def test_no_bytes_of_a_header_are_a_key(raw: bytes) -> None:
    assert not is_read(raw.decode("latin-1"))


@given(st.integers(0, len(KEY.text) - 1), st.characters())
def test_one_wrong_sign_is_noticed_without_a_query(place: int, sign: str) -> None:
    text = KEY.text[:place] + sign + KEY.text[place + 1 :]
    assert is_read(text) is (text == KEY.text)


@given(st.integers(0, len(KEY.text) - 2))
def test_two_signs_that_changed_places_are_noticed(place: int) -> None:
    text = KEY.text[:place] + KEY.text[place + 1] + KEY.text[place] + KEY.text[place + 2 :]
    assert is_read(text) is (text == KEY.text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hta_",
        KEY.text.upper(),
        KEY.text + "0",
        KEY.text + "\n",
        " " + KEY.text,
        KEY.text[:-1],
        KEY.text.replace("hta_", "hta-"),
        f"{KEY.text},{KEY.text}",
        KEY.text[:-1] + "\u0660",
        "hta_" * 100_000,
    ],
    # Each process of the tests has another key; the names of its tests must be the same.
    ids=map(str, range(11)),
)
def test_what_merely_looks_like_a_key_is_refused(text: str) -> None:
    assert not is_read(text)
