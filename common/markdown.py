"""Markdown to safe HTML, done once when a text is saved.

CommonMark with tables, strikethrough, bare links, footnotes and task lists. Raw HTML is shown as
text, and what comes out is sanitised again by a list of allowed elements, so that a fault of one
layer is caught by the other. The typographer stays off: its quotes take quadratic time.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import nh3
from django.utils.html import escape
from django.utils.text import slugify
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from mdit_py_plugins.footnote import footnote_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

WORDS_PER_MINUTE = 220
LARGEST_SOURCE = 64 * 1024  # characters
LARGEST_COLOURED = 16 * 1024  # characters of one block of code

LANGUAGE_NAMES = {
    "bash": "Shell",
    "console": "Shell",
    "css": "CSS",
    "csv": "CSV",
    "html": "HTML",
    "javascript": "JavaScript",
    "json": "JSON",
    "markdown": "Markdown",
    "python": "Python",
    "sh": "Shell",
    "sql": "SQL",
    "text": "Text",
    "toml": "TOML",
    "yaml": "YAML",
}

# Pygments has no lexer for the others.
COLOURED = LANGUAGE_NAMES.keys() - {"csv", "text"}

TAGS = {
    *("a", "blockquote", "br", "code", "del", "div", "em", "figcaption", "figure", "hr", "input", "label", "pre"),
    *("h2", "h3", "h4", "h5", "h6", "li", "ol", "p", "s", "section", "span", "strong", "sub", "sup", "ul"),
    *("table", "tbody", "td", "th", "thead", "tr"),
}
ATTRIBUTES = {
    "*": {"class", "id"},
    "a": {"href", "title"},
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
class Heading:
    """A heading of the text; `id` is its anchor."""

    id: str
    text: str
    level: int


@dataclass(frozen=True)
class Rendered:
    """A text as HTML; `opening_html` is what stands before its first heading."""

    html: str
    opening_html: str
    headings: list[Heading]
    minutes: int


def render(source: str, *, link_rel: str = OWN_CONTENT) -> Rendered:
    """Turn Markdown into sanitised HTML with anchors and highlighted code."""
    env: EnvType = {}
    tokens = MARKDOWN.parse(source, env)
    align_cells(tokens)
    headings = name_headings(tokens)
    first = next((index for index, token in enumerate(tokens) if token.type == "heading_open"), len(tokens))
    return Rendered(
        html=sanitise(MARKDOWN.renderer.render(tokens, MARKDOWN.options, env), link_rel),
        opening_html=sanitise(MARKDOWN.renderer.render(tokens[:first], MARKDOWN.options, env), link_rel),
        headings=headings,
        minutes=max(1, math.ceil(count_words(source) / WORDS_PER_MINUTE)),
    )


def has_heading(source: str) -> bool:
    """Whether the text has an opening that ends somewhere."""
    return any(token.type == "heading_open" for token in MARKDOWN.parse(source))


def count_words(source: str) -> int:
    return len(re.findall(r"\w[\w'\u2019-]*", source))


def sanitise(html: str, link_rel: str) -> str:
    return nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, url_schemes=URL_SCHEMES, link_rel=link_rel)


def name_headings(tokens: Sequence[Token]) -> list[Heading]:
    """Give each heading an id made from its words, and demote any top-level one.

    The page's title is its only h1.
    """
    headings: list[Heading] = []
    taken: set[str] = set()
    # How far the numbers behind a name have been used; counting from 2 each time would be quadratic.
    numbers: dict[str, int] = {}
    for opening, content, closing in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if opening.type != "heading_open":
            continue
        if opening.tag == "h1":
            opening.tag = closing.tag = "h2"
        text = "".join(child.content for child in content.children or () if child.type in ("text", "code_inline"))
        name = stem = slugify(text)[:80] or "section"
        while name in taken:
            numbers[stem] = numbers.get(stem, 1) + 1
            name = f"{stem}-{numbers[stem]}"
        taken.add(name)
        opening.attrSet("id", name)
        headings.append(Heading(id=name, text=text, level=int(opening.tag[1])))
    return headings


def align_cells(tokens: Sequence[Token]) -> None:
    """Say by attribute how a column is aligned: the parser's inline style would be blocked."""
    for token in tokens:
        if token.type in ("td_open", "th_open") and "style" in token.attrs:
            token.attrSet("align", str(token.attrs.pop("style")).removeprefix("text-align:"))


def render_fence(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    """A code block with its language's name; focusable, since a wide one scrolls."""
    token = tokens[index]
    language = (token.info.split() or ["text"])[0].lower()
    label = escape(LANGUAGE_NAMES.get(language, language.capitalize()))
    return (
        f'<figure class="code"><figcaption class="code__label">{label}</figcaption>'
        f'<pre class="code__body" tabindex="0"><code>{colour(token.content, language)}</code></pre></figure>\n'
    )


def colour(code: str, language: str) -> str:
    """Code as HTML spans; as plain text when the language is unknown or the block is huge.

    Only the named languages: some lexers of Pygments take minutes over a text made for that.
    """
    if language not in COLOURED or len(code) > LARGEST_COLOURED:
        return str(escape(code))
    return str(highlight(code, get_lexer_by_name(language), HtmlFormatter(nowrap=True)))


def mark_tasks(state: StateCore) -> None:
    """Turn `[ ]` and `[x]` at the head of a list item into a box with its text as label.

    Of our own because mdit-py-plugins looks for each item's list from the item backwards, which
    makes a long list quadratic.
    """
    lists: list[Token] = []
    for token, paragraph, inline in zip(state.tokens, state.tokens[1:], state.tokens[2:], strict=False):
        if token.type in ("bullet_list_open", "ordered_list_open"):
            lists.append(token)
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            lists.pop()
        elif token.type == "list_item_open" and paragraph.type == "paragraph_open":
            box = re.match(r"\[([ xX])\][ \u00a0]", inline.content)
            children = inline.children or []
            if box is None or children[0].type != "text":
                continue
            lists[-1].attrSet("class", "contains-task-list")
            token.attrSet("class", "task-list-item")
            children[0].content = children[0].content[box.end() :]
            checked = "" if box[1] == " " else ' checked="checked"'
            opening, closing = Token("html_inline", "", 0), Token("html_inline", "", 0)
            opening.content = f'<label><input class="task-list-item-checkbox" type="checkbox" disabled{checked}> '
            closing.content = "</label>"
            inline.children = [opening, *children, closing]


def open_table(*_: object) -> str:
    return '<div class="table" tabindex="0"><table>\n'


def close_table(*_: object) -> str:
    return "</table></div>\n"


def make_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": True, "typographer": False})
    parser.enable(["table", "strikethrough", "linkify"])
    parser.use(footnote_plugin)
    parser.core.ruler.after("inline", "tasks", mark_tasks)
    parser.add_render_rule("fence", render_fence)
    # An indented block looks like a fenced one without a language.
    parser.add_render_rule("code_block", render_fence)
    parser.add_render_rule("table_open", open_table)
    parser.add_render_rule("table_close", close_table)
    return parser


MARKDOWN = make_parser()
