"""What readers saw is kept, compared and restored."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from accounts.models import User
from tests.factories import BODY, make_topic, make_tutorial
from tutorials.models import Tutorial, TutorialVersion
from tutorials.services import writing

pytestmark = pytest.mark.django_db


def numbers(tutorial: Tutorial) -> list[int]:
    return list(tutorial.versions.latest_first().values_list("number", flat=True))


def test_each_publication_of_something_new_is_a_version(author: User) -> None:
    tutorial = make_tutorial("One", status="draft")
    writing.change_tutorial(by=author, tutorial=tutorial, changes={"title": "Two"})
    assert numbers(tutorial) == []
    writing.publish(by=author, tutorial=tutorial)
    assert numbers(tutorial) == [1]
    writing.unpublish(by=author, tutorial=tutorial)
    writing.publish(by=author, tutorial=tutorial)
    assert numbers(tutorial) == [1]
    writing.change_tutorial(by=author, tutorial=tutorial, changes={"title": "Two", "tags": []})
    assert numbers(tutorial) == [1]
    writing.change_tutorial(by=author, tutorial=tutorial, changes={"tags": ["new"]})
    assert numbers(tutorial) == [2, 1]
    assert tutorial.versions.get(number=2).by == author


def test_what_was_published_before_versions_were_kept_is_the_first(author: User, tutorial: Tutorial) -> None:
    writing.change_tutorial(by=author, tutorial=tutorial, changes={"body": "New."})
    first = TutorialVersion.objects.get(number=1)
    assert (first.body, first.at) == (BODY, tutorial.published_at)
    assert TutorialVersion.objects.get(number=2).body == "New.\n"


def test_a_restored_version_says_all_that_it_said(author: User, tutorial: Tutorial) -> None:
    writing.change_tutorial(
        by=author,
        tutorial=tutorial,
        changes={"title": "T", "summary": "S", "body": "B", "topic": make_topic("Other"), "tags": ["a"], "pass_mark": 5}
        | {"difficulty": "advanced"},
    )
    restored = writing.restore_version(by=author, version=TutorialVersion.objects.get(number=1))
    for name in TutorialVersion.KEPT:
        assert getattr(restored, name) == getattr(tutorial, name), name
    assert restored.body_html == tutorial.body_html
    assert [block["id"] for block in restored.blocks] == [block["id"] for block in tutorial.blocks]
    assert numbers(tutorial) == [3, 2, 1]
    writing.restore_version(by=author, version=TutorialVersion.objects.get(number=3))
    assert numbers(tutorial) == [3, 2, 1]


def test_an_archived_tutorial_is_not_restored(author: User, tutorial: Tutorial) -> None:
    writing.change_tutorial(by=author, tutorial=tutorial, changes={"body": "New."})
    writing.archive(by=author, tutorial=tutorial)
    with pytest.raises(ValidationError, match="Bring it back to draft first"):
        writing.restore_version(by=author, version=TutorialVersion.objects.get(number=1))


@pytest.mark.django_db(transaction=True)
def test_two_who_save_at_once_do_not_make_one_number() -> None:
    from tests.factories import make_user

    person, tutorial = make_user(role="author"), make_tutorial("One")

    def save(number: int) -> None:
        try:
            writing.change_tutorial(by=person, tutorial=tutorial, changes={"body": f"Text {number}."})
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(save, range(8)))
    assert sorted(numbers(tutorial)) == list(range(1, 10))
