"""The page of a post: what each sees of it, its order, its pages and what it costs."""

from __future__ import annotations

import re
from datetime import UTC, timedelta
from itertools import product
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from common.markdown import LARGEST_POST
from community import threads as community_threads
from community.forms.composing import CommentForm
from community.models import Category, Comment, Kind, Notification, Post, State
from community.querysets import threads
from community.querysets.posts import may_moderate
from community.services import answers, likes, notifying, states, writing
from tests.clients import signed_in
from tests.community.members import make_category, make_comment, make_post, numbers
from tests.factories import make_grant, make_user
from tutorials.models import Tutorial


def page(post: Post, user: User | None = None, query: str = "") -> str:
    response = signed_in(user).get(post.get_absolute_url() + query)
    assert response.status_code == 200
    return response.content.decode()


def shown(html: str) -> list[int]:
    return [int(pk) for pk in re.findall(r'<article class="comment[^>]*id="c(\d+)"', html)]


def test_a_visitor_reads_the_thread_and_is_shown_the_way_in(post: Post, answer: Comment) -> None:
    html = page(post)
    assert "They always ramble." in html
    assert "Say how many sentences you want." in html
    assert "Sign in to answer" in html
    assert "<textarea" not in html
    assert 'form="acts"' not in html


def test_one_answers_a_question_and_comments_on_a_discussion(post: Post, learner: User, category: Category) -> None:
    discussion = make_post("What we tried this week", category=category, type="discussion")
    assert "Post answer" in page(post, learner)
    assert "Post comment" in page(discussion, learner)
    assert "Sign in to comment" in page(discussion)
    alone = signed_in(learner).post(f"/community/posts/{discussion.pk}/comment/", {"body": " "}).content.decode()
    assert "Your comment" in alone
    assert "Post comment" in alone


def test_the_form_offers_the_categories_in_which_one_may_begin(learner: User, moderator: User) -> None:
    news = make_category("News", staff_only=True)
    offered = f'<option value="{news.slug}"'
    announced = make_post("What is new", author=learner)
    Post.objects.filter(pk=announced.pk).update(category=news)

    def form(user: User, address: str) -> str:
        return signed_in(user).get(address).content.decode()

    assert offered not in form(learner, "/community/new/")
    assert offered in form(moderator, "/community/new/")
    # Where a post stands already it may stay.
    assert offered in form(learner, f"/community/posts/{announced.pk}/edit/")


def test_another_title_in_the_address_leads_to_the_right_one(post: Post) -> None:
    for address in (f"/community/posts/{post.pk}/", f"/community/posts/{post.pk}/old-title/?cursor=x"):
        response = signed_in(None).get(address)
        assert response.status_code == 302
        assert response["Location"].startswith(post.get_absolute_url())
    assert signed_in(None).get("/community/posts/0/").status_code == 404


def test_the_accepted_answer_stands_first_with_its_replies(post: Post, answer: Comment, learner: User) -> None:
    better = make_comment(post)
    reply = make_comment(post, parent=better)
    last = make_comment(post)
    answers.accept_answer(by=learner, post=post, comment=better)
    assert shown(page(post)) == [better.pk, reply.pk, answer.pk, last.pk]
    assert "Accepted answer" in page(post)


@pytest.mark.parametrize("accepts", [False, True])
def test_pages_of_a_thread_follow_each_other_while_people_write(post: Post, learner: User, accepts: bool) -> None:
    roots = [make_comment(post) for _ in range(4)]
    replies = [make_comment(post, parent=roots[1]) for _ in range(3)]
    if accepts:
        answers.accept_answer(by=learner, post=post, comment=roots[1])
        post.refresh_from_db()
        order = [roots[1], *replies, roots[0], *roots[2:]]
    else:
        order = [roots[0], roots[1], *replies, *roots[2:]]

    def pages_from(cursor: str, direction: str) -> list[list[int]]:
        found = []
        while True:
            one = threads.comments_of(post, learner, moderates=False, cursor=cursor, size=3)
            found.append([row.id for row in one.rows])
            cursor = getattr(one, direction) or ""
            if not cursor:
                return found

    forwards = pages_from("", "next")
    assert [pk for one in forwards for pk in one] == [comment.pk for comment in order]
    first = threads.comments_of(post, learner, moderates=False, size=3)
    late = make_comment(post, parent=order[0])
    second = threads.comments_of(post, learner, moderates=False, cursor=first.next or "", size=3)
    assert late.pk not in [row.id for row in first.rows]
    expected = forwards[1] if order[0] != roots[1] else [replies[2].pk, late.pk, roots[0].pk]
    assert [row.id for row in second.rows] == expected
    last = threads.comments_of(post, learner, moderates=False, cursor=second.next or "", size=3)
    back = pages_from(last.previous or "", "previous")
    assert sorted(pk for one in back for pk in one) == sorted(
        {row.id for row in (*first.rows, *second.rows)} | ({late.pk} if order[0] != roots[1] else set())
    )


def test_the_address_of_a_comment_leads_to_the_page_on_which_it_stands(post: Post, learner: User) -> None:
    comments = [make_comment(post, author=make_user()) for _ in range(3)]
    many = [make_comment(post, parent=comments[0]) for _ in range(3)]
    for comment in (*comments, *many):
        for size in (1, 2, 4, 50):
            cursor = threads.cursor_to(comment, learner, moderates=False, size=size)
            rows = threads.comments_of(post, learner, moderates=False, cursor=cursor, size=size).rows
            assert comment.pk in [row.id for row in rows]
    response = signed_in(None).get(f"/community/comments/{many[0].pk}/")
    assert response["Location"] == f"{post.get_absolute_url()}#c{many[0].pk}"


def test_who_is_gone_leaves_a_place_where_somebody_answered(post: Post, answer: Comment, stranger: User) -> None:
    alone = make_comment(post, author=stranger, body="Nobody answered this one.")
    reply = make_comment(post, parent=answer)
    for text in (answer, alone):
        writing.delete_text(by=stranger, text=text)
    html = page(post)
    assert shown(html) == [answer.pk, reply.pk]
    assert "Its author has taken this comment back." in html
    assert "Say how many sentences" not in html
    writing.delete_text(by=reply.author, text=reply)  # type: ignore[arg-type]  # it has one
    assert shown(page(post)) == []


def test_a_hidden_text_is_read_by_its_author_and_by_moderators(
    post: Post, answer: Comment, learner: User, stranger: User, moderator: User
) -> None:
    make_comment(post, parent=answer)
    states.set_state(answer, State.HIDDEN)
    words = "Say how many sentences you want."
    assert words not in page(post)
    assert words not in page(post, learner)
    assert words in page(post, stranger)
    assert words in page(post, moderator)
    assert "A moderator has hidden this comment." in page(post, learner)


def test_a_moderator_finds_the_way_from_a_hidden_comment_to_its_page(
    post: Post, answer: Comment, stranger: User, moderator: User
) -> None:
    states.set_state(answer, State.HIDDEN)
    address = f"/community/comments/{answer.pk}/moderate/"
    assert address in page(post, moderator)
    assert address not in page(post, stranger)


def test_a_post_that_was_taken_back_keeps_its_thread(post: Post, answer: Comment, learner: User) -> None:
    writing.delete_text(by=learner, text=post)
    html = signed_in(None).get(post.get_absolute_url(), follow=True).content.decode()
    assert "They always ramble." not in html
    assert "Its author has taken this post back." in html
    assert "Say how many sentences you want." in html
    assert 'name="robots" content="noindex"' in html


def test_a_space_is_not_there_for_others(space: Category, learner: User, moderator: User) -> None:
    post = make_post(author=moderator, category=space)
    comment = make_comment(post, author=moderator)
    addresses = [post.get_absolute_url(), comment.get_absolute_url(), f"/community/posts/{post.pk}/history/"]
    for address in addresses:
        assert signed_in(None).get(address).status_code == 404
        assert signed_in(learner).get(address).status_code == 404
    make_grant(learner)
    assert signed_in(learner).get(addresses[0]).status_code == 200


def test_each_sees_what_they_can_do(post: Post, answer: Comment, learner: User, stranger: User) -> None:
    asker, answerer = page(post, learner), page(post, stranger)
    assert "Accept answer" in asker
    assert "Accept answer" not in answerer
    assert f"/community/comments/{answer.pk}/edit/" in answerer
    assert f"/community/comments/{answer.pk}/edit/" not in asker
    assert f"/community/comments/{answer.pk}/report/" in asker
    assert f"/community/posts/{post.pk}/edit/" in asker
    likes.like(user=learner, text=answer)
    assert re.search(
        rf'formaction="[^"]*/{answer.pk}/like/"[^>]*value="0"[^>]*aria-pressed="true"[^>]*>1 like<', page(post, learner)
    )


def test_likes_and_acceptance_work_without_script(post: Post, answer: Comment, learner: User) -> None:
    client = signed_in(learner)
    liked = client.post(f"/community/comments/{answer.pk}/like/", {"liked": "1"})
    assert liked["Location"] == answer.get_absolute_url()
    accepted = client.post(f"/community/posts/{post.pk}/accepted-answer/", {"comment": answer.pk})
    assert accepted["Location"] == answer.get_absolute_url()
    post.refresh_from_db()
    assert post.accepted_answer == answer
    client.post(f"/community/posts/{post.pk}/accepted-answer/", {"comment": ""})
    assert Post.objects.get(pk=post.pk).accepted_answer is None
    refused = client.post(f"/community/posts/{post.pk}/like/", {"liked": "1"})
    assert refused.status_code == 403
    assert b"wrote yourself" in refused.content


def test_htmx_gets_the_button_alone(answer: Comment, learner: User) -> None:
    response = signed_in(learner).post(
        f"/community/comments/{answer.pk}/like/", {"liked": "1"}, headers={"HX-Request": "true"}
    )
    button = response.content.decode().strip()
    assert ">1 like<" in button
    assert button.count("<button") == page(answer.post, learner).count(button) == 1


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["without script", "htmx"])
@pytest.mark.parametrize("kind", ["posts", "comments"])
def test_pressing_like_reads_nothing_of_what_a_text_says(
    post: Post, answer: Comment, moderator: User, kind: str, headers: dict[str, str]
) -> None:
    text, client = post if kind == "posts" else answer, signed_in(moderator)
    with CaptureQueriesContext(connection) as asked:
        response = client.post(f"/community/{kind}/{text.pk}/like/", {"liked": "1"}, headers=headers)
    assert response.status_code == (200 if headers else 302)
    assert headers or response["Location"] == text.get_absolute_url()
    assert any("community_like" in query["sql"] for query in asked)
    assert not any("body" in query["sql"] for query in asked)


def test_taking_a_like_back_tells_no_title_that_was_taken_away(post: Post, answer: Comment, stranger: User) -> None:
    likes.like(user=stranger, text=post)
    states.set_state(post, State.HIDDEN)
    response = signed_in(stranger).post(f"/community/posts/{post.pk}/like/", {"liked": "0"})
    assert response["Location"] == f"/community/posts/{post.pk}/hidden-post/"


def test_an_answer_is_written_on_the_page_and_its_draft_goes(post: Post, stranger: User) -> None:
    client = signed_in(stranger)
    client.post("/community/drafts/save/", {"place": f"comment-{post.pk}", "body": "Half an ans"})
    assert "Half an ans" in client.get(post.get_absolute_url()).content.decode()
    sent = client.post(f"/community/posts/{post.pk}/comment/", {"body": "Half an answer is none."})
    comment = Comment.objects.get()
    assert sent["Location"] == comment.get_absolute_url()
    assert not stranger.drafts.exists()


def test_a_form_that_is_refused_comes_back_with_what_was_written(post: Post, learner: User) -> None:
    long = "x" * 20_001
    response = signed_in(learner).post(f"/community/posts/{post.pk}/comment/", {"body": long})
    html = response.content.decode()
    assert "Use at most 20,000 characters." in html
    assert long in html
    assert (
        "Write something first."
        in signed_in(learner).post(f"/community/posts/{post.pk}/comment/", {"body": " "}).content.decode()
    )


def test_a_new_post_is_written_about_a_place_in_a_tutorial(
    learner: User, category: Category, tutorial: Tutorial
) -> None:
    client = signed_in(learner)
    block = tutorial.blocks[0]
    form = client.get(f"/community/new/?tutorial={tutorial.slug}&block={block['id']}").content.decode()
    assert block["text"] in form
    assert f'name="block" value="{block["id"]}"' in form
    assert f"{tutorial.get_absolute_url()}#{block['id']}" in form
    fields: dict[str, Any] = {
        "title": "What does the secret mean?",
        "type": "question",
        "category": category.slug,
        "body": "I do not see it.",
        "tags": "#First steps, prompting, prompting",
        "tutorial": tutorial.slug,
        "block": block["id"],
    }
    sent = client.post("/community/new/", fields)
    post = Post.objects.get()
    assert sent["Location"] == post.get_absolute_url()
    assert (post.tutorial, post.block, post.tags) == (tutorial, block["id"], ["first-steps", "prompting"])
    assert f"{tutorial.get_absolute_url()}#{block['id']}" in page(post)


def test_a_tutorial_that_cannot_be_one_is_none(learner: User) -> None:
    client = signed_in(learner)
    assert client.get("/community/new/", {"tutorial": "no-such", "block": "x"}).status_code == 200
    assert client.post("/community/new/", {"tutorial": "\0", "block": "\0"}).status_code == 200


def test_the_history_shows_what_changed(post: Post, learner: User) -> None:
    writing.edit_post(by=learner, post=post, changes={"title": "How do I keep it short?", "body": "They often ramble."})
    html = signed_in(None).get(f"/community/posts/{post.pk}/history/").content.decode()
    assert "<del>always</del>" in html
    assert "<ins>often</ins>" in html
    assert "How do I keep answers short?" in html
    states.set_state(post, State.HIDDEN)
    assert signed_in(None).get(f"/community/posts/{post.pk}/history/").status_code == 404


def test_the_page_costs_the_same_however_long_the_thread(post: Post, learner: User) -> None:
    client = signed_in(learner)

    def count() -> int:
        client.get(post.get_absolute_url())
        with CaptureQueriesContext(connection) as queries:
            assert client.get(post.get_absolute_url()).status_code == 200
        return len(queries)

    make_comment(post)
    before = count()
    for _ in range(6):
        likes.like(user=learner, text=make_comment(post))
    # Who it is, and the thread.
    assert count() == before == 2


def test_opening_the_page_marks_what_tells_of_it_as_read(post: Post, learner: User) -> None:
    client = signed_in(learner)
    client.get(post.get_absolute_url())
    comment = make_comment(post)
    notifying.notify(user=learner, kind=Kind.COMMENT, actor=comment.author, post=post, comment=comment)
    assert '<span class="header__count">1</span>' in client.get("/community/").content.decode()
    html = client.get(post.get_absolute_url()).content.decode()
    assert not Notification.objects.of(learner).unread().exists()
    # The bell tells what is unread now that the page is open.
    assert "header__count" not in html


def test_what_is_kept_of_a_comment_is_shown_to_nobody_else(
    post: Post, answer: Comment, learner: User, stranger: User, author: User, moderator: User
) -> None:
    """Each reader's page, with the markup of comments kept from the others', is the one that is made anew."""
    likes.like(user=author, text=answer)
    # What was just written is not kept.
    Comment.objects.filter(pk=answer.pk).update(created_at=timezone.now() - timedelta(days=2))
    readers = [None, learner, stranger, author, moderator]
    # Twice, in both orders: whatever one of them leaves behind, the next one meets.
    for reader in (*readers, *reversed(readers)):
        kept = comments_in(page(post, reader))
        assert community_threads.kept_markup.cache_info().currsize > 0
        community_threads.kept_markup.cache_clear()
        assert comments_in(page(post, reader)) == kept


def test_there_are_not_too_many_kinds_of_comment(db: None) -> None:
    """Each combination of what a comment can be and of who looks is rendered once, and kept."""
    row = threads.CommentRow(9, 9, None, "published", "<p>Yes.</p>", 0, None, 0, 5, "lea", "Lea", liked=False)
    for parent, thread, state, edited_at, likes_count, author_id, liked in product(
        (None, 1), (0, 9), State.values, (None, 1), (0, 2), (None, 4, 5), (False, True)
    ):
        each = row._replace(parent=parent, thread=thread, state=state, edited_at=edited_at, likes=likes_count)
        each = each._replace(author_id=author_id, liked=liked)
        for accepts, reader, is_own in product(
            (False, True), ("visitor", "member", "writer", "moderator"), (False, True)
        ):
            view = community_threads.View(7, 4, accepts, reader, UTC)
            assert "Yes." in community_threads.markup_of_comment(each, view, is_own, None) or state != State.PUBLISHED


def comments_in(html: str) -> list[str]:
    return re.findall(r'<article class="comment.*?</article>', html, re.DOTALL)


def test_what_changes_at_a_comment_shows_at_once(post: Post, answer: Comment, learner: User, stranger: User) -> None:
    assert answer.author == stranger
    before = page(post, learner)
    stranger.profile.display_name = "Samuel S. <Stranger>"
    stranger.profile.save()
    renamed = page(post, learner)
    assert "Samuel S. &lt;Stranger&gt;" in renamed
    assert "Samuel" not in before
    likes.like(user=learner, text=answer)
    assert "1 like" in "".join(comments_in(page(post, learner)))
    writing.edit_comment(by=stranger, comment=answer, body="Say it in **two** sentences.")
    assert "<strong>two</strong>" in page(post, learner)
    states.set_state(answer, State.HIDDEN)
    assert "sentences" not in page(post, learner)
    assert "sentences" in page(post, stranger)


def test_who_may_write_can_drop_images_into_the_text(post: Post, learner: User) -> None:
    assert "post-images" in page(post, learner)
    assert "post-images" not in page(post)


@pytest.mark.parametrize("state", State.values)
@pytest.mark.parametrize("level", ["free", "premium"])
def test_a_thread_opens_for_those_who_may_know_of_the_post(
    learner: User, stranger: User, moderator: User, level: str, state: str
) -> None:
    """The page reads by a statement of its own; what others read by is the QuerySet."""
    make_grant(stranger)
    place = make_category("A place", access=level)
    answered, alone = (make_post(author=moderator, category=place) for _ in range(2))
    make_comment(answered, author=moderator)
    Post.objects.update(author=learner, state=state)
    for viewer in (AnonymousUser(), learner, stranger, moderator):
        visible = set(Post.objects.visible_to(viewer).values_list("pk", flat=True))
        moderates = may_moderate(viewer)
        opened = {each.pk for each in (answered, alone) if threads.read_thread(each.pk, viewer, moderates=moderates)}
        assert opened == visible, (viewer, state, level)


def test_the_field_on_the_page_is_that_of_the_form(post: Post, learner: User) -> None:
    field = CommentForm().fields["body"]
    html = page(post, learner)
    area = re.search(r"<textarea([^>]*)>", html)
    assert area is not None
    attributes = dict(re.findall(r'([a-z-]+)="([^"]*)"', area[1]))
    assert attributes["name"] == "body"
    assert attributes["maxlength"] == str(LARGEST_POST)
    assert attributes["rows"] == str(field.widget.attrs["rows"])
    assert str(field.help_text) in html


def test_a_page_of_fifty_comments_weighs_little(post: Post, learner: User) -> None:
    words = "A comment of usual length says what one did, what came of it, and what one would try next time. "
    make_comments(post, 50, words)
    html = page(post, learner)
    assert len(shown(html)) == 50
    assert len(html.encode()) <= 50 * 1024


def make_comments(post: Post, number: int, words: str) -> None:
    """By many people, none of whom reaches a limit."""
    for _ in range(number):
        make_comment(post, body=f"{words}{next(numbers)}")
