"""The parser: which Markdown is understood, and how code, tables and tasks look as HTML."""

from __future__ import annotations

import re
from collections.abc import Sequence

from django.utils.html import escape
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from mdit_py_plugins.footnote import footnote_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

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


def make_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": True, "typographer": False})
    parser.enable(["table", "strikethrough", "linkify"])
    parser.use(footnote_plugin)
    # Before the words are read, where a backslash before the brace can still be seen.
    parser.core.ruler.before("inline", "own_ids", take_own_ids)
    parser.core.ruler.after("inline", "tasks", mark_tasks)
    parser.add_render_rule("fence", render_fence)
    # An indented block looks like a fenced one without a language.
    parser.add_render_rule("code_block", render_fence)
    parser.add_render_rule("table_open", open_table)
    parser.add_render_rule("table_close", close_table)
    return parser


def take_own_ids(state: StateCore) -> None:
    """Take `{#own-id}` off the end of a heading's line and keep it with the heading."""
    for heading, inline in zip(state.tokens, state.tokens[1:], strict=False):
        if heading.type != "heading_open":
            continue
        words, sign, own_id = inline.content.rpartition("{#")
        if sign and not words.endswith("\\") and re.fullmatch(r"[^\s{}]*\}", own_id):
            inline.content = words.rstrip()
            heading.meta["own_id"] = own_id.removesuffix("}")


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


def render_fence(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    return code_figure(tokens[index], largest_coloured=LARGEST_COLOURED)


def code_figure(token: Token, *, largest_coloured: int) -> str:
    """A code block with its language's name; focusable, since a wide one scrolls."""
    language = (token.info.split() or ["text"])[0].lower()
    label = escape(LANGUAGE_NAMES.get(language, language.capitalize()))
    code = colour(token.content, language) if len(token.content) <= largest_coloured else escape(token.content)
    return (
        f'<figure class="code"><figcaption class="code__label">{label}</figcaption>'
        f'<pre class="code__body" tabindex="0"><code>{code}</code></pre></figure>\n'
    )


def colour(code: str, language: str) -> str:
    """Code as HTML spans; as plain text when the language is unknown.

    Only the named languages: some lexers of Pygments take minutes over a text made for that.
    """
    if language not in COLOURED:
        return str(escape(code))
    return str(highlight(code, get_lexer_by_name(language), HtmlFormatter(nowrap=True)))


def open_table(*_: object) -> str:
    return '<div class="table" tabindex="0"><table>\n'


def close_table(*_: object) -> str:
    return "</table></div>\n"


MARKDOWN = make_parser()
