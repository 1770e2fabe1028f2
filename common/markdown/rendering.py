"""From the parsed text to what is stored: HTML, plain text and blocks."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import takewhile

import nh3
from markdown_it.token import Token
from markdown_it.utils import EnvType

from common.markdown.blocks import Block, name_blocks
from common.markdown.images import Image, relative_names, show_images
from common.markdown.parser import MARKDOWN
from common.markdown.plain import plain_text

WORDS_PER_MINUTE = 220
LARGEST_SOURCE = 64 * 1024  # characters

TAGS = {
    *(
        "a",
        "blockquote",
        "br",
        "code",
        "del",
        "div",
        "em",
        "figcaption",
        "figure",
        "hr",
        "img",
        "input",
        "label",
        "pre",
    ),
    *("h2", "h3", "h4", "h5", "h6", "li", "ol", "p", "s", "section", "span", "strong", "sub", "sup", "ul"),
    *("table", "tbody", "td", "th", "thead", "tr"),
}
ATTRIBUTES = {
    "*": {"class", "id"},
    "a": {"href", "title"},
    "img": {"src", "alt", "width", "height", "loading", "decoding"},
    "input": {"type", "checked", "disabled"},
    "ol": {"start"},
    "pre": {"tabindex"},
    "div": {"tabindex"},
    "td": {"align"},
    "th": {"align", "scope"},
}
URL_SCHEMES = {"http", "https", "mailto"}
# What links say of the page that they lead to: nothing of those in our own texts, and that we do
# not vouch for it of those in what members write.
OWN_CONTENT, USER_CONTENT = "noopener", "nofollow ugc noopener"


@dataclass(frozen=True)
class Rendered:
    """A text as HTML and as plain words; its opening is what stands before the first heading."""

    html: str
    opening_html: str
    text: str
    opening_text: str
    blocks: list[Block]
    minutes: int


def render(
    source: str,
    *,
    link_rel: str = OWN_CONTENT,
    earlier: Sequence[Block] = (),
    images: Mapping[str, Image] | None = None,
) -> Rendered:
    """Turn Markdown into sanitised HTML with anchors and highlighted code.

    `earlier` are the blocks of the text as it was saved last, from which those of now take their
    ids. `images` are by the name that the text uses; any other image is shown as its alt text.
    """
    images = images or {}
    env: EnvType = {}
    tokens = MARKDOWN.parse(source, env)
    align_cells(tokens)
    demote_titles(tokens)
    blocks = name_blocks(tokens, earlier)
    first = next((index for index, token in enumerate(tokens) if token.type == "heading_open"), len(tokens))
    text, opening_text = plain_text(tokens), plain_text(tokens[:first])
    show_images(tokens, images)
    sources = {image.url for image in images.values()}
    return Rendered(
        html=sanitise(MARKDOWN.renderer.render(tokens, MARKDOWN.options, env), link_rel, sources),
        opening_html=sanitise(MARKDOWN.renderer.render(tokens[:first], MARKDOWN.options, env), link_rel, sources),
        text=text,
        opening_text=opening_text,
        blocks=blocks,
        minutes=max(1, math.ceil(count_words(source) / WORDS_PER_MINUTE)),
    )


def count_headings(source: str) -> int:
    """How many headings the text has; with none its opening ends nowhere. One in a footnote does not count."""
    body = takewhile(lambda token: token.type != "footnote_block_open", MARKDOWN.parse(source))
    return sum(token.type == "heading_open" for token in body)


def opening_of(source: str) -> str:
    """The Markdown before the first heading; nothing, if no heading ends it."""
    first = next((token for token in MARKDOWN.parse(source) if token.type == "heading_open"), None)
    if first is None or first.map is None:
        return ""
    # Lines as the parser counts them; str.splitlines knows more ends than Markdown does.
    return "\n".join(re.split(r"\r\n?|\n", source)[: first.map[0]])


def image_names(source: str) -> list[str]:
    """The files beside the text that its images name, each once, in the text's order.

    As the author wrote them, so `..` may be among their parts: it is the caller who knows where
    the text lies and what may be read there.
    """
    return list(dict.fromkeys(relative_names(MARKDOWN.parse(source))))


def align_cells(tokens: Sequence[Token]) -> None:
    """Say by attribute how a column is aligned: the parser's inline style would be blocked."""
    for token in tokens:
        if token.type in ("td_open", "th_open") and "style" in token.attrs:
            token.attrSet("align", str(token.attrs.pop("style")).removeprefix("text-align:"))


def demote_titles(tokens: Sequence[Token]) -> None:
    """Make top-level headings second-level ones: the page's title is its only h1."""
    for token in tokens:
        if token.tag == "h1":
            token.tag = "h2"


def sanitise(
    html: str,
    link_rel: str,
    sources: AbstractSet[str] = frozenset(),
    attributes: Mapping[str, AbstractSet[str]] = ATTRIBUTES,
) -> str:
    """Let through what is allowed; of images, those from the given sources only."""

    def allow(tag: str, attribute: str, value: str) -> str | None:
        return None if (tag, attribute) == ("img", "src") and value not in sources else value

    return nh3.clean(
        html, tags=TAGS, attributes=attributes, url_schemes=URL_SCHEMES, link_rel=link_rel, attribute_filter=allow
    )


def count_words(source: str) -> int:
    return len(re.findall(r"\w[\w'\u2019-]*", source))
