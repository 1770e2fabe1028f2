"""A thread is read by SQL of its own: it shows to each reader what the querysets of all other doors show."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from community.models import Category, Comment, Post, Standing, State, TrustLevel
from community.querysets.posts import may_moderate
from community.querysets.threads import CommentRow, comments_of, read_thread
from community.services import states
from tests.community.members import make_category, make_comment, make_post
from tests.factories import make_grant, make_user
from tests.tutorials.callers import Caller


@pytest.fixture
def readers(learner: User, stranger: User, author: User, moderator: User) -> list[User | AnonymousUser]:
    """The learner has written everything; the author is staff, somebody else has premium."""
    premium = make_user()
    make_grant(premium)
    make_grant(learner)
    return [AnonymousUser(), learner, stranger, author, moderator, premium]


def write_everything(category: Category, by: User) -> None:
    """A post in each state, alone and with comments in each state, some of them answered."""
    for state in State:
        states.set_state(make_post(author=by, category=category), state)
        post = make_post(author=by, category=category)
        for of_comment in State:
            comment = make_comment(post, author=by)
            answered = make_comment(post, author=by)
            make_comment(post, parent=answered, author=by)
            for each in (comment, answered):
                states.set_state(each, of_comment)
        states.set_state(post, state)


def test_the_thread_and_the_querysets_show_the_same(
    readers: list[User | AnonymousUser], learner: User, category: Category
) -> None:
    Standing.objects.create(user=learner, trust_level=TrustLevel.TRUSTED, level_is_fixed=True)
    write_everything(category, learner)
    write_everything(make_category("Inner circle", access="premium"), learner)
    shown_posts, shown_comments = 0, 0
    for reader in readers:
        moderates = may_moderate(reader)
        visible = set(Post.objects.visible_to(reader).values_list("pk", flat=True))
        for post in Post.objects.all():
            thread = read_thread(post.pk, reader, moderates=moderates)
            assert (thread is not None) == (post.pk in visible), (reader, post.state)
            if thread is None:
                continue
            shown_posts += 1
            rows = comments_of(post, reader, moderates=moderates).rows
            assert thread[1].rows == rows
            read = {row.id for row in rows if moderates or not is_a_place(row, reader)}
            wanted = set(Comment.objects.visible_to(reader).filter(post=post).values_list("pk", flat=True))
            assert read == wanted, (reader, post.state)
            shown_comments += len(wanted)
    assert shown_posts > 40
    assert shown_comments > 200


def is_a_place(row: CommentRow, reader: User | AnonymousUser) -> bool:
    """Whether of this comment only its place is left to a reader, for the sake of its replies."""
    own = reader.is_authenticated and row.author_id == reader.pk
    return row.state == State.DELETED or (row.state == State.HIDDEN and not own)


def test_the_api_gives_the_words_of_what_can_be_read_and_of_nothing_else(
    readers: list[User | AnonymousUser], learner: User, category: Category
) -> None:
    Standing.objects.create(user=learner, trust_level=TrustLevel.TRUSTED, level_is_fixed=True)
    write_everything(category, learner)
    words_read = 0
    for reader in readers:
        caller = Caller(reader if isinstance(reader, User) else None)
        for post in Post.objects.visible_to(reader):
            listed = caller.get(f"posts/{post.pk}/comments").json()["results"]
            given = {comment["id"] for comment in listed if comment["body_html"]}
            assert given == set(Comment.objects.visible_to(reader).filter(post=post).values_list("pk", flat=True))
            words_read += len(given)
    assert words_read > 100
