"""Counts are compared with what they count, and put right while people write."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from community.models import Comment, Like, Post, PostTag, Standing, State
from community.services import answers, counting, likes, states
from community.services.counting import COUNTS
from tests.community.members import make_comment, make_post
from tests.factories import make_user
from tutorials import metrics

pytestmark = pytest.mark.django_db


@pytest.fixture
def post(learner: User, stranger: User) -> Post:
    """A question with tags, an accepted answer, a hidden comment, and likes."""
    post = make_post(author=learner, tags=["rag", "evaluation"])
    comment = make_comment(post, author=stranger)
    answers.accept_answer(by=learner, post=post, comment=comment)
    likes.like(user=stranger, text=post)
    likes.like(user=learner, text=comment)
    states.set_state(make_comment(post, author=stranger), State.HIDDEN)
    return post


def check(*arguments: str) -> str:
    written = StringIO()
    call_command("check_counters", *arguments, stdout=written)
    return written.getvalue()


def test_what_the_services_count_is_right(post: Post) -> None:
    assert "All counts are right." in check()


DAMAGE: dict[str, Callable[[], Any]] = {
    "likes of a post": lambda: Post.objects.update(likes_count=7),
    "comments to a post": lambda: Post.objects.update(comments_count=0),
    "activity in a post": lambda: Post.objects.update(active_at="2020-01-01T00:00Z"),
    "tags of a post": lambda: PostTag.objects.filter(tag="rag").delete(),
    "likes of a comment": lambda: Comment.objects.update(likes_count=3),
    "posts of a person": lambda: Standing.objects.update(posts_count=9),
    "comments of a person": lambda: Standing.objects.update(comments_count=9),
    "likes of what a person wrote": lambda: Standing.objects.update(likes_received=9),
    "accepted answers of a person": lambda: Standing.objects.update(accepted_count=9),
    "hidden texts of a person": lambda: Standing.objects.update(hidden_count=9),
}


def test_every_count_has_its_case() -> None:
    assert set(DAMAGE) == {count.name for count in COUNTS}


@pytest.mark.parametrize("name", DAMAGE)
def test_drift_is_found_and_repaired(post: Post, name: str) -> None:
    before = snapshot()
    DAMAGE[name]()
    with pytest.raises(CommandError, match=r"differ. Run it with --repair.") as found:
        check()
    assert found.value.returncode == 1
    assert name in check("--repair")
    assert "All counts are right." in check()
    assert snapshot() == before


def test_all_of_it_is_counted_anew_at_once(post: Post) -> None:
    before = snapshot()
    for damage in DAMAGE.values():
        damage()
    counting.count_anew()
    assert "All counts are right." in check()
    assert snapshot() == before


def snapshot() -> list[object]:
    return [
        list(Post.objects.order_by("pk").values("likes_count", "comments_count", "active_at")),
        list(PostTag.objects.order_by("post", "tag").values("post", "tag", "active_at")),
        list(Comment.objects.order_by("pk").values("likes_count")),
        list(Standing.objects.order_by("pk").values()),
    ]


def test_tags_of_what_is_not_published_are_drift(post: Post) -> None:
    states.set_state(post, State.HIDDEN)
    PostTag.objects.create(post=post, tag="rag", active_at=post.active_at)
    assert [drift.count.name for drift in counting.repair_drift()] == ["tags of a post"]
    assert not PostTag.objects.exists()


def test_what_agrees_again_when_its_turn_comes_is_left_alone(post: Post) -> None:
    """Somebody was writing while it was compared."""
    Post.objects.update(likes_count=7)
    drift = next(counting.find_drift())
    Post.objects.update(likes_count=1)
    assert not counting.repair(drift.count, drift.pk)


def test_more_rows_than_a_batch_are_all_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(counting.BATCHES, counting.POST, 2)
    for _ in range(5):
        make_post()
    Post.objects.update(comments_count=7)
    assert len(list(counting.find_drift())) == 5


def test_metrics_of_achievements_say_what_standings_count(post: Post, learner: User, stranger: User) -> None:
    def value(code: str, person: User) -> int:
        return sum(row["value"] for row in metrics.registered[code].values(person.pk))

    assert value("posts_written", learner) == 1
    assert value("comments_written", stranger) == 1
    assert value("likes_received", stranger) == 1
    assert value("answers_accepted", stranger) == 1
    assert value("answers_accepted", learner) == 0
    everybody = {row["user"]: row["value"] for row in metrics.registered["posts_written"].values(None)}
    assert everybody == {learner.pk: 1}


def test_likes_of_somebody_who_is_gone_are_found(post: Post) -> None:
    fan = make_user()
    likes.like(user=fan, text=post)
    Like.objects.filter(user=fan).delete()
    assert {drift.count.name for drift in counting.repair_drift()} == {
        "likes of a post",
        "likes of what a person wrote",
    }
