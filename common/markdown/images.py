"""Images: only those that came with the text; no page of ours loads anything from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from django.utils.html import escape
from markdown_it.token import Token

from common.markdown.plain import inline_text


@dataclass(frozen=True)
class Image:
    """A picture that we serve; width and height in pixels, so that the page does not jump."""

    url: str
    width: int
    height: int


def relative_names(tokens: Sequence[Token]) -> Iterator[str]:
    """The files beside the text that its images name; `..` may be among their parts."""
    for token in tokens:
        for child in token.children or ():
            name = source_name(child) if child.type == "image" else ""
            if name and not re.match(r"[/\\]|[a-z][a-z0-9+.-]*:", name, re.IGNORECASE):
                yield name


def show_images(tokens: Sequence[Token], images: Mapping[str, Image]) -> None:
    """Let the images that we have be shown, and put the alt text in the place of all others."""
    for opening, inline, closing in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if not inline.children:
            continue
        inline.children = [show_image(child, images) if child.type == "image" else child for child in inline.children]
        first, *others = inline.children
        if (
            first.type == "image"
            and not others
            and (opening.type, closing.type) == ("paragraph_open", "paragraph_close")
        ):
            opening.tag = closing.tag = "figure"
            opening.hidden = closing.hidden = False
            opening.attrSet("class", "illustration")
            inline.children = [first, *caption_of(first)]


def show_image(token: Token, images: Mapping[str, Image]) -> Token:
    image = images.get(source_name(token))
    if image is None:
        words = Token("text", "", 0)
        words.content = inline_text(token.children or ())
        return words
    token.meta["caption"] = token.attrs.get("title", "")
    token.attrs = {
        "src": image.url,
        "alt": "",  # filled in by the renderer
        "width": image.width,
        "height": image.height,
        "loading": "lazy",
        "decoding": "async",
    }
    return token


def caption_of(image: Token) -> list[Token]:
    if not image.meta["caption"]:
        return []
    caption = Token("html_inline", "", 0)
    caption.content = f"<figcaption>{escape(image.meta['caption'])}</figcaption>"
    return [caption]


def source_name(image: Token) -> str:
    """The source as the author wrote it: the parser escapes spaces and letters beyond ASCII."""
    return unquote(str(image.attrs["src"]))
