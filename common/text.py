"""What may stand in a name, a title or a body that people write."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from html import unescape

from django.core.exceptions import ValidationError

# They turn the text around them about, so that what is read is not what is there.
DIRECTION_SIGNS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Emoji, Persian and the scripts of India join and part letters with them; elsewhere they only hide.
JOINERS = frozenset("\u200c\u200d")
# Unicode calls them letters, symbols or marks, or has not named them yet, and nobody sees them.
BLANK_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2065\u2800\u3164\uffa0")
# Format characters that are seen: they stand above or below the numbers and words that follow them.
SEEN_FORMATS = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
# In HTML of ours: what is no running text, what ends a part of it, and any tag, also one in which the text is cut off.
UNSPOKEN = re.compile(r"<(pre|figure|table|h[1-6])\b.*?(?:</\1>|\Z)", re.DOTALL)
END_OF_BLOCK = re.compile(r"</(?:p|li|blockquote|div)>|<br ?/?>")
TAG = re.compile(r"""<(?:[^<>"]|"[^"]*(?:"|\Z))*(?:>|\Z)""")
MOST_MARKS = 4  # on one letter; more of them run over the lines above and below


def validate_line(text: str) -> None:
    """Refuse what would break a line, hide or change what is beside it, or cannot be read at all."""
    if any(is_control(sign) for sign in text):
        raise ValidationError("Control characters are not allowed.", code="invalid")
    if not DIRECTION_SIGNS.isdisjoint(text):
        raise ValidationError("Use letters, digits and signs on one line.", code="invalid")
    hidden = next(unseen(text), None)
    if hidden is not None:
        raise ValidationError(f"Take out the invisible character U+{ord(text[hidden]):04X}.", code="invalid")
    if has_stacked_marks(text):
        raise ValidationError(f"Use at most {MOST_MARKS} accents on one letter.", code="invalid")
    if not visible(text):
        raise ValidationError("Write at least one letter, digit or sign.", code="invalid")


def readable_line(text: str) -> str:
    """A line from elsewhere without what `validate_line` refuses; empty if nothing can be made of it."""
    text = "".join(sign for sign in text if not is_control(sign) and sign not in DIRECTION_SIGNS)
    hidden = set(unseen(text))
    text = "".join(sign for place, sign in enumerate(text) if place not in hidden).strip()
    return "" if has_stacked_marks(text) or not visible(text) else text


def clean_body(text: str) -> str:
    """A text of several lines with line ends as `\\n`; refuses characters that no database keeps."""
    if any(sign == "\0" or "\ud800" <= sign <= "\udfff" for sign in text):
        raise ValidationError("Control characters are not allowed.", code="invalid")
    return re.sub(r"\r\n?", "\n", text)


def shortened(text: str, most: int) -> str:
    """At most so many characters, the last of them "…" if there were more; no letter loses the marks that stand on it.

    Django's Truncator counts letters with all their marks, one by one, which takes forty times as long.
    """
    if len(text) <= most:
        return text
    end = most - 1
    while end and is_mark(text[end]):
        end -= 1
    return f"{text[:end]}…"


def excerpt_of(html: str, most: int) -> str:
    """How a text begins, as plain text of at most so many characters; of HTML that we have made.

    Without code, tables, pictures and headings, of which nothing can be told in a line.
    """
    # No more than what can matter is looked at: a text may be long.
    text = UNSPOKEN.sub(" ", html[: 8 * most])
    text = " ".join(unescape(TAG.sub("", END_OF_BLOCK.sub(" ", text))).split())
    if len(text) <= most:
        return text
    end = text.rfind(" ", most // 2, most)
    return shortened(text, most) if end < 0 else f"{text[:end].rstrip('.,;: -')}…"


def visible(text: str) -> bool:
    """Whether there is anything to see: a letter, digit or sign, not only blanks and marks on them."""
    return any(is_seen(sign) for sign in text)


def is_control(sign: str) -> bool:
    """Control characters, line ends, and halves of characters."""
    return unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp")


def unseen(text: str) -> Iterator[int]:
    """The places of characters that nobody sees, joiners where they join nothing among them."""
    for place, sign in enumerate(text):
        if sign in JOINERS:
            if not joins(text[place - 1 : place], text[place + 1 : place + 2]):
                yield place
        elif is_hidden(sign):
            yield place


def joins(before: str, after: str) -> bool:
    """Whether a joiner has work between these two: not at an end or a blank, nor between letters that have capitals."""
    if not all(sign and (is_seen(sign) or is_mark(sign)) for sign in (before, after)):
        return False
    return not (is_cased(before) and is_cased(after))


def is_cased(sign: str) -> bool:
    return sign.lower() != sign.upper()


def is_mark(sign: str) -> bool:
    return unicodedata.category(sign).startswith("M") and sign not in BLANK_LETTERS


def is_hidden(sign: str) -> bool:
    if unicodedata.category(sign) == "Cf":
        return sign not in SEEN_FORMATS and sign not in JOINERS
    # The last are set aside for formats; those for variants of Chinese characters among them are marks.
    return sign in BLANK_LETTERS or (0xE0000 <= ord(sign) <= 0xE0FFF and not is_mark(sign))


def is_seen(sign: str) -> bool:
    category = unicodedata.category(sign)
    return category[0] not in "ZM" and category not in ("Cc", "Cs") and sign not in JOINERS and not is_hidden(sign)


def has_stacked_marks(text: str) -> bool:
    row = 0
    for sign in text:
        row = row + 1 if is_mark(sign) else 0
        if row > MOST_MARKS:
            return True
    return False
