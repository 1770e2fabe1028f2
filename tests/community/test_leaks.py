"""What somebody may not know of, sought through side doors."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.models import User
from community.models import Category, Comment, Post, State
from community.services import drafts, states, writing
from tests.clients import signed_in
from tests.community.members import make_category, make_comment, make_post
from tests.factories import make_grant, make_tutorial
from tests.tutorials.callers import Caller


def test_drafts_lead_only_to_what_their_owner_may_open(
    learner: User, stranger: User, space: Category, post: Post
) -> None:
    make_grant(stranger)
    secret = make_post("The merger is on Friday", author=stranger, category=space)
    remark = make_comment(secret, author=stranger)
    tutorial = make_tutorial("Unfinished business", status="draft", published_at=None)
    for place in (f"comment-{secret.pk}", f"reply-{remark.pk}", f"tutorial-{tutorial.pk}"):
        drafts.save_draft(user=learner, place=place, values={"body": "I guess numbers."})
    drafts.save_draft(user=learner, place=f"comment-{post.pk}", values={"body": "I go on."})
    page = signed_in(learner).get("/community/drafts/").content.decode()
    assert "merger" not in page
    assert f"/comments/{remark.pk}/" not in page
    assert "unfinished-business" not in page
    assert f"{post.get_absolute_url()}#write_comment" in page


@pytest.mark.parametrize("state", [State.HIDDEN, State.DELETED])
def test_the_title_of_what_was_taken_away_goes_with_it(post: Post, answer: Comment, state: State) -> None:
    states.set_state(post, state)
    visitor = Client()
    there = visitor.get(f"/community/posts/{post.pk}/", follow=True)
    answered = visitor.get(f"/community/comments/{answer.pk}/", follow=True)
    shown = Caller().get(f"posts/{post.pk}").json()
    for page in (there, answered):
        assert page.status_code == 200
        assert "How do I keep answers short" not in page.content.decode()
        assert "Say how many sentences" in page.content.decode()
        assert not any("how-do-i-keep" in address for address, _ in page.redirect_chain)
    assert "How do I keep" not in str(shown)


def test_its_author_and_moderators_still_read_the_title_of_what_is_hidden(
    post: Post, answer: Comment, learner: User, moderator: User
) -> None:
    states.set_state(post, State.HIDDEN)
    for user in (learner, moderator):
        assert (
            "How do I keep answers short" in signed_in(user).get(post.get_absolute_url(), follow=True).content.decode()
        )
        assert Caller(user).get(f"posts/{post.pk}").json()["title"] == post.title


def test_an_author_does_not_carry_what_others_said_out_of_a_space(
    learner: User, stranger: User, space: Category, category: Category
) -> None:
    for user in (learner, stranger):
        make_grant(user)
    post = make_post(author=learner, category=space)
    make_comment(post, author=stranger, body="My salary is seven beans.")
    with pytest.raises(ValidationError) as error:
        writing.edit_post(by=learner, post=post, changes={"category": category})
    assert error.value.message_dict == {"category": [writing.OTHERS_READ_ELSEWHERE]}
    answer = Caller(learner).patch(f"posts/{post.pk}", {"category": category.slug})
    assert answer.json()["errors"][0]["detail"] == writing.OTHERS_READ_ELSEWHERE
    assert Caller().get(f"posts/{post.pk}/comments").status_code == 404
    alone = make_post(author=learner, category=space)
    assert writing.edit_post(by=learner, post=alone, changes={"category": category}).category == category
    elsewhere = make_category("Agents")
    public = make_post(author=learner, category=category)
    make_comment(public)
    assert writing.edit_post(by=learner, post=public, changes={"category": elsewhere}).category == elsewhere
