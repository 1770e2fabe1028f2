"""Finding by words, by forms of words, and by words mistyped. On the real tutorials."""

from typing import Any

import pytest
from django.contrib.postgres.search import SearchQuery
from django.db import connection
from django.test import Client

from common.paging import page_of
from ops.demo import CONTENT
from tests.factories import make_tutorial
from tutorials.models import Tutorial
from tutorials.querysets import BEST_FIRST
from tutorials.services import import_tutorials

pytestmark = pytest.mark.django_db


def found(words: str) -> list[str]:
    rows = Tutorial.objects.published().search(words).as_rows("rank")
    return [row["slug"] for row in page_of(rows, order=BEST_FIRST).rows]


def test_what_people_ask_finds_what_they_mean() -> None:
    import_tutorials(path=CONTENT)
    asked = {
        "spreadsheet formulas": "ai-in-spreadsheets",
        "prompt injection": "prompt-injection",
        "running a model locally": "local-models",
        "JSON schema": "structured-output",
        "what may I paste? privacy": "privacy-what-to-share",
    }
    assert {words: found(words)[0] for words in asked} == asked
    mistyped = {
        "promting": "prompting-that-works",
        "retreival": "retrieval-from-scratch",
        "spredsheets": "ai-in-spreadsheets",
        "langauge modles": "how-language-models-work",
        "strucured outptu": "structured-output",
    }
    assert {words: found(words)[0] for words in mistyped} == mistyped
    assert found("xylophone quark") == []


def test_other_forms_of_a_word_are_found() -> None:
    make_tutorial("Evaluating models")
    assert found("evaluation of a model") == ["evaluating-models"]


def test_titles_weigh_more_than_bodies() -> None:
    make_tutorial("Cats", body="About dogs and dogs and dogs.")
    make_tutorial("Dogs", body="About animals.")
    assert found("dogs")[0] == "dogs"


def test_an_edit_is_found_at_once() -> None:
    tutorial = make_tutorial("Something")
    tutorial.body = "Now about giraffes."
    tutorial.save(update_fields=["body"])
    assert found("giraffe") == ["something"]
    assert "giraffes" in Tutorial.objects.get().body_html


@pytest.mark.parametrize(
    "words", ["'", '"', "a & | ! <-> b", ":*", "\\", "((((", "-", "%", "' OR 1=1 --", "🙂", "or and not"]
)
def test_no_punctuation_breaks_the_search(visitor: Client, words: str) -> None:
    make_tutorial()
    assert visitor.get("/tutorials/", {"q": words}).status_code == 200


def test_premium_bodies_are_not_shown_by_a_search(visitor: Client) -> None:
    make_tutorial("Gated", access="premium", body="Open.\n\n## Inside\n\nThe zanzibar method.\n")
    assert b"zanzibar method" not in visitor.get("/tutorials/?q=zanzibar").content
    assert b"zanzibar" not in visitor.get("/api/tutorials?q=method").content


@pytest.mark.parametrize(
    ("condition", "index"),
    [
        ({"search": SearchQuery("prompting")}, "tutorial_search"),
        ({"title__trigram_word_similar": "promting"}, "tutorial_title_trigrams"),
    ],
)
def test_both_ways_of_searching_have_an_index(condition: dict[str, Any], index: str) -> None:
    make_tutorial("Prompting")
    with connection.cursor() as cursor:
        # With one row the planner would rightly read the table.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_indexscan = off")
    assert index in Tutorial.objects.filter(**condition).explain()
