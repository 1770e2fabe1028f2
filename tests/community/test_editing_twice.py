"""Nobody writes over what they have not seen: two tabs with one text, and a moderator who moved it meanwhile."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.models import User
from community.models import Comment, Post, Revision
from community.services import writing
from community.services.moderating import texts
from tests.community.members import make_category

MEANWHILE = "This has changed since you began to edit it"


def version_in(page: str) -> str:
    found = re.search(r'name="version" value="([^"]+)"', page)
    assert found
    return found[1]


def edit_of(post: Post, **changes: Any) -> dict[str, Any]:
    return {"title": post.title, "type": post.type, "category": post.category.slug, "body": post.body} | changes


def test_the_second_of_two_tabs_sees_what_the_first_has_saved(client: Client, post: Post, learner: User) -> None:
    client.force_login(learner)
    address = f"/community/posts/{post.pk}/edit/"
    version = version_in(client.get(address).content.decode())
    assert client.post(address, edit_of(post, body="From the first.", version=version)).status_code == 302
    shown = client.post(address, edit_of(post, body="From the second.", version=version)).content.decode()
    assert MEANWHILE in shown
    # Both are there: what was sent, to be saved once more, and what stands there now.
    assert "From the second.</textarea>" in shown
    assert "<p>From the first.</p>" in shown
    assert Post.objects.get(pk=post.pk).body == "From the first."
    again = edit_of(post, body="From the second.", version=version_in(shown))
    assert client.post(address, again).status_code == 302
    assert Post.objects.get(pk=post.pk).body == "From the second."
    assert list(Revision.objects.filter(post=post).order_by("id").values_list("body", flat=True))[1:] == [
        "From the first."
    ]


def test_a_comment_is_not_written_over_either(client: Client, answer: Comment, stranger: User) -> None:
    client.force_login(stranger)
    address = f"/community/comments/{answer.pk}/edit/"
    version = version_in(client.get(address).content.decode())
    assert client.post(address, {"body": "From the first.", "version": version}).status_code == 302
    shown = client.post(address, {"body": "From the second.", "version": version}).content.decode()
    assert MEANWHILE in shown
    assert "<p>From the first.</p>" in shown
    assert Comment.objects.get(pk=answer.pk).body == "From the first."


def test_a_fault_in_an_edit_does_not_hide_that_another_text_stands_there(
    client: Client, post: Post, learner: User
) -> None:
    client.force_login(learner)
    address = f"/community/posts/{post.pk}/edit/"
    version = version_in(client.get(address).content.decode())
    writing.edit_post(by=learner, post=post, changes={"body": "From the first."})
    shown = client.post(address, edit_of(post, title="Hm?", version=version)).content.decode()
    assert "Use at least 5 characters" in shown
    assert MEANWHILE in shown
    assert "<p>From the first.</p>" in shown


def test_who_sends_the_same_twice_is_told_of_nothing(client: Client, post: Post, learner: User) -> None:
    client.force_login(learner)
    address = f"/community/posts/{post.pk}/edit/"
    sent = edit_of(post, body="Said once.", version=version_in(client.get(address).content.decode()))
    assert [client.post(address, sent).status_code for _ in range(2)] == [302, 302]
    assert Revision.objects.filter(post=post).count() == 1


def test_an_edit_that_was_begun_before_a_moderator_moved_the_post_does_not_move_it_back(
    post: Post, learner: User, moderator: User
) -> None:
    begun, elsewhere = post.version, make_category()
    texts.move(by=moderator, post=post, category=elsewhere, reason="It belongs there.")
    with pytest.raises(ValidationError, match=MEANWHILE):
        writing.edit_post(by=learner, post=post, changes={"body": "New.", "category": post.category}, version=begun)
    assert Post.objects.get(pk=post.pk).category == elsewhere


def test_who_names_no_version_writes_as_before(post: Post, learner: User) -> None:
    writing.edit_post(by=learner, post=post, changes={"body": "First."})
    writing.edit_post(by=learner, post=post, changes={"body": "Second."})
    assert Post.objects.get(pk=post.pk).body == "Second."
