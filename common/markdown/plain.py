"""The words of a text without its Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from markdown_it.token import Token


def plain_text(tokens: Sequence[Token]) -> str:
    """Paragraphs, headings, list items, table cells and code, each from a new line."""
    return "\n".join(filter(None, map(words_of, tokens)))


def words_of(token: Token) -> str:
    """The words of one token; none for those that only open and close."""
    if token.type in ("fence", "code_block"):
        return token.content.rstrip()
    return inline_text(token.children or ())


def inline_text(tokens: Sequence[Token]) -> str:
    """Words of one line; an image counts by its alt text."""
    words: list[str] = []
    for token in tokens:
        if token.type in ("text", "code_inline", "mention"):
            words.append(token.content)
        elif token.type in ("softbreak", "hardbreak"):
            words.append(" ")
        elif token.type == "image":
            words.append(inline_text(token.children or ()))
    return "".join(words).strip()
