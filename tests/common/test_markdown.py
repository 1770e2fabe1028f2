"""What authors write comes out as HTML that cannot harm its reader."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.markdown import Block, Image, count_headings, image_names, render, sanitise
from common.markdown.parser import LANGUAGE_NAMES
from common.markdown.rendering import ATTRIBUTES, TAGS

CAT = Image(url="/media/3f/cat.png", width=640, height=480)

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)></svg>",
    "[click](javascript:alert(1))",
    "[click](JaVaScRiPt:alert(1))",
    "[click](data:text/html;base64,PHNjcmlwdD4=)",
    "[click](vbscript:msgbox)",
    "![x](javascript:alert(1))",
    "![x](https://evil.example/pixel.gif)",
    "![x](//evil.example/pixel.gif)",
    '![x](cat.png "><script>alert(1)</script>")',
    '![x" onerror="alert(1)](cat.png)',
    "[![x](https://evil.example/pixel.gif)](https://example.org)",
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
            if name == "src" and value != CAT.url:
                self.findings.append(f"{tag} {value}")


def findings(html: str) -> list[str]:
    inspector = Inspector()
    inspector.feed(html)
    return inspector.findings


@pytest.mark.parametrize("attack", ATTACKS)
def test_script_and_markup_are_neutralised(attack: str) -> None:
    rendered = render(attack, images={"cat.png": CAT})
    assert findings(rendered.html) == []
    assert findings(rendered.opening_html) == []


def test_the_inspector_finds_what_is_wrong() -> None:
    assert findings("<script>1</script>") == ["<script>"]
    assert findings('<p onclick="x">') == ["p onclick"]
    assert findings('<a href="javascript:x">') == ["a javascript:x"]
    assert findings('<img src="//evil.example">') == ["img //evil.example"]


@given(st.text(alphabet=st.sampled_from("<>\"'`[]()!#*_-|:\n\\&;/ =abjscript1"), max_size=200))
def test_no_text_at_all_becomes_markup_of_its_own(source: str) -> None:
    assert findings(render(source, images={"a": CAT}).html) == []


def test_raw_html_is_shown_as_text() -> None:
    assert "&lt;b&gt;bold&lt;/b&gt;" in render("<b>bold</b>").html


def test_headings_get_anchors_that_do_not_collide() -> None:
    rendered = render("## Why?\n\n## Why?\n\n### `code` and *words*\n\n## 日本語")
    assert [block.id for block in rendered.blocks] == ["why", "why-2", "code-and-words", "section"]
    assert [block.level for block in rendered.blocks] == [2, 2, 3, 2]
    assert rendered.blocks[2].text == "code and words"
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


def test_a_heading_in_a_footnote_does_not_end_the_opening() -> None:
    assert count_headings("All of it.\n\n## Inside") == 1
    assert not count_headings("All of it.[^1]\n\n[^1]: ## Inside")


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


@pytest.mark.parametrize(
    ("source", "before"),
    [
        ("#\n" * 16_384, "#\n" * 16_000),
        ("# a\n" * 16_384, "# a-2\n# a\nx\n" * 4_000),
        ("".join(f"# {n}\n" for n in range(9_000)), "".join(f"# {n}\n" for n in reversed(range(9_000)))),
        ("# {#a}\n" * 9_000, "# {#a}\n" * 9_000),
        ("# " + "{#" * 30_000, "# a" + " " * 60_000 + "b"),
    ],
    ids=["empty", "numbered", "turned round", "one id for all", "one long heading"],
)
def test_a_text_made_to_be_slow_to_compare_is_compared_like_any_other(source: str, before: str) -> None:
    found = [block.id for block in render(source, earlier=render(before).blocks).blocks]
    assert len(set(found)) == len(found)


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


# Plain text


def test_plain_text_has_the_words_and_none_of_the_signs() -> None:
    rendered = render(
        "An *opening* with a\nsecond line.\n\n## `Why` **so**\n\n- [x] done\n- [link](https://example.org)\n\n"
        "| a | b |\n|---|---|\n| c | d |\n\n```python\nx = 1\n    y = 2\n```\n\n"
        "![A cat](cat.png) sits.[^1]\n\n[^1]: A note."
    )
    assert rendered.text.splitlines() == [
        *("An opening with a second line.", "Why so", "done", "link", "a", "b", "c", "d"),
        *("x = 1", "    y = 2", "A cat sits.", "A note."),
    ]
    assert rendered.opening_text == "An opening with a second line."


def test_plain_text_of_nothing_is_empty() -> None:
    assert (render("").text, render("## Title").opening_text) == ("", "")


# Blocks and their ids


def ids(source: str, earlier: str | list[Block] = "") -> list[str]:
    before = render(earlier).blocks if isinstance(earlier, str) else earlier
    return [block.id for block in render(source, earlier=before).blocks]


def test_a_mark_is_of_the_sections_words_only() -> None:
    def mark(source: str) -> str:
        return render(source).blocks[0].mark

    assert re.fullmatch(r"[0-9a-f]{12}", mark("## A\n\nSome words."))
    assert mark("## A\n\nSome words.") == mark("# B\n\nSome\n   *words*.\n\n## C\n\nOther.")
    assert mark("## A\n\nSome words.") == mark("## A\n\nSome words.[^1]\n\n[^1]: And a note.")
    assert mark("## A\n\nSome words.") != mark("## A\n\nOther words.")
    assert mark("## A\n\n## B\n\nWords.") == ""


def test_an_id_of_the_authors_own_is_taken_off_the_heading() -> None:
    rendered = render("## Reasons {#why}\n\nText.\n\nSetext {#below}\n---\n\n### Closed {#so} ###")
    assert [(block.id, block.text) for block in rendered.blocks] == [
        ("why", "Reasons"),
        ("below", "Setext"),
        ("so", "Closed"),
    ]
    assert '<h2 id="why">Reasons</h2>' in rendered.html


@pytest.mark.parametrize(
    ("heading", "name", "text"),
    [
        ("Reasons {#Why}", "reasons", "Reasons"),
        ("Reasons {#}", "reasons", "Reasons"),
        ("Reasons {#a_b}", "reasons", "Reasons"),
        ("Reasons {#fn1}", "reasons", "Reasons"),
        (f"Reasons {{#{'a' * 81}}}", "reasons", "Reasons"),
        ("Reasons {#two words}", "reasons-two-words", "Reasons {#two words}"),
        ("Loops with `{#each}`", "loops-with-each", "Loops with {#each}"),
        ("Loops with \\{#each}", "loops-with-each", "Loops with {#each}"),
        ("Ruby's #{name}", "rubys-name", "Ruby's #{name}"),
    ],
)
def test_what_is_no_id_of_ones_own_falls_back_to_words(heading: str, name: str, text: str) -> None:
    (block,) = render(f"## {heading}").blocks
    assert (block.id, block.text) == (name, text)


def test_an_id_belongs_to_the_first_who_claims_it() -> None:
    assert ids("## A {#x}\n\n## B {#x}\n\n## X") == ["x", "b", "x-2"]


def test_an_id_that_the_author_writes_goes_before_one_that_was_kept() -> None:
    assert ids("## New {#why}\n\n## Why\n\nText.", "## Why\n\nText.") == ["why", "why-2"]


def test_a_renamed_heading_keeps_its_id() -> None:
    assert ids("## Zero\n\nNew.\n\n## Reasons\n\nText.", "## Why\n\nText.") == ["zero", "why"]


def test_an_edited_section_keeps_its_id() -> None:
    assert ids("## Zero\n\nNew.\n\n## Why\n\nNew text.", "## Why\n\nText.") == ["zero", "why"]


def test_a_section_rewritten_between_its_neighbours_keeps_its_id() -> None:
    before = "## A\n\n1\n\n## Why\n\n2\n\n## C\n\n3"
    assert ids("## A\n\n1\n\n## Reasons\n\nNew.\n\n## C\n\n3", before) == ["a", "why", "c"]
    assert ids("## A\n\n1\n\n## Named {#new}\n\n## Reasons\n\nNew.\n\n## C\n\n3", before) == ["a", "new", "why", "c"]
    assert ids("## Reasons\n\nNew.", "## Why\n\nText.") == ["why"]


@pytest.mark.parametrize(
    "middle",
    ["### Reasons\n\nNew.", "## Reasons\n\nNew.\n\n## More\n\nNew."],
    ids=["of another level", "one of two"],
)
def test_a_rewritten_section_that_may_be_another_gets_a_new_id(middle: str) -> None:
    before = "## A\n\n1\n\n## Why\n\n2\n\n## C\n\n3"
    assert "why" not in ids(f"## A\n\n1\n\n{middle}\n\n## C\n\n3", before)


def test_a_new_heading_never_takes_an_id_that_is_kept() -> None:
    assert ids("## Why\n\nNew.\n\n## Reasons\n\nText.", "## Why\n\nText.") == ["why-2", "why"]


def test_renamed_headings_without_words_are_not_taken_for_one_another() -> None:
    assert ids("## New\n\n## Y\n\n## Z", "## A\n\n## Y\n\n## Z") == ["a", "y", "z"]
    assert ids("## Y\n\n## New", "## A\n\n## Y") == ["y", "new"]


def test_of_headings_that_look_alike_each_stays_in_its_chapter() -> None:
    before = "## A\n\n### Exercise\n\n## B\n\n### Exercise\n\n## C\n\n### Exercise"
    assert ids(before) == ["a", "exercise", "b", "exercise-2", "c", "exercise-3"]
    assert ids("## B\n\n### Exercise\n\n## C\n\n### Exercise\n\nNew.", before) == ["b", "exercise-2", "c", "exercise-3"]


def test_ids_are_valid_unique_and_clear_of_footnotes() -> None:
    found = ids(f"## {'long ' * 30}\n\n## {'long ' * 30}\n\n## snake_case\n\n## fn1\n\n## ---")
    assert len(set(found)) == 5
    assert all(re.fullmatch(r"[a-z0-9-]{1,80}", name) for name in found)
    assert "fn1" not in found


sections = st.tuples(
    st.sampled_from(["Why", "How", "Exercise", ""]), st.sampled_from(["", "Soon.", "One.", "Two."]), st.integers(2, 3)
)


def written(section: tuple[str, str, int]) -> str:
    heading, words, level = section
    return f"{'#' * level} {heading}\n\n{words}\n\n"


@given(st.data(), sections)
def test_a_section_keeps_its_id_whatever_happens_to_the_others(
    data: st.DataObject, stays: tuple[str, str, int]
) -> None:
    """Others are edited, renamed, removed, added, put elsewhere, in one edit after the other.

    They may have its heading or its words, but not both: then nothing tells the two apart.
    """
    others = st.lists(sections.filter(lambda section: section[:2] != stays[:2]), max_size=6)
    blocks: list[Block] = []
    names = set()
    for _ in range(4):
        above, below = data.draw(others), data.draw(others)
        blocks = render("".join(map(written, [*above, stays, *below])), earlier=blocks).blocks
        names.add(blocks[len(above)].id)
        assert len({block.id for block in blocks}) == len(blocks)
    assert len(names) == 1


@given(
    st.lists(st.sampled_from(["# a\n", "# b\n", "## a {#a}\n", "# {#a-2}\n", "x\n\n", "y\n\n", "[^1]\n\n", "# fn1\n"]))
)
def test_a_text_that_did_not_change_keeps_all_its_ids(pieces: list[str]) -> None:
    first = render("".join(pieces)).blocks
    assert render("".join(pieces), earlier=first).blocks == first


# Images


def test_an_image_alone_in_its_paragraph_is_a_figure() -> None:
    html = render('![A *cat*](cat.png "Tom & \\"co\\"")', images={"cat.png": CAT}).html
    assert html.strip() == (
        '<figure class="illustration"><img src="/media/3f/cat.png" alt="A cat" width="640" height="480" loading="lazy" '
        'decoding="async"><figcaption>Tom &amp; "co"</figcaption></figure>'
    )
    assert "figcaption" not in render("- ![A cat](cat.png)", images={"cat.png": CAT}).html


def test_an_image_among_words_stands_in_the_line() -> None:
    html = render('Here ![a cat](cat.png "Tom") sits.', images={"cat.png": CAT}).html
    assert html.startswith('<p>Here <img src="/media/3f/cat.png" alt="a cat"')
    assert "figure" not in html
    assert "figure" not in render("[![a cat](cat.png)](https://example.org)", images={"cat.png": CAT}).html


@pytest.mark.parametrize(
    "source", ["dog.png", "/media/3f/cat.png", "https://example.org/cat.png", "//example.org/cat.png"]
)
def test_an_image_that_is_not_ours_is_its_alt_text(source: str) -> None:
    assert render(f"![A *pet*]({source})", images={"cat.png": CAT}).html == "<p>A pet</p>\n"
    assert render(f"![A *pet*]({source})").html == "<p>A pet</p>\n"


def test_no_other_source_passes_the_sanitiser() -> None:
    html = '<img src="/media/3f/cat.png" alt="a"><img src="/media/other.png" alt="b" srcset="x">'
    assert sanitise(html, "", {CAT.url}) == '<img src="/media/3f/cat.png" alt="a"><img alt="b">'


def test_a_text_names_the_images_beside_it() -> None:
    source = (
        "![a](b.png) ![a](img/a.png 'title') ![again](b.png) ![c][ref] ![d](<two words.png>) ![e](bücher.png)\n\n"
        "![no](https://example.org/x.png) ![no](//example.org/x.png) ![no](/x.png) ![no]() ![no](%2Fetc/x.png)\n\n"
        "`![no](code.png)` ![f](../up.png)\n\n[ref]: ref.png"
    )
    names = ["b.png", "img/a.png", "ref.png", "two words.png", "bücher.png", "../up.png"]
    assert image_names(source) == names
    assert render(source, images=dict.fromkeys(names, CAT)).html.count("<img") == 7


def test_images_do_not_change_what_a_block_is() -> None:
    source = "## A\n\n![A cat](cat.png)"
    assert render(source).blocks == render(source, images={"cat.png": CAT}).blocks
