"""What was begun is kept until it is published, and not beyond."""

from __future__ import annotations

import re

from django.test import Client

from accounts.models import User
from community.models import Category, Draft, Post
from tests.clients import signed_in


def name_of(client: Client, page: str) -> str:
    """What tells the page that is shown now from all others."""
    form = client.get(page).content.decode().partition('<form class="form form--wide"')[2]
    (found,) = re.findall(r'name="page" value="(\w+)"', form.partition("</form>")[0])
    return str(found)


def test_what_a_page_has_sent_before_its_text_was_published_and_comes_later_is_no_draft(
    learner: User, category: Category
) -> None:
    """As the browser saves by itself a moment after the last key, and does not wait for the answer."""
    client = signed_in(learner)
    written = {
        "page": name_of(client, "/community/new/"),
        "place": "post",
        "title": "Why does it guess?",
        "type": "question",
        "category": category.slug,
        "body": "I do not know.",
    }
    assert client.post("/community/drafts/save/", written).status_code == 302
    assert Draft.objects.count() == 1
    assert client.post("/community/new/", written).status_code == 302
    client.post("/community/drafts/save/", written | {"body": "I do not kno"})
    assert (Post.objects.count(), Draft.objects.count()) == (1, 0)
    # The next is begun on another page.
    client.post("/community/drafts/save/", written | {"page": name_of(client, "/community/new/")})
    assert Draft.objects.count() == 1


def test_neither_is_it_in_a_thread(stranger: User, post: Post) -> None:
    client = signed_in(stranger)
    written = {"place": f"comment-{post.pk}", "page": name_of(client, post.get_absolute_url())}
    client.post(f"/community/posts/{post.pk}/comment/", written | {"body": "Say how many sentences you want."})
    assert post.comments.count() == 1
    client.post("/community/drafts/save/", written | {"body": "Say how many sentences you wan"})
    assert not Draft.objects.exists()


def test_what_could_not_be_published_is_kept_as_before(learner: User, category: Category) -> None:
    client = signed_in(learner)
    written = {"page": name_of(client, "/community/new/"), "place": "post", "body": "I do not know."}
    assert client.post("/community/new/", written).status_code == 200
    client.post("/community/drafts/save/", written)
    assert Draft.objects.count() == 1
