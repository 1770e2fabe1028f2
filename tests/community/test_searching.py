"""Finding posts and comments by words, parts of words and filters, at the page and at the API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.models import User
from community.models import Post, SearchEntry
from community.search_language import understand
from community.searching import search
from community.services import indexing
from tests.community.members import make_category, make_comment, make_post
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def found(question: str, user: Any, **others: Any) -> list[str]:
    return [row["title"] for row in search(question, user=user, **others).rows]


def test_words_are_found_in_titles_tags_and_texts(learner: User) -> None:
    make_post("Evaluating models", author=learner)
    make_post("Something else", author=learner, tags=["fine-tuning"])
    make_post("A third thing", author=learner, body="About giraffes, mostly.")
    assert found("evaluation of a model", learner) == ["Evaluating models"]
    assert found("fine tuning", learner) == ["Something else"]
    assert found("giraffe", learner) == ["A third thing"]
    assert found("xylophone", learner) == []


def test_a_title_weighs_more_than_a_text(learner: User) -> None:
    make_post("About the dogs", author=learner, body="Animals of all kinds.")
    make_post("About the cats", author=learner, body="dogs and dogs and dogs and dogs")
    assert found("dogs", learner) == ["About the dogs", "About the cats"]
    assert found("dogs", learner, order="newest") == ["About the cats", "About the dogs"]
    assert found("dogs in:title", learner) == ["About the dogs"]


def test_what_is_said_in_comments_leads_to_the_post_once(learner: User) -> None:
    post = make_post("How does it work", author=learner)
    make_comment(post, author=learner, body="A wombat does it.")
    best = make_comment(post, author=learner, body="wombat wombat wombat, a wombat, wombats")
    (row,) = search("wombat", user=learner).rows
    assert row["comment_id"] == best.pk
    assert "<mark>wombat</mark>" in row["marked_excerpt"]


def test_parts_of_words_are_found_after_whole_ones(learner: User) -> None:
    make_post("Making progress slowly", author=learner)
    make_post("The art of asking", author=learner)
    make_post("An article on prompts", author=learner)
    assert found("gress", learner) == ["Making progress slowly"]
    assert found("prog", learner) == ["Making progress slowly"]
    assert found("art", learner) == ["The art of asking", "An article on prompts"]
    assert found("rticl prompts", learner) == ["An article on prompts"]
    assert found('"gress"', learner) == []
    (row,) = search("gress", user=learner).rows
    assert row["marked_title"] == "Making <mark>progress</mark> slowly"


def test_chinese_japanese_korean_and_thai_are_found(learner: User) -> None:
    make_post("机器学习入门指南", author=learner, body="提示词很重要。")
    make_post("東京都のAIを使う会", author=learner, body="大規模言語モデルについて")
    make_post("프롬프트를 잘 쓰는 방법", author=learner)
    make_post("การเขียนพรอมต์", author=learner)
    assert found("机器学习", learner) == ["机器学习入门指南"]
    assert found("提示词", learner) == ["机器学习入门指南"]
    assert found("言語モデル", learner) == ["東京都のAIを使う会"]
    assert found("AI", learner) == ["東京都のAIを使う会"]
    assert found("프롬프트", learner) == ["프롬프트를 잘 쓰는 방법"]
    assert found("เขียน", learner) == ["การเขียนพรอมต์"]
    for sign in "東都会":
        assert found(sign, learner) == ["東京都のAIを使う会"], sign
    assert found("学機", learner) == []
    assert found('"京都"', learner) == ["東京都のAIを使う会"]
    assert found("东京 -学习", learner) == []
    (row,) = search("言語モデル", user=learner).rows
    assert "大規模<mark>言語モデル</mark>について" in row["marked_excerpt"]
    (row,) = search("東京", user=learner).rows
    assert row["marked_title"] == "<mark>東京</mark>都のAIを使う会"


def test_phrases_alternatives_and_exclusions(learner: User) -> None:
    make_post("The first one", author=learner, body="The red fox sleeps.")
    make_post("The second one", author=learner, body="The fox is red.")
    make_post("The third one", author=learner, body="A green frog.")
    assert found('"red fox"', learner) == ["The first one"]
    assert sorted(found("red fox", learner)) == ["The first one", "The second one"]
    assert sorted(found("sleeps or frog", learner)) == ["The first one", "The third one"]
    assert found("fox -sleeps", learner) == ["The second one"]
    assert found('fox -"red fox"', learner) == ["The second one"]
    assert found("-fox", learner) == ["The third one"]
    assert found('"the first" in:title', learner) == ["The first one"]


def test_the_filters_narrow(learner: User, stranger: User) -> None:
    other = make_category("Tools")
    mine = make_post("Fox one is here", author=learner, tags=["rare-tag"])
    make_post("Fox two is here", author=stranger, category=other, type="discussion")
    make_comment(mine, author=stranger, body="A fox, I agree.")
    assert found("fox author:stranger", learner) == []
    handle, other_handle = learner.profile.handle, stranger.profile.handle
    for person in (learner, stranger):
        person.profile.activity_visible_to = "everybody"
        person.profile.save()
    assert found(f"fox author:{handle}", learner) == ["Fox one is here"]
    assert found(f"author:@{other_handle}", learner, order="newest") == ["Fox one is here", "Fox two is here"]
    assert found(f"fox -author:{other_handle}", learner) == ["Fox one is here"]
    assert found("fox tag:rare-tag", learner) == ["Fox one is here"]
    assert found("agree tag:#rare-tag", learner) == ["Fox one is here"]
    assert found("fox category:tools", learner) == ["Fox two is here"]
    assert found("fox -category:tools", learner) == ["Fox one is here"]
    assert found("fox is:question", learner) == ["Fox one is here"]
    assert found("fox is:unsolved", learner) == ["Fox one is here"]
    assert found("is:solved", learner) == []
    assert found("is:question", learner) == ["Fox one is here"]
    assert found("author:nobody-of-that-name", learner) == []


def test_only_the_owner_searches_what_a_person_wrote_who_keeps_that_private(learner: User, stranger: User) -> None:
    make_post("Fox one is here", author=learner)
    learner.profile.activity_visible_to = "nobody"
    learner.profile.save()
    asked = f"author:{learner.profile.handle}"
    assert found(asked, learner) == ["Fox one is here"]
    assert found(asked, stranger) == []


def test_days_narrow_to_what_was_written_in_them(learner: User) -> None:
    for days in (0, 1, 5, 12, 40, 200, 1200, 4000):
        post = make_post(f"Fox of {days} days", author=learner)
        Post.objects.filter(pk=post.pk).update(created_at=datetime.now(UTC) - timedelta(days=days))
        indexing.index(post)
    everything = [f"Fox of {days} days" for days in (0, 1, 5, 12, 40, 200, 1200, 4000)]
    assert found("fox", learner, order="newest") == everything
    for days in (5, 12, 40, 200, 1200, 4000):
        edge = (datetime.now(UTC) - timedelta(days=days)).date().isoformat()
        place = everything.index(f"Fox of {days} days")
        assert found(f"fox after:{edge}", learner, order="newest") == everything[: place + 1], days
        assert found(f"fox before:{edge}", learner, order="newest") == everything[place + 1 :], days
        assert found(f"after:{edge} before:{edge}", learner) == []


@pytest.mark.parametrize(
    "question",
    ["foo:bar", "after:yesterday", "before:2026-02-30", "is:red", "in:body", "-is:solved", "tag:No!", "category:no"],
)
def test_a_filter_that_there_is_not_is_said_in_words(learner: User, question: str) -> None:
    with pytest.raises(ValidationError) as raised:
        search(question, user=learner)
    assert list(raised.value.message_dict) == ["q"]


def test_addresses_times_and_quoted_words_are_no_filters() -> None:
    words = [term.words for term in understand('https://example.org at 12:30 std::move Error: "foo:bar"').terms]
    assert words == ["https://example.org", "at", "12:30", "std::move", "Error:", "foo:bar"]


@pytest.mark.parametrize(
    "question",
    [
        *("'", '"', "a & | ! <-> b", ":*", "\\", "((((", "-", "%", "' OR 1=1 --", "'; DROP TABLE x; --", "🙂", "or"),
        *("or and not", "the", "-the", '-"a b"', "'<->'", "%%%", "%_%", "{words}", "%(words)s", "#a1", "^fox", "东"),
        *("学习'", "\\' & 学习", "!!!", '""', '-""', "a or or b", "- -", "tag:x or"),
    ],
)
def test_no_punctuation_breaks_a_search(learner: User, question: str) -> None:
    make_post("Something is here", author=learner)
    for order in ("best", "newest"):
        search(question, user=learner, order=order)
        search(f"{question} in:title", user=learner, order=order)


def test_words_that_are_everywhere_find_nothing(learner: User) -> None:
    make_post("The and of the", author=learner)
    assert found("the", learner) == found("!!!", learner) == found("", learner) == []


def test_a_moved_post_takes_its_comments_along(learner: User) -> None:
    post = make_post("Fox one is here", author=learner, tags=["old-tag"])
    make_comment(post, author=make_user(), body="A wombat.")
    post.category = make_category("Tools")
    post.tags = ["new-tag"]
    post.save()
    indexing.index(post)
    assert found("wombat category:tools tag:new-tag", learner) == ["Fox one is here"]
    assert found("wombat tag:old-tag", learner) == []
    assert SearchEntry.objects.filter(post=post, category__slug="tools").count() == 2
    for _ in range(2):
        indexing.unindex(post)
        assert found("wombat", learner) == []
    for _ in range(2):
        indexing.index(post)
        assert found("wombat", learner) == ["Fox one is here"]
