"""What members write: mentions, links, and a place below the page's own headings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.markdown import Image, read_post, sanitise
from common.markdown.posts import MOST_CELLS, MOST_COLOURED, MOST_LINES, MOST_SIGNS, POST_ATTRIBUTES
from common.markdown.rendering import USER_CONTENT
from tests.common.test_markdown import ATTACKS, findings

ADA = {"ada": "/u/ada/"}
MENTION = '<a class="mention" href="/u/ada/" rel="nofollow ugc noopener">@ada</a>'


def html(source: str) -> str:
    return read_post(source).html(handles=ADA)


@pytest.mark.parametrize("attack", ATTACKS)
def test_script_and_markup_are_neutralised(attack: str) -> None:
    assert findings(html(attack)) == []


@given(st.text(alphabet=st.sampled_from("<>\"'`[]()!#*_-|:\n\\&;/ =abjscript1@")))
def test_no_text_at_all_becomes_markup_of_its_own(source: str) -> None:
    shown = html(source)
    assert findings(shown) == []
    assert sanitise(shown, USER_CONTENT, attributes=POST_ATTRIBUTES) == shown


@given(st.text(max_size=300))
def test_every_text_can_be_shown(source: str) -> None:
    shown = html(source)
    assert sanitise(shown, USER_CONTENT, attributes=POST_ATTRIBUTES) == shown


# Mentions


@pytest.mark.parametrize(
    ("source", "handles"),
    [
        ("@ada and @bob-2, then @ada again", ["ada", "bob-2"]),
        ("@Ada!", ["ada"]),
        ("(@ada) *@bob* _@eve_ **@mal**: @ann's, @joe.", ["ada", "bob", "eve", "mal", "ann", "joe"]),
        ("> @ada\n\n- @bob\n\n| @eve |\n|---|\n| @mal |", ["ada", "bob", "eve", "mal"]),
        ("ada@example.org, foo@bar, a.b@c, ada+@bob", []),
        ("@ada@example.social @types/node @app.route @ada_lovelace @a @-a @", []),
        (f"@{'a' * 30} @{'b' * 31}", ["a" * 30]),
        ("`@ada` ``` @bob ```\n\n```\n@eve\n```\n\n    @mal", []),
        (
            "[@ada](https://example.org) [see @bob][1] https://example.org/@eve <https://example.org/@mal>\n\n[1]: /x",
            [],
        ),
        ("\\@ada @ada--no", ["ada"]),
        ("日本@ada @日本", []),
        ("![@ada](x.png)", []),
    ],
)
def test_mentions_are_found_outside_of_code_and_links(source: str, handles: list[str]) -> None:
    assert read_post(source).mentions == handles


def test_those_who_exist_are_linked() -> None:
    assert html("@Ada and @bob") == f"<p>{MENTION} and @bob</p>\n"
    assert read_post("@Ada and @bob").text == "@Ada and @bob"


def test_a_mention_is_no_link_of_the_authors() -> None:
    assert read_post("@ada").links == 0


# Links


@pytest.mark.parametrize(
    ("source", "href", "rest"),
    [
        ("See https://example.org.", "https://example.org", "."),
        ("(http://example.org/a_(b))", "http://example.org/a_(b)", ")"),
        ("*https://example.org/x*", "https://example.org/x", "</em>"),
        ("HTTPS://example.org/?q=a&b=c, yes", "HTTPS://example.org/?q=a&amp;b=c", ", yes"),
        ("http://localhost:8000/x", "http://localhost:8000/x", "</p>"),
        ("https://example.org/[a]]", "https://example.org/[a]", "]"),
    ],
)
def test_a_bare_address_is_a_link_without_the_sentences_own_signs(source: str, href: str, rest: str) -> None:
    assert f">{href}</a>{rest}" in html(source)
    assert read_post(source).links == 1


@pytest.mark.parametrize(
    "source", ["README.md", "node.js example.com", "xhttp://a.b", "http://", "javascript://a.b", "ada@example.org"]
)
def test_what_only_looks_like_an_address_is_none(source: str) -> None:
    assert read_post(source).links == 0
    assert html(source) == f"<p>{source}</p>\n"


def test_links_and_images_are_counted() -> None:
    read = read_post(
        "[a](/b) <https://example.org> https://example.org [c][d] `https://example.org` ![e](f) [![g](h)](i)\n\n[d]: /j"
    )
    assert (read.links, read.images) == (5, 2)


def test_an_image_that_we_have_is_shown() -> None:
    image = Image(url="/media/3f/cat.png", width=64, height=48)
    assert 'src="/media/3f/cat.png"' in read_post("![A cat](cat.png)").html(handles={}, images={"cat.png": image})
    assert html("![A cat by @ada](cat.png)") == "<p>A cat by @ada</p>\n"


# Its place on the page


def test_headings_stand_below_those_of_the_page_and_nothing_has_an_id() -> None:
    shown = html("# One\n\n## Two {#own}\n\n##### Five\n\nA note[^1].\n\n[^1]: This is *one*.")
    assert "<h3>One</h3>" in shown
    assert "<h4>Two {#own}</h4>" in shown
    assert "<h6>Five</h6>" in shown
    assert " id=" not in shown


def test_tasks_tables_and_coloured_code_are_as_in_tutorials() -> None:
    shown = html("- [x] done\n\n| a | b |\n|---|--:|\n| c | 1 |\n\n```python\ndef f(): pass\n```")
    assert 'type="checkbox"' in shown
    assert '<td align="right">1</td>' in shown
    assert '<span class="k">def</span>' in shown


def test_a_text_with_nothing_to_read_says_so() -> None:
    for source in ("", "\u200b", "&#8203;", "---", "> \n>", "[a]: b"):
        assert read_post(source).text == "", source


# Bounds: beyond them words stay as they were written


def test_what_is_quoted_too_deeply_is_still_there() -> None:
    shown = html("> " * 1000 + "deep")
    assert shown.count("<blockquote>") == 12
    assert "deep" in shown
    assert "deep" in html("- " * 1000 + "deep")


def test_a_text_of_too_many_lines_is_shown_as_written() -> None:
    assert '<pre class="code__body" tabindex="0"><code># a\n# a' in html("# a\n" * MOST_LINES)
    assert html("# a\n" * (MOST_LINES - 1)).count("<h3>") == MOST_LINES - 1


def test_signs_beyond_the_bound_mean_nothing() -> None:
    shown = html("*a*\n\n" + "[" * MOST_SIGNS + "\n\n*b*")
    assert "<em>a</em>" in shown
    assert "<p>*b*</p>" in shown


def test_tables_end_where_there_are_too_many_cells() -> None:
    shown = html("|a|b|\n|-|-|\n" + "|c|d|\n" * (MOST_LINES - 10))
    assert MOST_CELLS - 10 < shown.count("<td>") <= MOST_CELLS
    assert "|c|d|" in shown
    assert "<table>" not in html("|a" * 30 + "\n" + "|-" * 30 + "\n")


def test_code_beyond_the_bound_has_no_colours() -> None:
    assert '<span class="mi">1</span>' in html(f"```python\n{'x = 1 ' * (MOST_COLOURED // 6 - 1)}\n```")
    assert "<span" not in html(f"```python\n{'x = 1 ' * (MOST_COLOURED // 6 + 1)}\n```")


def test_an_address_is_not_repeated_without_end() -> None:
    shown = html(f"[a]: http://example.org/{'x' * 5000}\n\n" + "[a] " * 500)
    assert shown.count("xxx</a>") + shown.count('rel="nofollow ugc noopener"') >= 9
    assert len(shown) < 150_000
    assert shown.count("a") > 500
