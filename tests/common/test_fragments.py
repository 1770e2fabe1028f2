"""A fragment shows what its template would, whatever is filled in; what it cannot do once for all, it refuses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.template import Context
from django.template.loader import get_template
from django.utils.safestring import mark_safe
from hypothesis import given
from hypothesis import strategies as st

from common.fragments import MOST_VARIANTS, Fragment, FragmentError, with_gaps

ROW = """{% load static %}{% url "accounts:profile" handle as address %}
<article id="row-{{ number }}" class="{% if own %}own{% endif %}">
<a href="{{ address }}">{{ name }}</a><a href="{% url "tutorials:detail" slug=handle %}">{{ name }}</a>
{% lucide "mail" size=16 class="icon" %}{% if own %}<form method="post">{% csrf_token %}</form>{% endif %}
{% for colour in "rg" %}{{ forloop.counter }}{{ colour }}{% endfor %}
{% include "part.html" with inner=body only %}</article>"""
PART = '<p title="{{ inner }}">{{ inner }}</p>'
FRAME = "<title>{% block title %}{{ likes }}{% endblock %}</title>{% block inner %}{{ request.path }}{% endblock %}"
FIELDS = ("number", "handle", "name", "body", "csrf_token")


@pytest.fixture
def templates(settings: Any) -> dict[str, str]:
    """Templates by name; they may still be added."""
    sources = {"row.html": ROW, "part.html": PART}
    engine = settings.TEMPLATES[0]
    options = engine["OPTIONS"] | {"loaders": [("django.template.loaders.locmem.Loader", sources)]}
    settings.TEMPLATES = [engine | {"OPTIONS": options}]
    return sources


def plainly(name: str, context: Mapping[str, object]) -> str:
    return str(get_template(name).template.render(Context(context)))  # type: ignore[attr-defined]


@pytest.mark.parametrize("own", [True, False])
def test_a_fragment_shows_what_its_template_would(templates: dict[str, str], own: bool) -> None:
    fragment = Fragment("row.html", fields=FIELDS, flags=("own",))
    for number, name, body in (
        (7, "Lea", "Hello"),
        (10**12, "<b>&\"'", mark_safe("<em>so</em>")),
        (0, "", "\\1 %s {0} {{ x }}"),
    ):
        values: dict[str, str | int] = {
            "number": number,
            "handle": f"lea-{number}",
            "name": name,
            "body": body,
            "csrf_token": "secret",
        }
        assert fragment.fill(values, own=own) == plainly("row.html", values | {"own": own})


@given(name=st.text(), body=st.text(), number=st.integers())
def test_whatever_is_filled_in_is_escaped_as_django_does(name: str, body: str, number: int) -> None:
    fragment = Fragment("components/search.html", fields=("id", "label"), flags=("value",))
    pieces = fragment.variant(value="").pieces
    values: dict[str, str | int] = {"id": name + str(number), "label": body}
    filled = fragment.fill(values, value="")
    assert re.sub(r"\s+", "", filled).startswith("<label")
    assert filled == plainly("components/search.html", values | {"value": ""})
    assert len(pieces) > 1


def test_a_page_that_extends_another_is_filled_as_a_whole(templates: dict[str, str]) -> None:
    """A block that it gives itself may stand for one that could not be rendered once for all."""
    inner = "{% block inner %}<main>{% block main %}{{ nothing }}{% endblock %}</main>{% endblock %}"
    middle = '{% extends "frame.html" %}' + inner
    page = '{% extends "middle.html" %}{% block main %}{% if own %}<p>{{ name }}</p>{% endif %}{% endblock %}'
    templates |= {"frame.html": FRAME, "middle.html": middle, "page.html": page}
    fragment = Fragment("page.html", fields=("name", "likes"), flags=("own",))
    values: dict[str, str | int] = {"name": "<b>", "likes": 3}
    for own in (True, False):
        assert fragment.fill(values, own=own) == plainly("page.html", values | {"own": own})
    assert fragment.fill(values, own=True) == "<title>3</title><main><p>&lt;b&gt;</p></main>"


@pytest.mark.parametrize("main", ["", "{% block main %}{% endblock %}"])
def test_a_block_may_be_empty(templates: dict[str, str], main: str) -> None:
    templates |= {
        "frame.html": "<p>{{ name }}{% block main %}{% endblock %}{% block other %}x{% endblock %}</p>",
        "page.html": '{% extends "frame.html" %}{% block other %}{% endblock %}' + main,
    }
    assert Fragment("page.html", fields=("name",)).fill({"name": "x"}) == "<p>x</p>"


def test_what_is_filled_in_is_safe_to_print(templates: dict[str, str]) -> None:
    templates["outer.html"] = "<div>{{ part }}</div>"
    part = Fragment("part.html", fields=("inner",)).fill({"inner": "<script>"})
    outer = Fragment("outer.html", fields=("part",)).fill({"part": part})
    assert outer == '<div><p title="&lt;script&gt;">&lt;script&gt;</p></div>'
    assert plainly("outer.html", {"part": part}) == outer


def test_what_is_written_like_a_marker_is_no_gap() -> None:
    """Whoever knows how one looked cannot write one: neither into what is filled in nor into what is rendered."""
    seen: list[str] = []

    def render(gaps: dict[str, str]) -> str:
        written = "".join(seen)
        seen.append(gaps["inner"])
        return f"<p>{gaps['inner']}</p>{written}"

    assert with_gaps(("inner",), render).fill({"inner": "x"}) == "<p>x</p>"
    assert with_gaps(("inner",), render).fill({"inner": seen[0]}) == f"<p>{seen[0]}</p>{seen[0]}"


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("{{ name|upper }}", "name is a field"),
        ("{{ likes }} like{{ likes|pluralize }}", "likes is a field"),
        ("{{ own|default:name }}", "name is a field"),
        ("{{ name.first }}", "name is a field"),
        ("{% if name %}{{ name }}{% endif %}", "name is a field"),
        ("{% if not own and name == 'x' %}{{ name }}{% endif %}", "name is a field"),
        ("{% for letter in name %}{{ letter }}{% endfor %}", "name is a field"),
        ("{% lucide name %}", "name is a field"),
        ("{% with short=name %}{{ short|truncatechars:3 }}{% endwith %}", "short is a field"),
        ('{% include "shouting.html" with what=name %}', "shouting.html, line 1: what is a field"),
        ('{% url "accounts:profile" name as there %}{% if there == own %}x{% endif %}', "there is a field"),
        (
            "{% load frame %}{% in_one_line as said %}{{ name }}{% endin_one_line %}{{ said|upper }}",
            "said is a field",
        ),
        ("{% filter upper %}{{ name }}{% endfilter %}", "filter"),
        ("{% autoescape off %}{{ name }}{% endautoescape %}", "autoescape"),
        ("\n\n{{ user.email }}", "line 3: user: neither a flag nor a field"),
        ("{% if request.path %}{% endif %}", "request: neither a flag nor a field"),
        ("<form>{% csrf_token %}</form>", "csrf_token"),
        ('{% now "Y" %}', "the time would stand still"),
        ("{% include own %}", "name what is included"),
        ("{% extends own %}", "name what is included or extended"),
        ('{% extends "frame.html" %}{% block inner %}{{ name }}{{ user }}{% endblock %}', "user: neither a flag nor a"),
        ('{% extends "frame.html" %}{% block inner %}{{ name|upper }}{% endblock %}', "name is a field"),
        (
            '{% extends "frame.html" %}{% block inner %}{{ block.super }}{% endblock %}',
            "block: neither a flag nor a field",
        ),
        ('{% extends "frame.html" %}{% block other %}{{ name }}{{ likes }}{% endblock %}', "request: neither a flag"),
        ("nothing", "does not show: likes, name"),
    ],
)
def test_a_template_that_cannot_be_rendered_once_for_all_is_refused(
    templates: dict[str, str], source: str, complaint: str
) -> None:
    templates |= {"bad.html": source, "shouting.html": "{{ what|upper }}", "frame.html": FRAME}
    with pytest.raises(FragmentError, match=re.escape(complaint)):
        Fragment("bad.html", fields=("name", "likes"), flags=("own",)).fill({"name": "x", "likes": 1}, own=True)


def test_flags_and_values_that_are_missing_are_told(templates: dict[str, str]) -> None:
    fragment = Fragment("row.html", fields=FIELDS, flags=("own",))
    with pytest.raises(TypeError, match="own"):
        fragment.fill({})
    with pytest.raises(TypeError, match="liked"):
        fragment.fill({}, own=True, liked=True)
    with pytest.raises(KeyError, match="number"):
        fragment.fill({}, own=True)


def test_a_flag_with_a_value_for_everybody_is_refused(templates: dict[str, str]) -> None:
    templates["flag.html"] = "{{ name }}"
    fragment = Fragment("flag.html", flags=("name",))
    for number in range(MOST_VARIANTS):
        fragment.fill({}, name=f"Person {number}")
    with pytest.raises(FragmentError, match="one is a field"):
        fragment.fill({}, name="One more")


@pytest.mark.parametrize("debug", [True, False])
def test_a_changed_template_shows_in_development_alone(templates: dict[str, str], settings: Any, debug: bool) -> None:
    settings.DEBUG = debug
    fragment = Fragment("part.html", fields=("inner",))
    before = fragment.fill({"inner": "x"})
    templates["part.html"] = "<b>{{ inner }}</b>"
    after = fragment.fill({"inner": "x"})
    assert after == ("<b>x</b>" if debug else before)


def test_threads_that_fill_it_at_once_do_not_mix_their_values(templates: dict[str, str]) -> None:
    fragment = Fragment("part.html", fields=("inner",))
    fill: Callable[[int], str] = lambda number: fragment.fill({"inner": number})  # noqa: E731
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(fill, range(500))) == [f'<p title="{n}">{n}</p>' for n in range(500)]
