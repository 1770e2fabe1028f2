"""Whom a new text is told to, by which kind, and once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from common.limits import counting_cache
from community.models import Comment, Kind, Like, Notification, Post, State, Watch
from community.services import announcing, answers, following, likes, notifying, reading, states, telling
from tests.at_once import alone, at_once, wait_until_somebody_waits
from tests.community.members import make_category, make_comment, make_post
from tests.factories import make_grant, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def committed(django_capture_on_commit_callbacks: Any) -> Callable[[], Any]:
    @contextmanager
    def commit() -> Iterator[None]:
        with django_capture_on_commit_callbacks(execute=True):
            yield

    return commit


def told(user: User) -> list[tuple[str, int | None]]:
    return list(Notification.objects.of(user).order_by("id").values_list("kind", "comment_id"))


def test_who_is_mentioned_is_told_and_nobody_else(
    learner: User, stranger: User, author: User, committed: Callable[[], Any]
) -> None:
    with committed():
        make_post(author=author, body="What does @lea-learner think? Not `@sam-stranger`.")
    assert told(learner) == [("mention", None)]
    assert told(stranger) == []


def test_who_mentions_themself_is_told_nothing(learner: User, committed: Callable[[], Any]) -> None:
    with committed():
        make_post(author=learner, body="I, @lea-learner, ask this.")
    assert told(learner) == []


def test_each_is_told_once_by_the_strongest_kind(
    learner: User, stranger: User, author: User, committed: Callable[[], Any]
) -> None:
    """The learner asked, watches it, answered, and is mentioned in the reply to the answer."""
    with committed():
        post = make_post(author=learner)
        top = make_comment(post, author=stranger)
    assert told(learner) == [("comment", top.pk)]
    with committed():
        reply = make_comment(post, author=author, parent=top, body="No, @lea-learner has it.")
    assert told(learner)[1:] == [("mention", reply.pk)]
    assert told(stranger) == [("reply", reply.pk)]


def test_who_writes_in_a_thread_watches_it_from_then_on(
    learner: User, stranger: User, author: User, committed: Callable[[], Any]
) -> None:
    with committed():
        post = make_post(author=author)
        make_comment(post, author=learner)
        second = make_comment(post, author=stranger)
    assert told(learner) == [("watched_comment", second.pk)]


@pytest.mark.parametrize("what", ["category", "tag", "person"])
def test_who_watches_where_or_by_whom_a_post_comes_is_told_of_it(
    learner: User, author: User, committed: Callable[[], Any], what: str
) -> None:
    category = make_category("Agents")
    target: dict[str, Any] = {"category": category, "tag": "tools", "person": author}
    following.put_watch(user=learner, level="watching", **{what: target[what]})
    with committed():
        post = make_post(author=author, category=category, tags=["tools"])
        make_post(author=make_user())
        make_comment(post, author=make_user())
    assert told(learner) == [("watched_post", None)]


@pytest.mark.parametrize("what", ["post", "person"])
def test_a_muted_post_or_person_is_not_heard_even_when_they_mention_one(
    learner: User, author: User, committed: Callable[[], Any], what: str
) -> None:
    post = make_post(author=learner)
    following.put_watch(user=learner, level="muted", **({"post": post} if what == "post" else {"person": author}))
    with committed():
        comment = make_comment(post, author=author, body="@lea-learner, listen!")
        likes.like(user=author, text=post)
    assert told(learner) == []
    assert comment.announced_at is None
    assert Comment.objects.get(pk=comment.pk).announced_at is not None


def test_a_muted_tag_silences_what_comes_by_its_category_but_not_who_is_followed(
    learner: User, author: User, committed: Callable[[], Any]
) -> None:
    category = make_category("Agents")
    following.put_watch(user=learner, level="watching", category=category)
    following.put_watch(user=learner, level="muted", tag="noise")
    with committed():
        make_post(author=author, category=category, tags=["noise"])
    assert told(learner) == []
    following.put_watch(user=learner, level="watching", person=author)
    with committed():
        make_post(author=author, category=category, tags=["noise"])
    assert told(learner) == [("watched_post", None)]


def test_nobody_is_told_of_a_space_that_is_closed_to_them(
    learner: User, stranger: User, moderator: User, committed: Callable[[], Any]
) -> None:
    make_grant(stranger)
    writer = make_user()
    make_grant(writer)
    space = make_category("Members", access="premium")
    for person in (learner, stranger, moderator):
        following.put_watch(user=person, level="watching", person=writer)
    with committed():
        make_post(author=writer, category=space, body="Only for us, @lea-learner and @sam-stranger.")
    assert told(learner) == []
    assert told(stranger) == [("mention", None)]
    assert told(moderator) == [("watched_post", None)]


def test_who_is_banned_or_leaves_is_told_nothing(learner: User, author: User, committed: Callable[[], Any]) -> None:
    following.put_watch(user=learner, level="watching", person=author)
    learner.is_active = False
    learner.save()
    with committed():
        make_post(author=author)
    assert told(learner) == []


def test_a_text_is_told_of_once_however_often_a_worker_begins(learner: User, committed: Callable[[], Any]) -> None:
    with committed():
        post = make_post(body="@lea-learner!")
    Notification.objects.of(learner).delete()
    assert telling.tell_of_post(post.pk) == 0
    with committed():
        states.set_state(post, State.HIDDEN)
        states.set_state(post, State.PUBLISHED)
    assert told(learner) == []


def test_what_no_worker_told_of_is_found_and_told(learner: User, committed: Callable[[], Any]) -> None:
    post = make_post(body="@lea-learner!")
    comment = make_comment(post, body="@lea-learner!")
    assert told(learner) == []
    assert announcing.announce_forgotten() == 0
    long_ago = post.created_at - announcing.LOST_AFTER
    Post.objects.update(created_at=long_ago)
    Comment.objects.update(created_at=long_ago)
    assert announcing.announce_forgotten() == 2
    assert told(learner) == [("mention", None), ("mention", comment.pk)]
    assert announcing.announce_forgotten() == 0


def test_nobody_is_told_of_what_was_hidden_before_a_worker_came(learner: User) -> None:
    post = make_post(body="@lea-learner!")
    comment = make_comment(post, body="@lea-learner!")
    states.set_state(post, State.HIDDEN)
    assert telling.tell_of_post(post.pk) == telling.tell_of_comment(comment.pk) == 0
    assert told(learner) == []


@pytest.mark.parametrize("at_once", [True, False], ids=["told of together", "told of one by one"])
def test_likes_of_a_text_are_one_notification_until_it_is_read(
    learner: User, committed: Callable[[], Any], at_once: bool
) -> None:
    post = make_post(author=learner)
    first, second, third = make_user(), make_user(), make_user()
    for people in [[first, second, third]] if at_once else [[first], [second], [third]]:
        with committed():
            for person in people:
                likes.like(user=person, text=post)
    (notification,) = Notification.objects.of(learner)
    assert (notification.actor, notification.others) == (third, 2)
    assert notification.since == Like.objects.get(user=first).created_at
    with committed():
        likes.unlike(user=third, text=post)
        likes.like(user=third, text=post)
    notification.refresh_from_db()
    assert (notification.actor, notification.others) == (third, 2)
    reading.mark_all_read(user=learner)
    with committed():
        likes.like(user=make_user(), text=post)
    newest = Notification.objects.of(learner).unread().get()
    assert newest.others == 0


def test_a_like_of_a_comment_is_told_to_whom_it_is_from(
    learner: User, stranger: User, committed: Callable[[], Any]
) -> None:
    comment = make_comment(make_post(author=learner), author=stranger)
    with committed():
        likes.like(user=learner, text=comment)
    assert told(stranger) == [("like", comment.pk)]
    assert not Like.objects.untold().exists()


def test_a_like_that_no_worker_told_of_is_found_and_told(learner: User) -> None:
    likes.like(user=make_user(), text=make_post(author=learner))
    announcing.announce_forgotten()
    assert told(learner) == []
    Like.objects.update(created_at=timezone.now() - announcing.LOST_AFTER)
    announcing.announce_forgotten()
    assert told(learner) == [("like", None)]
    Notification.objects.all().delete()
    announcing.announce_forgotten()
    assert told(learner) == []


def test_many_likes_before_a_worker_looks_are_one_task(
    learner: User, committed: Callable[[], Any], worker_elsewhere: None
) -> None:
    broker = counting_cache()._cache.get_client()
    post = make_post(author=learner)
    waiting = broker.llen("celery")
    for _ in range(3):
        with committed():
            likes.like(user=make_user(), text=post)
    assert broker.llen("celery") == waiting + 1
    assert Like.objects.untold().count() == 3


def test_whom_the_author_muted_is_not_named_among_those_who_like_it(learner: User) -> None:
    post = make_post(author=learner)
    first, second, muted = make_user(), make_user(), make_user()
    following.put_watch(user=learner, level="muted", person=muted)
    for person in (first, second, muted):
        likes.like(user=person, text=post)
    telling.tell_of_likes()
    (notification,) = Notification.objects.of(learner)
    assert (notification.actor, notification.others) == (second, 1)
    assert not Like.objects.untold().exists()


def test_telling_of_many_likes_takes_no_more_queries(learner: User, django_assert_max_num_queries: Any) -> None:
    counts = []
    for fans in (2, 4):
        post = make_post(author=learner)
        for _ in range(fans):
            likes.like(user=make_user(), text=post)
        with django_assert_max_num_queries(20) as asked:
            assert telling.tell_of_likes() == {learner.pk}
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert [others for (others,) in Notification.objects.order_by("pk").values_list("others")] == [1, 3]


@pytest.mark.parametrize("meanwhile", ["taken back", "hidden", "its author leaves"])
def test_nobody_is_told_of_a_like_that_was_no_news_any_more_when_a_worker_came(learner: User, meanwhile: str) -> None:
    post, fan = make_post(author=learner), make_user()
    likes.like(user=fan, text=post)
    if meanwhile == "taken back":
        likes.unlike(user=fan, text=post)
    elif meanwhile == "hidden":
        states.set_state(post, State.HIDDEN)
    else:
        Post.objects.update(author=None)
    assert telling.tell_of_likes() == ({learner.pk} if meanwhile == "hidden" else set())
    assert told(learner) == []
    assert not Like.objects.untold().exists()


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_tell_of_a_like_once(learner: User) -> None:
    post = make_post(author=learner)
    likes.like(user=make_user(), text=post)
    Notification.objects.all().delete()
    Like.objects.update(is_told=False)
    pleased = at_once(telling.tell_of_likes)
    assert sorted(pleased, key=len) == [set(), {learner.pk}]
    assert told(learner) == [("like", None)]


@pytest.mark.django_db(transaction=True)
def test_a_like_that_cannot_be_told_of_now_waits_and_holds_up_no_other(
    learner: User, stranger: User, caplog: pytest.LogCaptureFixture
) -> None:
    for person in (learner, stranger):
        likes.like(user=make_user(), text=make_post(author=person))
    Notification.objects.all().delete()
    Like.objects.update(is_told=False)

    def tell() -> set[int]:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '100ms'")
            try:
                return telling.tell_of_likes()
            finally:
                # Whoever gets this connection next from the pool has the usual patience.
                cursor.execute("RESET lock_timeout")

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        User.objects.select_for_update(of=("self",)).get(pk=learner.pk)
        assert pool.submit(alone, tell).result(timeout=20) == {stranger.pk}
    assert "nobody is told yet of the likes of post" in caplog.text
    assert told(learner) == []
    assert telling.tell_of_likes() == {learner.pk}
    assert told(learner) == [("like", None)]


@pytest.mark.django_db(transaction=True)
def test_what_a_worker_was_telling_when_it_died_the_next_one_tells_once(learner: User) -> None:
    post = make_post(author=learner)
    for _ in range(3):
        likes.like(user=make_user(), text=post)
    Notification.objects.all().delete()
    Like.objects.update(is_told=False)
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        # As if another were telling: the worker, with all but this done, waits for it.
        Notification.objects.create(user=learner, kind=Kind.LIKE, post=post)
        dying = pool.submit(alone, telling.tell_of_likes)
        wait_until_somebody_waits()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
        assert dying.result(timeout=20) == set()
        transaction.set_rollback(True)
    assert told(learner) == []
    assert Like.objects.untold().count() == 3
    assert telling.tell_of_likes() == {learner.pk}
    (notification,) = Notification.objects.of(learner)
    assert notification.others == 2


def test_an_accepted_answer_is_told_to_whom_it_is_from(learner: User, stranger: User) -> None:
    post = make_post(author=learner)
    comment = make_comment(post, author=stranger)
    answers.accept_answer(by=learner, post=post, comment=comment)
    assert told(stranger) == [("accepted", comment.pk)]


def test_what_moderators_say_is_never_brought_together(learner: User) -> None:
    for words in ("First.", "Second."):
        notifying.notify(user=learner, kind=Kind.MODERATION, words=words)
    assert Notification.objects.of(learner).count() == 2


def test_only_who_moderates_hears_of_the_queue(learner: User, moderator: User) -> None:
    for person in (learner, moderator):
        notifying.notify(user=person, kind=Kind.QUEUE)
        notifying.notify(user=person, kind=Kind.QUEUE)
    assert Notification.objects.of(learner).count() == 0
    assert Notification.objects.of(moderator).count() == 1


def test_telling_many_takes_no_more_queries(author: User, django_assert_max_num_queries: Any) -> None:
    for _ in range(2):
        following.put_watch(user=make_user(), level="watching", person=author)
    counts = []
    for _ in range(2):
        post = make_post(author=author)
        with django_assert_max_num_queries(40) as asked:
            telling.tell_of_post(post.pk)
        counts.append(len(asked))
        for _ in range(2):
            following.put_watch(user=make_user(), level="watching", person=author)
    assert counts[0] == counts[1]
    assert Watch.objects.filter(person=author).count() == 6


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_tell_of_a_text_once() -> None:
    reader, writer = make_user(), make_user()
    following.put_watch(user=reader, level="watching", person=writer)
    post = make_post(author=writer)
    Notification.objects.all().delete()
    Post.objects.update(announced_at=None)
    counts = at_once(partial(telling.tell_of_post, post.pk))
    assert sorted(counts) == [0, 1]
    assert Notification.objects.of(reader).count() == 1
