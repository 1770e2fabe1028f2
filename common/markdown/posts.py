"""What members write: as in tutorials, but with mentions, no footnotes and no ids.

Two texts stand on one page and a third comes when somebody answers, so nothing in them may have an
id. Anybody may write them, so what one text costs is bounded: its length by whoever takes it in, and
here its depth, its lines, its signs and what its references repeat. Beyond a bound words stay as
they were written; none is lost.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.html import escape
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock, blockquote, list_block, table
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from common.markdown.images import Image, relative_names, show_images
from common.markdown.parser import close_table, code_figure, mark_tasks, open_table
from common.markdown.plain import plain_text
from common.markdown.rendering import ATTRIBUTES, USER_CONTENT, align_cells, sanitise
from common.text import visible

LARGEST_POST = 20_000  # characters
MOST_LINES = 1_500
MOST_SIGNS = 3_000  # that may mean something within a line, such as `*` and `[`
DEEPEST = 12  # levels; a quote is one, a list is two
MOST_COLUMNS = 24
MOST_CELLS = 2_000
MOST_COLOURED = 8_000  # characters of code

# Classes and numbers as elsewhere, but no ids.
POST_ATTRIBUTES = ATTRIBUTES | {"*": ATTRIBUTES["*"] - {"id"}}

# Letters, digits and single hyphens, as Profile.handle has it. What goes on after it is something
# else: an address (@ada@example.org), a package (@types/node), code (@app.route), another sign's name.
HANDLE = re.compile(r"@([A-Za-z0-9](?:-?[A-Za-z0-9]){1,29})(?![^\W_]|_+[^\W_]|@|[./:-]\w)", re.ASCII)
ADDRESS = re.compile(r"://[^\W_][^\s<>\"`|\\^{}]*")
TRAILING = ".,:;!?'*_~&"


@dataclass(frozen=True)
class ReadPost:
    """A post or comment as it was understood.

    `mentions` are the handles that it names, `links` the number of its links to pages elsewhere or
    here, `images` the number of its images, also of those that are not shown, `image_names` the files
    beside the text that these name; `text` is its words, empty where there is nothing to read.
    """

    text: str
    mentions: list[str]
    links: int
    images: int
    image_names: list[str]
    tokens: list[Token] = field(repr=False)
    env: EnvType = field(repr=False)

    def html(self, *, handles: Mapping[str, str], images: Mapping[str, Image] | None = None) -> str:
        """As sanitised HTML; `handles` are the people who exist, with the addresses of their pages.

        `images` as in `render`. Call it once: showing the images changes the tokens.
        """
        images = images or {}
        show_images(self.tokens, images)
        html = POSTS.renderer.render(self.tokens, POSTS.options, {**self.env, "handles": handles})
        return sanitise(html, USER_CONTENT, {image.url for image in images.values()}, POST_ATTRIBUTES)


def read_post(source: str) -> ReadPost:
    """Understand what a member wrote, whatever it is; up to `LARGEST_POST` characters take no long time."""
    env: EnvType = {}
    lines = source.count("\n") + source.count("\r")
    tokens = POSTS.parse(source, env) if lines < MOST_LINES else as_written(source)
    align_cells(tokens)
    lower_headings(tokens)
    spans = [span for token in tokens for span in token.children or ()]
    spend_on_addresses(spans, len(source))
    text = plain_text(tokens)
    return ReadPost(
        text=text if visible(text) else "",
        mentions=list(dict.fromkeys(span.meta["handle"] for span in spans if span.type == "mention")),
        links=sum(span.type == "link_open" for span in spans),
        images=sum(span.type == "image" for span in spans),
        image_names=list(dict.fromkeys(relative_names(tokens))),
        tokens=tokens,
        env=env,
    )


def as_written(source: str) -> list[Token]:
    """Without any Markdown: each line as it is, in a block of code."""
    block = Token("code_block", "code", 0)
    block.content = source
    return [block]


def lower_headings(tokens: Sequence[Token]) -> None:
    """Put headings below those of the page, whose title is h1 and whose parts are h2."""
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"


def spend_on_addresses(spans: Sequence[Token], length: int) -> None:
    """Leave out the addresses of links when there are too many.

    A reference may name an address of ten thousand characters, which each use of it repeats. An
    address that stands where it is used takes at most nine times its characters, as bytes in hex.
    """
    budget = 9 * length
    for span in spans:
        if span.type == "link_open":
            budget -= sum(len(str(value)) for value in span.attrs.values())
            if budget < 0:
                span.attrs = {}


def make_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "typographer": False})
    parser.enable(["table", "strikethrough"])
    parser.block.ruler.at("blockquote", quote_not_too_deep, {"alt": ["paragraph", "reference", "blockquote", "list"]})
    parser.block.ruler.at("list", list_not_too_deep, {"alt": ["paragraph", "reference", "blockquote"]})
    parser.block.ruler.at("table", table_not_too_large, {"alt": ["paragraph", "reference"]})
    parser.core.ruler.at("inline", read_words)
    parser.core.ruler.after("inline", "tasks", mark_tasks)
    parser.inline.ruler.push("bare_link", bare_link)
    parser.inline.ruler.push("mention", mention)
    parser.add_render_rule("fence", render_code)
    parser.add_render_rule("code_block", render_code)
    parser.add_render_rule("table_open", open_table)
    parser.add_render_rule("table_close", close_table)
    parser.add_render_rule("mention", render_mention)
    return parser


# Blocks


def quote_not_too_deep(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    # The parser has a bound of its own, but drops the words beyond it.
    return state.level < DEEPEST and blockquote(state, start, end, silent)


def list_not_too_deep(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    return state.level < DEEPEST and list_block(state, start, end, silent)


def table_not_too_large(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read no table that is wider than a page, and only so many cells of all tables together.

    Rows are filled up to the width of the first: two characters may make a thousand cells.
    """
    if start + 1 >= end:
        return False
    columns = 1 + state.src[state.bMarks[start + 1] : state.eMarks[start + 1]].strip().strip("|").count("|")
    rows = (MOST_CELLS - state.env.get("cells", 0)) // columns
    if columns > MOST_COLUMNS or rows < 1 or not table(state, start, min(end, start + 2 + rows), silent):
        return False
    if not silent:
        state.env["cells"] = state.env.get("cells", 0) + columns * (state.line - start)
    return True


# Words


def read_words(state: StateCore) -> None:
    """Read the signs of each line up to a number of them; the lines after that stay as they were written."""
    signs = state.md.inline.terminator_re
    left = MOST_SIGNS
    for token in state.tokens:
        if token.type != "inline":
            continue
        left -= sum(1 for _ in signs.finditer(token.content))
        token.children = []
        if left >= 0:
            state.md.inline.parse(token.content, state.md, state.env, token.children)
        else:
            words = Token("text", "", 0)
            words.content = token.content
            token.children.append(words)


def bare_link(state: StateInline, silent: bool) -> bool:
    """Make a link of an address that begins with http:// or https://.

    Only of those: "README.md" and "node.js" look like hosts. Of our own because linkify-it takes
    seconds over addresses that go wrong.
    """
    if state.src[state.pos] != ":" or state.linkLevel:
        return False
    scheme = re.search(r"(?<![^\W_])https?\Z", state.pending[-6:], re.IGNORECASE)
    rest = ADDRESS.match(state.src, state.pos, state.posMax)
    if scheme is None or rest is None:
        return False
    address = scheme[0] + without_trail(rest[0])
    href = state.md.normalizeLink(address)
    if not state.md.validateLink(href):
        return False
    if not silent:
        state.pending = state.pending[: -len(scheme[0])]
        opening = state.push("link_open", "a", 1)
        opening.attrs = {"href": href}
        state.push("text", "", 0).content = address
        state.push("link_close", "a", -1)
    state.pos += len(address) - len(scheme[0])
    return True


def without_trail(address: str) -> str:
    """Without the sentence's own signs at its end; a bracket is the address's if it opens in it."""
    missing = {")": address.count(")") - address.count("("), "]": address.count("]") - address.count("[")}
    end = len(address)
    while end:
        sign = address[end - 1]
        if missing.get(sign, 0) > 0:
            missing[sign] -= 1
        elif sign not in TRAILING:
            break
        end -= 1
    return address[:end]


def mention(state: StateInline, silent: bool) -> bool:
    """`@handle`, but not within a link or in the middle of something, such as an e-mail address."""
    if state.src[state.pos] != "@" or state.linkLevel or goes_on_from(state.src[max(0, state.pos - 2) : state.pos]):
        return False
    found = HANDLE.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        token = state.push("mention", "", 0)
        token.content = found[0]
        token.meta = {"handle": found[1].lower()}
    state.pos = found.end()
    return True


def goes_on_from(before: str) -> bool:
    """Whether the two signs before an `@` make it part of something longer."""
    if before.endswith("_"):
        return before[:-1].isalnum()  # else it begins emphasis
    return before[-1:].isalnum() or before.endswith(("@", "/", "+", ".", "-", "=", ":", "&"))


# HTML


def render_mention(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    handle = tokens[index].meta["handle"]
    address = env["handles"].get(handle)
    if address is None:
        return str(escape(tokens[index].content))
    return f'<a class="mention" href="{escape(address)}">@{handle}</a>'


def render_code(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    """A block of code, in colours while those of the text together are not too long."""
    env["coloured"] = env.get("coloured", 0) + len(tokens[index].content)
    return code_figure(tokens[index], largest_coloured=MOST_COLOURED if env["coloured"] <= MOST_COLOURED else 0)


POSTS = make_parser()
