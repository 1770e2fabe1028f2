"""Who and what most tests of the community begin with."""

from __future__ import annotations

import pytest

from accounts.models import User
from community.models import Category, Comment, Post
from tests.community.members import make_category, make_comment, make_post


@pytest.fixture
def category(db: None) -> Category:
    return make_category("Prompting")


@pytest.fixture
def space(db: None) -> Category:
    """For members with premium only."""
    return make_category("Inner circle", access="premium")


@pytest.fixture
def post(learner: User) -> Post:
    """A question of the learner's."""
    return make_post("How do I keep answers short?", author=learner, body="They always ramble.")


@pytest.fixture
def answer(post: Post, stranger: User) -> Comment:
    """The stranger's answer to it."""
    return make_comment(post, author=stranger, body="Say how many sentences you want.")
