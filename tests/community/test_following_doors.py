"""Following, the notification centre and the settings of mail, at pages and API."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from community import unread
from community.models import Kind, Notification, State, Watch
from community.services import following, notifying, reading, states
from tests.clients import signed_in
from tests.community.members import make_category, make_comment, make_post
from tests.factories import make_user

JSON = "application/json"


def tell(user: User, *, kind: Kind = Kind.MENTION, title: str = "") -> Notification:
    post = make_post(title)
    notifying.notify(user=user, kind=kind, actor=post.author, post=post)
    return Notification.objects.of(user).latest("id")


# Following


@pytest.fixture
def things(learner: User, author: User) -> dict[str, tuple[str, str]]:
    """Something to watch of each kind: its page, its API."""
    post = make_post("A post to watch", author=author, tags=["tools"])
    return {
        "post": (f"/community/posts/{post.pk}/watch/", f"/api/posts/{post.pk}/watch"),
        "category": ("/community/categories/prompting/watch/", "/api/categories/prompting/watch"),
        "tag": ("/community/tags/tools/watch/", "/api/tags/tools/watch"),
        "person": ("/community/people/ada-author/watch/", f"/api/users/{author.pk}/watch"),
    }


@pytest.mark.parametrize("what", ["post", "category", "tag", "person"])
def test_each_thing_is_watched_muted_and_left_at_page_and_api(
    learner: User, things: dict[str, tuple[str, str]], what: str
) -> None:
    page, api = things[what]
    client = signed_in(learner)
    for level in ("watching", "watching", "muted"):
        assert client.post(page, {"level": level}).status_code == 302
        assert list(learner.watches.values_list("level", flat=True)) == [level]
    assert client.post(page, {"level": ""}).status_code == 302
    assert not learner.watches.exists()
    for level in ("watching", "watching", "muted"):
        response = client.put(api, {"level": level}, content_type=JSON)
        assert (response.status_code, response.json()) == (200, {"level": level})
    (row,) = client.get("/api/watches").json()["results"]
    assert row["level"] == "muted"
    assert [name for name in ("post", "category", "tag", "user") if row[name]] == [what.replace("person", "user")]
    for _ in range(2):
        assert client.delete(api).status_code == 204
    assert not learner.watches.exists()


def test_htmx_gets_the_buttons_as_they_are_now(learner: User, things: dict[str, tuple[str, str]]) -> None:
    page = signed_in(learner).post(things["tag"][0], {"level": "muted"}, headers={"HX-Request": "true"})
    assert page.status_code == 200
    assert "Muted" in page.content.decode()
    assert "<html" not in page.content.decode()


@pytest.mark.parametrize("level", ["loud", "WATCHING", "x" * 500])
def test_another_level_is_refused_in_the_same_words(
    learner: User, things: dict[str, tuple[str, str]], level: str
) -> None:
    client = signed_in(learner)
    page = client.post(things["tag"][0], {"level": level})
    api = client.put(things["tag"][1], {"level": level}, content_type=JSON)
    assert (page.status_code, api.status_code) == (400, 400)
    assert "Choose watching or muted." in page.content.decode()
    assert api.json()["errors"][0]["detail"] == "Choose watching or muted."


def test_nobody_follows_themself_nor_what_is_no_tag(learner: User) -> None:
    client = signed_in(learner)
    own = client.put(f"/api/users/{learner.pk}/watch", {"level": "watching"}, content_type=JSON)
    assert own.status_code == 400
    assert "You cannot follow yourself." in own.content.decode()
    assert (
        "You cannot follow yourself."
        in client.post(f"/community/people/{learner.profile.handle}/watch/", {"level": "watching"}).content.decode()
    )
    tag = client.put("/api/tags/No%20Tag/watch", {"level": "watching"}, content_type=JSON)
    assert (tag.status_code, tag.json()["errors"][0]["field"]) == (400, "tag")
    for address in ("/api/tags/No%20Tag/watch", "/api/tags/%00/watch"):
        gone = client.delete(address)
        assert (gone.status_code, gone.json()["errors"][0]["field"]) == (400, "tag")
    assert client.post("/community/tags/NO_TAG/watch/", {"level": ""}).status_code < 500


def test_what_somebody_may_not_know_of_cannot_be_watched_nor_is_it_listed(learner: User, admin: User) -> None:
    space = make_category("Members", access="premium")
    post = make_post("Secret words", author=admin, category=space)
    client = signed_in(learner)
    for path in (f"/api/posts/{post.pk}/watch", f"/api/categories/{space.slug}/watch"):
        assert client.put(path, {"level": "watching"}, content_type=JSON).status_code == 404
    following.put_watch(user=learner, level="watching", post=post)
    following.put_watch(user=learner, level="watching", category=space)
    assert client.get("/api/watches").json()["results"] == []
    assert "Secret words" not in client.get("/community/following/").content.decode()


def test_one_follows_so_many_things_and_no_more(learner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "MOST", 1)
    client = signed_in(learner)
    assert client.put("/api/tags/one/watch", {"level": "watching"}, content_type=JSON).status_code == 200
    assert client.put("/api/tags/one/watch", {"level": "muted"}, content_type=JSON).status_code == 200
    refused = client.put("/api/tags/two/watch", {"level": "watching"}, content_type=JSON)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid")
    assert "which is the most" in refused.content.decode()


def test_the_list_of_what_one_follows_removes_only_ones_own(learner: User, stranger: User) -> None:
    watch = following.put_watch(user=learner, level="watching", tag="tools")
    assert signed_in(stranger).post(f"/community/following/{watch.pk}/remove/").status_code == 302
    assert Watch.objects.of(learner).exists()
    client = signed_in(learner)
    assert "#tools" in client.get("/community/following/").content.decode()
    assert client.post(f"/community/following/{watch.pk}/remove/").status_code == 302
    assert "You follow nothing yet" in client.get("/community/following/").content.decode()


# The notification centre


def test_the_centre_shows_the_newest_first_in_words_and_marks_what_is_unread(learner: User) -> None:
    client = signed_in(learner)
    assert "Nothing yet" in client.get("/notifications/").content.decode()
    first = tell(learner, title="The first one")
    tell(learner, title="The <i>second</i> one")
    reading.mark_read(user=learner, notification=first)
    page = client.get("/notifications/").content.decode()
    assert page.index("The &lt;i&gt;second&lt;/i&gt; one") < page.index("The first one")
    assert page.count("notice--unread") == 1


@pytest.mark.parametrize(
    ("kind", "others", "words"),
    [
        (Kind.LIKE, 0, "Bo likes your post “A title”"),
        (Kind.LIKE, 1, "Bo and 1 other like your post “A title”"),
        (Kind.LIKE, 3, "Bo and 3 others like your post “A title”"),
        (Kind.MENTION, 0, "Bo mentions you in “A title”"),
        (Kind.WATCHED_POST, 0, "Bo posted “A title”"),
        (Kind.MODERATION, 0, "From the moderators, about “A title”"),
    ],
)
def test_what_a_notification_says(learner: User, kind: Kind, others: int, words: str) -> None:
    post = make_post("A title")
    Notification.objects.create(user=learner, kind=kind, actor=make_user(name="Bo"), others=others, post=post)
    (row,) = signed_in(learner).get("/api/notifications").json()["results"]
    assert row["words"] == words


def test_who_left_is_a_former_member(learner: User) -> None:
    notification = tell(learner)
    assert notification.actor is not None
    notification.actor.delete()
    (row,) = signed_in(learner).get("/api/notifications").json()["results"]
    assert row["words"].startswith("Former member mentions you")
    assert row["actor"] is None


def test_opening_one_marks_it_read_and_leads_there_and_only_its_owner_can(learner: User, stranger: User) -> None:
    notification = tell(learner)
    path = f"/notifications/{notification.pk}/"
    assert signed_in(stranger).get(path).status_code == 404
    assert signed_in(stranger).post(f"{path}read/").status_code == 404
    assert Notification.objects.of(learner).unread().count() == 1
    response = signed_in(learner).get(path)
    assert notification.post is not None
    assert response["Location"] == notification.post.get_absolute_url()
    assert not Notification.objects.of(learner).unread().exists()
    assert not Notification.objects.of(learner).waiting_for_mail().exists()


def test_one_and_all_are_marked_read_and_unread_again(learner: User) -> None:
    client = signed_in(learner)
    first, _second, third = (tell(learner) for _ in range(3))
    assert unread.unread_count(learner) == 3
    assert client.put(f"/api/notifications/{first.pk}/read").status_code == 204
    assert client.post(f"/notifications/{third.pk}/read/").status_code == 302
    assert unread.unread_count(learner) == 1
    assert len(client.get("/api/notifications?unread=true").json()["results"]) == 1
    assert client.delete(f"/api/notifications/{first.pk}/read").status_code == 204
    assert unread.unread_count(learner) == 2
    assert client.put("/api/notifications/read").status_code == 204
    assert unread.unread_count(learner) == 0
    tell(learner)
    assert client.post("/notifications/read/").status_code == 302
    assert not Notification.objects.unread().exists()
    assert client.get("/api/notifications?unread=perhaps").status_code == 400


def test_one_is_not_unread_twice(learner: User) -> None:
    notification = tell(learner)
    reading.mark_read(user=learner, notification=notification)
    notifying.notify(user=learner, kind=Kind.MENTION, actor=notification.actor, post=notification.post)
    reading.mark_unread(user=learner, notification=notification)
    assert Notification.objects.of(learner).unread().count() == 1


def test_what_was_hidden_is_neither_shown_nor_counted_but_what_moderators_said_is(learner: User) -> None:
    post = make_post("To be hidden", author=learner)
    comment = make_comment(post)
    for kind, actor in ((Kind.COMMENT, comment.author), (Kind.MODERATION, None)):
        notifying.notify(user=learner, kind=kind, actor=actor, post=post, comment=comment, words="Be kind.")
    states.set_state(comment, State.HIDDEN)
    page = signed_in(learner).get("/notifications/").content.decode()
    assert page.count('class="notice ') == 1
    assert "Be kind." in page
    assert unread.unread_count(learner) == 1


def test_opening_a_thread_marks_what_tells_of_it_read_and_asks_nothing_where_nothing_is_unread(
    learner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    notification = tell(learner)
    other = tell(learner)
    post = notification.post
    assert post is not None
    reading.mark_thread_read(user=learner, post=post.pk)
    assert list(Notification.objects.of(learner).unread()) == [other]
    reading.mark_all_read(user=learner)
    from django.core.cache import cache

    cache.clear()
    assert unread.unread_count(learner) == 0
    with django_assert_num_queries(0):
        reading.mark_thread_read(user=learner, post=post.pk)


# Mail


def test_the_settings_say_and_set_how_often_at_page_and_api(learner: User, moderator: User) -> None:
    client = signed_in(learner)
    page = client.get("/settings/notifications/").content.decode()
    assert 'aria-current="page">Notifications' in re.sub(r"\s+", " ", page).replace('" >', '">')
    assert 'name="queue"' not in page
    assert 'name="queue"' in signed_in(moderator).get("/settings/notifications/").content.decode()
    now = client.get("/api/notification-settings").json()
    assert (now["mention"], now["like"]) == ("at_once", "weekly")
    fields = {kind: cadence for kind, cadence in now.items() if kind != "queue"} | {"like": "never"}
    assert client.post("/settings/notifications/", fields).status_code == 302
    assert client.get("/api/notification-settings").json()["like"] == "never"
    changed = client.put("/api/notification-settings", {"mention": "daily"}, content_type=JSON)
    assert (changed.status_code, changed.json()["mention"], changed.json()["like"]) == (200, "daily", "never")


def test_what_is_no_cadence_or_no_kind_is_refused(learner: User) -> None:
    client = signed_in(learner)
    words = "Choose at once, daily, weekly or never."
    api = client.put("/api/notification-settings", {"mention": "hourly"}, content_type=JSON)
    assert (api.status_code, api.json()["errors"]) == (
        400,
        [{"field": "mention", "code": "invalid_choice", "detail": words}],
    )
    page = client.post("/settings/notifications/", {"mention": "hourly"})
    assert words in page.content.decode()
    unknown = client.put("/api/notification-settings", {"lottery": "daily"}, content_type=JSON)
    assert unknown.json()["errors"][0]["field"] == "lottery"
    assert not learner.mail_preferences.exists()


# Costs


@pytest.mark.parametrize("path", ["/notifications/", "/community/following/", "/api/notifications", "/api/watches"])
def test_twice_the_rows_cost_no_more_queries(
    learner: User, path: str, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    client = signed_in(learner)
    client.get(path)
    counts = []
    for _ in range(2):
        for _ in range(4):
            notification = tell(learner)
            following.put_watch(user=learner, level="watching", post=notification.post)
        client.get(path)
        with django_assert_max_num_queries(8) as asked:
            assert client.get(path).status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]
