"""Finding by words, by forms of words, and by words mistyped. On the real tutorials."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.test import Client

from accounts.models import User
from common.database import indexes_only
from ops.demo import CONTENT
from tests.clients import signed_in
from tests.factories import make_grant, make_topic, make_tutorial
from tutorials.models import SearchWord, Tutorial
from tutorials.querysets import search, search_published
from tutorials.services import import_tutorials
from tutorials.vocabulary import corrected, refresh_vocabulary

pytestmark = pytest.mark.django_db

GATED = "Open words.\n\n## Inside\n\nThe zanzibar method of quokka counting.\n"


def found(client: Client, words: str, **others: Any) -> list[str]:
    """What the page finds, and the API too."""
    asked = {"q": words, **others}
    page, api = client.get("/tutorials/", asked), client.get("/api/tutorials", asked)
    slugs = [row["slug"] for row in page.context["tutorials"]]
    assert slugs == [row["slug"] for row in api.json()["results"]]
    return slugs


def test_what_people_ask_finds_what_they_mean(visitor: Client) -> None:
    import_tutorials(path=CONTENT)
    asked = {
        "spreadsheet formulas": "ai-in-spreadsheets",
        "prompt injection": "prompt-injection",
        "running a model locally": "local-models",
        "JSON schema": "structured-output",
        "what may I paste?": "privacy-what-to-share",
    }
    assert {words: (found(visitor, words) or [""])[0] for words in asked} == asked
    mistyped = {
        "promting": "prompting-that-works",
        "retreival": "retrieval-from-scratch",
        "spredsheets": "ai-in-spreadsheets",
        "langauge modles": "how-language-models-work",
        "strucured outptu": "structured-output",
    }
    assert {words: (found(visitor, words) or [""])[0] for words in mistyped} == mistyped
    assert found(visitor, "xylophone quark") == []


def test_a_correction_is_said_and_can_be_declined(visitor: Client) -> None:
    make_tutorial("Prompting that works")
    page = visitor.get("/tutorials/?q=promting")
    assert page.context["meant"] == "prompting"
    assert "Nothing for “promting”. Showing results for “prompting”." in " ".join(page.content.decode().split())
    exactly = page.context["exactly"]
    assert f'href="{exactly.replace("&", "&amp;")}"' in page.content.decode()
    assert list(visitor.get(exactly).context["tutorials"]) == []


def test_words_that_stand_somewhere_are_not_corrected(visitor: Client) -> None:
    make_tutorial("Prompting and promoting")
    assert corrected("promoting") == ""
    assert corrected("Promting, please") == "prompting, please"


def test_other_forms_of_a_word_are_found(visitor: Client) -> None:
    make_tutorial("Evaluating models")
    assert found(visitor, "evaluation of a model") == ["evaluating-models"]


def test_titles_weigh_more_than_bodies(visitor: Client) -> None:
    make_tutorial("Cats", body="About dogs and dogs and dogs.")
    make_tutorial("Dogs", body="About animals.")
    assert found(visitor, "dogs")[0] == "dogs"


def test_tags_are_searched(visitor: Client) -> None:
    make_tutorial("Cats", tags=["fine-tuning"])
    make_tutorial("Dogs")
    assert found(visitor, "fine tuning") == ["cats"]


def test_an_edit_is_found_at_once(visitor: Client) -> None:
    tutorial = make_tutorial("Something")
    tutorial.body = "Now about giraffes."
    tutorial.save(update_fields=["body"])
    assert found(visitor, "giraffe") == ["something"]
    assert found(visitor, "girafe") == ["something"]


def test_phrases_alternatives_and_exclusions(visitor: Client) -> None:
    make_tutorial("One", body="The red fox sleeps.")
    make_tutorial("Two", body="The fox is red.")
    make_tutorial("Three", body="A green frog.")
    assert found(visitor, '"red fox"') == ["one"]
    assert sorted(found(visitor, "red fox")) == ["one", "two"]
    assert sorted(found(visitor, "sleeps or frog")) == ["one", "three"]
    assert found(visitor, "fox -sleeps") == ["two"]
    assert found(visitor, 'fox -"red fox"') == ["two"]
    assert sorted(found(visitor, "-fox")) == ["three"]


def test_the_filters_narrow_what_is_ranked(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TITLES", "ANYWHERE", "POOL", "NEWEST", "OF_NEWEST"):
        monkeypatch.setattr(search, name, 1)
    tools = make_topic("Tools")
    make_tutorial("Fox tools", topic=tools, tags=["rare-tag"], difficulty="advanced", access="premium")
    for number in range(3):
        make_tutorial(f"Fox {number}")
    wanted = {"topic": "tools", "tag": "rare-tag", "difficulty": "advanced", "access": "premium"}
    for name, value in wanted.items():
        assert found(visitor, "fox", **{name: value}) == ["fox-tools"], name
    assert len(found(visitor, "fox")) < 4


def test_pages_of_a_search_follow_each_other(visitor: Client) -> None:
    for number in range(7):
        make_tutorial(f"Fox {number}", body="fox " * (number % 3 + 1))
    everything = found(visitor, "fox")
    first = visitor.get("/tutorials/?q=fox&page_size=3")
    second = visitor.get(first.context["next"])
    third = visitor.get(second.context["next"])
    paged = [row["slug"] for page in (first, second, third) for row in page.context["tutorials"]]
    assert paged == everything
    assert third.context["next"] is None
    back = visitor.get(third.context["previous"])
    assert [row["slug"] for row in back.context["tutorials"]] == everything[3:6]
    assert visitor.get(back.context["previous"]).context["previous"] is None
    wrong = visitor.get("/tutorials/", {"q": "fox", "cursor": "made-up"})
    assert wrong.status_code == 400
    assert b"cursor" in wrong.content


@pytest.mark.parametrize(
    "words",
    [
        "'",
        '"',
        "a & | ! <-> b",
        ":*",
        "\\",
        "((((",
        "-",
        "%",
        "' OR 1=1 --",
        "🙂",
        "or and not",
        "the",
        '-"a b"',
        "'<->'",
    ],
)
def test_no_punctuation_breaks_the_search(visitor: Client, words: str) -> None:
    make_tutorial()
    assert visitor.get("/tutorials/", {"q": words}).status_code == 200


def test_matches_are_marked_and_everything_else_is_escaped(visitor: Client) -> None:
    make_tutorial("Fox & <b>hound</b>", body="Before. 1 < 2 \ue001 & a fox \ue000 more. After.")
    (row,) = visitor.get("/api/tutorials?q=fox").json()["results"]
    assert row["excerpt"].replace("\n", " ") == "Before. 1 &lt; 2  &amp; a <mark>fox</mark>  more. After"
    assert row["title"] == "Fox & <b>hound</b>"
    page = visitor.get("/tutorials/?q=fox").content.decode()
    assert "<mark>Fox</mark> &amp; &lt;b&gt;hound" in page
    assert "<b>hound" not in page


def test_an_excerpt_is_left_out_where_nothing_stands_in_the_text(visitor: Client) -> None:
    make_tutorial("Fox", body="Nothing of it here.")
    (row,) = visitor.get("/api/tutorials?q=fox").json()["results"]
    assert row["excerpt"] == ""


def test_gated_text_is_not_searched_for_who_may_not_read_it(visitor: Client, learner: User) -> None:
    make_tutorial("Gated", access="premium", body=GATED)
    for client in (visitor, signed_in(learner)):
        for words in ("zanzibar", '"zanzibar method"', "gated -zanzibar", '"method of quokka"', "zanzibr", "quoka"):
            expected = ["gated"] if words == "gated -zanzibar" else []
            assert found(client, words) == expected, words
        for words in ("gated", "inside", "open words", "zanzibar"):
            for address in ("/tutorials/", "/api/tutorials"):
                shown = client.get(address, {"q": words}).content.decode().replace(f'value="{words}"', "")
                assert "quokka" not in shown
                assert "zanzibar method" not in shown


def test_members_with_premium_search_the_whole(learner: User) -> None:
    make_tutorial("Gated", access="premium", body=GATED)
    make_grant(learner)
    client = signed_in(learner)
    assert found(client, '"zanzibar method"') == ["gated"]
    (row,) = client.get("/api/tutorials?q=zanzibar").json()["results"]
    assert "<mark>zanzibar</mark> method" in row["excerpt"]


def test_the_vocabulary_knows_no_gated_words_and_no_drafts() -> None:
    make_tutorial("Gated", access="premium", body=GATED)
    make_tutorial("Draft", status="draft", body="An unpublished wombat.")
    for _ in range(2):
        words = set(SearchWord.objects.values_list("word", flat=True))
        assert {"gated", "open", "words", "inside"} <= words
        assert not words & {"zanzibar", "quokka", "method", "wombat"}
        refresh_vocabulary()


def test_counting_words_anew_forgets_those_that_are_gone() -> None:
    tutorial = make_tutorial("Fox", body="A wombat.")
    make_tutorial("Frog", body="A wombat.")
    tutorial.body = "A dingo."
    tutorial.save()
    call_command("count_search_words")
    assert dict(SearchWord.objects.filter(word__in=["wombat", "dingo"]).values_list("word", "tutorials")) == {
        "wombat": 1,
        "dingo": 1,
    }
    make_tutorial("Only wombats", body="Cats.").delete()
    call_command("count_search_words")
    assert not SearchWord.objects.filter(word="wombats").exists()


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How PostgreSQL answers each statement that looks into tutorials."""
    seen: list[str] = []
    execute = CursorWrapper.execute

    def explained(self: CursorWrapper, sql: str, params: Any = None) -> Any:
        if "WITH candidates" in sql:
            execute(self, f"EXPLAIN {sql}", params)
            seen.append("\n".join(line for (line,) in self.fetchall()))
        return execute(self, sql, params)

    monkeypatch.setattr(CursorWrapper, "execute", explained)
    return seen


@pytest.mark.parametrize(
    "words", ["tutorial", "rare", "tutorial foundations", '"the opening"', "tutorial -opening", "-opening"]
)
def test_no_search_reads_all_tutorials(plans: list[str], words: str) -> None:
    for number in range(30):
        make_tutorial(f"Tutorial {number}")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE tutorials_tutorial")
    for whole in (True, False):
        with indexes_only():
            search_published(words, whole=whole, topic=make_topic("Foundations"), tag="some-tag")
    assert len(plans) == 2
    for plan in plans:
        assert "Seq Scan on tutorials_tutorial" not in plan
        assert "Index" in plan


def test_what_is_taken_back_or_gated_is_no_more_a_correction(visitor: Client) -> None:
    make_tutorial("Rooms", body="## Inside\n\nA conservatory.\n")
    soon = datetime.now(UTC) + timedelta(days=3)
    make_tutorial("The greenhouse", published_at=soon)
    assert corrected("conservatary") == "conservatory"
    assert corrected("greenhuose") == ""
    tutorial = Tutorial.objects.get(slug="rooms")
    tutorial.access = "premium"
    tutorial.save()
    assert corrected("conservatary") == ""
    tutorial.access = "free"
    tutorial.save()
    tutorial.status = "archived"
    tutorial.save()
    assert corrected("conservatary") == ""
