"""What authors write comes out as HTML that cannot harm its reader."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.markdown import ATTRIBUTES, LANGUAGE_NAMES, TAGS, render

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)></svg>",
    "[click](javascript:alert(1))",
    "[click](JaVaScRiPt:alert(1))",
    "[click](data:text/html;base64,PHNjcmlwdD4=)",
    "[click](vbscript:msgbox)",
    "![x](javascript:alert(1))",
    "<javascript:alert(1)>",
    '[x](https://example.org "><script>alert(1)</script>")',
    '```"><script>alert(1)</script>\ncode\n```',
    "```html\n<script>alert(1)</script>\n```",
    "# <iframe src=//evil.example></iframe>",
    "[^1]\n\n[^1]: <script>alert(1)</script>",
    "| a |\n|---|\n| <img src=x onerror=alert(1)> |",
    "- [ ] <input onfocus=alert(1) autofocus>",
    "<style>*{display:none}</style>",
    '<a href="https://example.org" style="position:fixed">x</a>',
]


class Inspector(HTMLParser):
    """Notes everything in a piece of HTML that the renderer should never let through."""

    def __init__(self) -> None:
        super().__init__()
        self.findings: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.findings.append(f"<{tag}>")
        for name, value in attrs:
            allowed = ATTRIBUTES["*"] | ATTRIBUTES.get(tag, set()) | ({"rel"} if tag == "a" else set())
            if name not in allowed:
                self.findings.append(f"{tag} {name}")
            if name == "href" and not re.match(r"(https?:|mailto:|#|/|[^:]*$)", value or ""):
                self.findings.append(f"{tag} {value}")


def findings(html: str) -> list[str]:
    inspector = Inspector()
    inspector.feed(html)
    return inspector.findings


@pytest.mark.parametrize("attack", ATTACKS)
def test_script_and_markup_are_neutralised(attack: str) -> None:
    rendered = render(attack)
    assert findings(rendered.html) == []
    assert findings(rendered.opening_html) == []


def test_the_inspector_finds_what_is_wrong() -> None:
    assert findings("<script>1</script>") == ["<script>"]
    assert findings('<p onclick="x">') == ["p onclick"]
    assert findings('<a href="javascript:x">') == ["a javascript:x"]


@given(st.text(alphabet=st.sampled_from("<>\"'`[]()!#*_-|:\n\\&;/ =abjscript1"), max_size=200))
def test_no_text_at_all_becomes_markup_of_its_own(source: str) -> None:
    assert findings(render(source).html) == []


def test_raw_html_is_shown_as_text() -> None:
    assert "&lt;b&gt;bold&lt;/b&gt;" in render("<b>bold</b>").html


def test_headings_get_anchors_that_do_not_collide() -> None:
    rendered = render("## Why?\n\n## Why?\n\n### `code` and *words*\n\n## 日本語")
    assert [heading.id for heading in rendered.headings] == ["why", "why-2", "code-and-words", "section"]
    assert [heading.level for heading in rendered.headings] == [2, 2, 3, 2]
    assert rendered.headings[2].text == "code and words"
    assert 'id="why-2"' in rendered.html


def test_a_top_level_heading_makes_room_for_the_title() -> None:
    html = render("# Title").html
    assert "<h1" not in html
    assert '<h2 id="title">' in html


def test_the_opening_ends_before_the_first_heading() -> None:
    rendered = render("First.\n\nSecond.\n\n## Inside\n\nThird.")
    assert "Second" in rendered.opening_html
    assert "Third" not in rendered.opening_html
    assert "Inside" not in rendered.opening_html


def test_code_is_highlighted_and_labelled() -> None:
    html = render("```python\ndef f(): pass\n```").html
    assert '<figcaption class="code__label">Python</figcaption>' in html
    assert '<span class="k">def</span>' in html


def test_an_unknown_language_is_plain_text() -> None:
    html = render("```klingon\nnuqneH <b>\n```").html
    assert "Klingon" in html
    assert "nuqneH &lt;b&gt;" in html


def test_tables_footnotes_and_task_lists_work() -> None:
    html = render("| a |\n|---|\n| b |\n\nSee[^1].\n\n[^1]: There.\n\n- [x] done").html
    assert "<table>" in html
    assert 'class="footnotes"' in html
    assert 'type="checkbox"' in html


@pytest.mark.parametrize("source", ["#\n" * 32_768, "# a\n" * 16_384, "- [ ] a\n" * 8_192, "```perl\n" + "s{" * 20_000])
def test_a_text_made_to_be_slow_is_rendered_like_any_other(source: str) -> None:
    """Each of these took minutes once; a test that hangs fails by the run's own limit."""
    assert len(render(source).html) > len(source) / 2


def test_every_coloured_language_has_a_lexer() -> None:
    for language in LANGUAGE_NAMES:
        assert "code__body" in render(f"```{language}\nx = 1\n```").html


def test_tasks_keep_their_text_and_lists_their_class() -> None:
    html = render("1. [x] **bold** done\n2. [ ] plain\n\n- [ ]none\n- [link](https://example.org)").html
    assert html.count('<input class="task-list-item-checkbox" type="checkbox" disabled') == 2
    assert html.count("<label>") == html.count("</label>") == 2
    assert '<ol class="contains-task-list">' in html
    assert "<ul>" in html
    assert "<strong>bold</strong> done</label>" in html


def test_columns_are_aligned_without_inline_style() -> None:
    html = render("| a | b |\n|---|--:|\n| c | 1 |").html
    assert '<th align="right">b</th>' in html
    assert '<td align="right">1</td>' in html
    assert "style" not in html


@pytest.mark.parametrize(("words", "minutes"), [(0, 1), (1, 1), (220, 1), (221, 2), (2200, 10)])
def test_minutes_are_rounded_up(words: int, minutes: int) -> None:
    assert render("word " * words).minutes == minutes
