"""What is shown with a link to a thread or a list of posts, and what is not told there."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from community.models import State
from community.services import states, writing
from tests.clients import signed_in
from tests.community.members import make_category, make_comment, make_post
from tests.factories import make_grant
from tests.heads import head_of

pytestmark = pytest.mark.django_db

MARKDOWN = """## What I tried

I asked it to **always** quote, see [the docs](https://docs.example/x), and `none`:

- quotes & pages
- <numbers>

```python
print("a secret of no use in a line")
```
"""


def test_a_thread_is_told_by_how_its_post_begins_without_markdown(learner: User) -> None:
    post = make_post("Why does it “quote” <nothing>?", author=learner, body=MARKDOWN)
    head = head_of(post.get_absolute_url())
    assert head["og:title"] == "Why does it “quote” <nothing>?"
    assert head["og:description"] == "I asked it to always quote, see the docs, and none: quotes & pages <numbers>"
    assert head["og:type"] == "website"
    assert head["og:url"] == head.canonical == f"https://testserver{post.get_absolute_url()}"


def test_of_a_post_without_words_it_is_told_where_it_stands(learner: User) -> None:
    post = make_post("Only code here, sorry", author=learner, body="```\nprint(1)\n```")
    assert head_of(post.get_absolute_url())["description"] == "Prompting, 0 comments."


def test_a_long_post_ends_at_a_word(learner: User) -> None:
    post = make_post("A long one to be cut off", author=learner, body="wonderful " * 100)
    description = head_of(post.get_absolute_url())["description"]
    assert description.endswith("wonderful…")
    assert len(description) <= 200


@pytest.mark.parametrize("gone", ["deleted", "hidden"])
def test_of_a_post_that_is_gone_nothing_is_told(learner: User, stranger: User, moderator: User, gone: str) -> None:
    post = make_post("The zanzibar question here", author=learner, body="All about okapis.")
    make_comment(post, author=stranger)
    address = post.get_absolute_url()
    if gone == "deleted":
        writing.delete_text(by=learner, text=post)
    else:
        states.set_state(post, State.HIDDEN)
    for person in (None, stranger, moderator):
        answer = signed_in(person).get(address, follow=True)
        before_body = answer.content.decode().partition("</head>")[0]
        assert 'content="noindex"' in before_body
        assert "og:" not in before_body
        assert "okapi" not in before_body
        assert ("zanzibar" in before_body) is (person == moderator)


def test_of_a_space_its_members_pages_have_no_card(learner: User) -> None:
    make_grant(learner)
    space = make_category("Inner circle", access="premium", description="For those who pay.")
    post = make_post("Only for members of it", author=learner, category=space)
    for address in (space.get_absolute_url(), post.get_absolute_url()):
        head = head_of(address, signed_in(learner))
        assert not head.is_listed
        assert not head.card
        assert Client().get(address).status_code == 404


def test_a_category_is_told_by_its_description_and_a_tag_is_not_listed(learner: User) -> None:
    category = make_category("Prompts", description="How to ask.")
    make_post(author=learner, category=category, tags=["rag"])
    head = head_of(category.get_absolute_url())
    assert (head["og:title"], head["og:description"]) == ("Prompts", "How to ask.")
    assert head.is_listed
    tag = head_of("/community/tags/rag/")
    assert tag["og:title"] == "#rag"
    assert not tag.is_listed


def test_feeds_are_announced_where_one_looks_for_them(learner: User) -> None:
    category = make_category("Prompts")
    post = make_post(author=learner, category=category, tags=["rag"])
    announced = {
        "/community/": "/community/feed.atom",
        category.get_absolute_url(): "/community/c/prompts/feed.atom",
        "/community/tags/rag/": "/community/tags/rag/feed.atom",
        post.get_absolute_url(): f"/community/posts/{post.pk}/feed.atom",
    }
    for address, feed in announced.items():
        assert feed in head_of(address).feeds
        assert Client().get(feed).status_code == 200
