"""Finding posts in the lists, at the pages and at the API."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from community.forms.listing import ONE_PERSON, ONE_TUTORIAL, QUESTIONS_ONLY
from community.models import Post, PostTag, State, Watch
from community.services import likes, states, writing
from tests.community.members import make_category, make_comment, make_post
from tests.factories import make_grant, make_tutorial, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(learner: User) -> Client:
    client = Client()
    client.force_login(learner)
    return client


def listed(client: Client, address: str = "/community/") -> list[str]:
    """The titles in the order in which the page shows them."""
    page = client.get(address)
    assert page.status_code == 200, page.content
    return titles_on(page)


def titles_on(page: Any) -> list[str]:
    return [
        unescape(title)
        for title in re.findall(r"<h3 class=\"row__title\">.*?<bdi>(.*?)</bdi>", page.content.decode(), re.DOTALL)
    ]


def in_api(client: Client, query: str = "") -> list[str]:
    answer = client.get(f"/api/posts?{query}")
    assert answer.status_code == 200, answer.content
    return [result["title"] for result in answer.json()["results"]]


def set_back(post: Post, **ago: float) -> None:
    """As if it had been written some time ago, and nothing been said since."""
    then = timezone.now() - timedelta(**ago)
    Post.objects.filter(pk=post.pk).update(created_at=then, active_at=then)
    PostTag.objects.filter(post=post).update(active_at=then)


def walk(client: Client, address: str) -> list[list[int]]:
    """All pages of a list of the API, from the first to the last."""
    pages = []
    next_: str | None = address
    while next_:
        answer = client.get(next_).json()
        pages.append([result["id"] for result in answer["results"]])
        next_ = answer["next"]
    return pages


def walk_back(client: Client, address: str) -> list[list[int]]:
    """The same, from the last page to the first, in the order of the list."""
    answer = client.get(address).json()
    while answer["next"]:
        answer = client.get(answer["next"]).json()
    pages = [[result["id"] for result in answer["results"]]]
    while answer["previous"]:
        answer = client.get(answer["previous"]).json()
        pages.insert(0, [result["id"] for result in answer["results"]])
    return pages


# Orders


def test_the_latest_list_begins_with_what_was_said_last(visitor: Client) -> None:
    first, second = make_post("The older one"), make_post("The newer one")
    set_back(first, hours=2)
    set_back(second, hours=1)
    assert listed(visitor) == in_api(visitor) == ["The newer one", "The older one"]
    make_comment(first)
    assert listed(visitor) == in_api(visitor) == ["The older one", "The newer one"]


def test_the_newest_list_is_by_birth(visitor: Client) -> None:
    make_comment(make_post("The older one"))
    make_post("The newer one")
    assert listed(visitor, "/community/?order=newest") == in_api(visitor, "order=newest")
    assert listed(visitor, "/community/?order=newest") == ["The newer one", "The older one"]


def test_the_top_of_the_week_is_by_score_and_of_this_week(visitor: Client) -> None:
    good, better, old = make_post("Good enough"), make_post("Even better"), make_post("Best but old")
    make_comment(good)
    make_comment(better)
    make_comment(better)
    for _ in range(3):
        make_comment(old)
    set_back(old, days=9)
    assert listed(visitor, "/community/?order=top") == in_api(visitor, "order=top") == ["Even better", "Good enough"]


def test_the_top_of_a_tag_is_by_score_and_follows_it_at_once(visitor: Client, learner: User) -> None:
    good, better, old = (make_post(title, tags=["rag"]) for title in ("Good enough", "Even better", "Best but old"))
    untagged = make_post("Without the tag")
    for post, comments in ((good, 1), (better, 2), (old, 5), (untagged, 5)):
        for _ in range(comments):
            make_comment(post)
    set_back(old, days=9)

    def top() -> list[str]:
        titles = in_api(visitor, "order=top&tag=rag")
        assert titles == listed(visitor, "/community/tags/rag/?order=top")
        return titles

    assert top() == ["Even better", "Good enough"]
    likes.like(user=learner, text=good)
    assert top() == ["Good enough", "Even better"]
    likes.unlike(user=learner, text=good)
    assert top() == ["Even better", "Good enough"]
    states.set_state(better, State.HIDDEN)
    assert top() == ["Good enough"]
    states.set_state(better, State.PUBLISHED)
    assert top() == ["Even better", "Good enough"]
    assert untagged.author is not None
    writing.edit_post(by=untagged.author, post=untagged, changes={"tags": ["rag"]})
    assert top() == ["Without the tag", "Even better", "Good enough"]


def test_the_top_of_a_tag_is_paged_over_its_days(visitor: Client) -> None:
    posts = [make_post(f"Post number {number}", tags=["rag"]) for number in range(7)]
    for number, post in enumerate(posts):
        set_back(post, days=number)
        for _ in range(number % 3):
            make_comment(post)
    # More of one day than a page holds, and of one score.
    alike = [make_post(f"Alike number {number}", tags=["rag"]) for number in range(5)]
    score = {post.pk: posts.index(post) % 3 if post in posts else 0 for post in (*posts, *alike)}
    wanted = sorted(score, key=lambda pk: (score[pk], pk), reverse=True)
    pages = walk(visitor, "/api/posts?order=top&tag=rag&page_size=2")
    assert [pk for page in pages for pk in page] == wanted
    assert walk_back(visitor, "/api/posts?order=top&tag=rag&page_size=2") == pages


def test_the_unanswered_are_questions_without_a_comment(visitor: Client) -> None:
    make_post("Nobody knows")
    make_comment(make_post("Somebody knows"))
    make_post("Only a talk", type="discussion")
    assert listed(visitor, "/community/?order=unanswered") == in_api(visitor, "order=unanswered") == ["Nobody knows"]
    assert in_api(visitor, "order=unanswered&type=question") == ["Nobody knows"]


# Filters


def test_a_category_has_its_own_posts(visitor: Client) -> None:
    make_post("In this one", category=make_category("Models"))
    make_post("In another")
    assert listed(visitor, "/community/c/models/") == in_api(visitor, "category=models") == ["In this one"]


@pytest.mark.parametrize("order", ["latest", "newest", "top", "unanswered"])
def test_a_tag_has_its_posts_in_every_order(visitor: Client, order: str) -> None:
    older = make_post("The older one", tags=["rag", "evaluation"])
    make_post("The newer one", tags=["rag"])
    make_post("Of another tag", tags=["evaluation"])
    for post in (older,):
        set_back(post, hours=1)
    expected = ["The newer one", "The older one"]
    assert listed(visitor, f"/community/tags/rag/?order={order}") == expected
    assert in_api(visitor, f"tag=rag&order={order}") == expected


@pytest.mark.parametrize("order", ["latest", "newest", "top"])
def test_a_type_narrows_every_list(visitor: Client, order: str) -> None:
    make_post("Look what I made", type="show_and_tell", tags=["rag"])
    make_post("What do you think", type="discussion", tags=["rag"])
    for narrowed in ("", "&tag=rag", "&category=prompting"):
        assert in_api(visitor, f"type=discussion&order={order}{narrowed}") == ["What do you think"]


def test_filters_narrow_together(visitor: Client) -> None:
    models = make_category("Models")
    make_post("Both of them", category=models, tags=["rag"])
    make_post("Category only", category=models)
    make_post("The tag only", tags=["rag"])
    assert in_api(visitor, "category=models&tag=rag") == ["Both of them"]


def test_a_tutorial_has_what_was_asked_about_it(visitor: Client) -> None:
    tutorial = make_tutorial("Retrieval")
    first, second = (make_post(title, tutorial=tutorial) for title in ("Asked first", "Asked second"))
    set_back(second, hours=1)
    make_post("About something else")
    assert listed(visitor, "/community/?tutorial=retrieval") == ["Asked first", "Asked second"]
    assert in_api(visitor, "tutorial=retrieval") == ["Asked first", "Asked second"]
    assert in_api(visitor, f"tutorial=retrieval&author={first.author.profile.handle}") == ["Asked first"]  # type: ignore[union-attr]


def test_a_person_has_what_they_wrote_newest_first(visitor: Client, learner: User) -> None:
    make_post("Written first", author=learner)
    make_post("Written second", author=learner)
    make_post("By somebody else")
    assert in_api(visitor, "author=lea-learner") == ["Written second", "Written first"]
    assert listed(visitor, "/community/?author=lea-learner") == ["Written second", "Written first"]


def test_who_shows_nobody_what_they_write_is_listed_for_themselves_only(member: Client, learner: User) -> None:
    make_post("My own words", author=learner)
    learner.profile.activity_visible_to = "nobody"
    learner.profile.save()
    assert in_api(member, "author=lea-learner") == ["My own words"]
    unseen, nobody = (Client().get(f"/api/posts?author={handle}") for handle in ("lea-learner", "nobody-at-all"))
    assert unseen.status_code == nobody.status_code == 400
    assert unseen.json()["errors"] == nobody.json()["errors"]


# What is not there for everybody


@pytest.mark.parametrize("order", ["latest", "newest", "top", "unanswered"])
def test_a_space_is_invisible_at_every_list(visitor: Client, member: Client, learner: User, order: str) -> None:
    space = make_category("Workshop", access="premium")
    writer = make_user()
    make_grant(writer)
    tutorial = make_tutorial("Retrieval")
    make_post("Hidden in the space", author=writer, category=space, tags=["rag"], tutorial=tutorial)
    make_post("Open to everybody", author=writer, tags=["rag"], tutorial=tutorial)
    for client in (visitor, member):
        for query in (f"order={order}", f"order={order}&tag=rag"):
            assert in_api(client, query) == ["Open to everybody"]
        assert in_api(client, "tutorial=retrieval") == ["Open to everybody"]
        assert in_api(client, f"author={writer.profile.handle}") == ["Open to everybody"]
        assert "Workshop" not in client.get(f"/community/?order={order}").content.decode()
        assert client.get(f"/community/c/workshop/?order={order}").status_code == 404
        there, nowhere = (client.get(f"/api/posts?category={slug}&order={order}") for slug in ("workshop", "nowhere"))
        assert there.status_code == nowhere.status_code == 400
        assert there.json()["errors"] == nowhere.json()["errors"]
        assert "workshop" not in client.get("/api/categories").content.decode()
    make_grant(learner)
    assert sorted(in_api(member, f"order={order}")) == ["Hidden in the space", "Open to everybody"]
    assert listed(member, f"/community/c/workshop/?order={order}") == ["Hidden in the space"]


@pytest.mark.parametrize("state", ["held", "hidden", "deleted"])
def test_only_what_is_published_is_listed(member: Client, learner: User, state: str) -> None:
    post = make_post("Taken away again", author=learner, tags=["rag"])
    states.set_state(post, State(state))
    for query in ("", "order=newest", "order=top", "order=unanswered", "tag=rag", "author=lea-learner"):
        assert in_api(member, query) == []


def test_who_is_gone_is_a_former_member(visitor: Client) -> None:
    post = make_post("Left behind here")
    Post.objects.filter(pk=post.pk).update(author=None)
    assert "Former member" in visitor.get("/community/").content.decode()
    assert visitor.get("/api/posts").json()["results"][0]["author"] is None


# Pins


def test_what_is_pinned_stands_above_its_list_and_nowhere_twice(visitor: Client) -> None:
    everywhere, here = make_post("Pinned everywhere"), make_post("Pinned in here")
    make_post("An ordinary one")
    Post.objects.filter(pk=everywhere.pk).update(pinned="everywhere")
    Post.objects.filter(pk=here.pk).update(pinned="category")
    assert listed(visitor) == ["Pinned everywhere", "An ordinary one", "Pinned in here"]
    assert listed(visitor, "/community/c/prompting/") == ["Pinned in here", "Pinned everywhere", "An ordinary one"]
    page = visitor.get("/community/?page_size=1")
    titles = titles_on(page)
    while page.context["next"]:
        page = visitor.get(page.context["next"])
        titles += titles_on(page)
    assert titles == ["Pinned everywhere", "An ordinary one", "Pinned in here"]


def test_programs_get_what_is_pinned_in_its_place(visitor: Client) -> None:
    pinned = make_post("Pinned and older")
    make_post("Newer than that")
    Post.objects.filter(pk=pinned.pk).update(pinned="everywhere")
    assert in_api(visitor) == ["Newer than that", "Pinned and older"]


@pytest.mark.parametrize("pin", ["everywhere", "category"])
def test_a_pin_in_a_space_shows_nothing_of_it(visitor: Client, pin: str) -> None:
    writer = make_user()
    make_grant(writer)
    post = make_post("Pinned in a space", author=writer, category=make_category("Workshop", access="premium"))
    Post.objects.filter(pk=post.pk).update(pinned=pin)
    assert listed(visitor) == []


# Muting


def test_what_somebody_muted_is_left_out_of_the_whole_list(member: Client, visitor: Client, learner: User) -> None:
    loud, shouting = make_post("Too loud for me"), make_user()
    models = make_category("Models")
    make_post("Of a muted tag", tags=["drama"])
    make_post("Of a muted person", author=shouting)
    make_post("In a muted category", category=models)
    make_post("What is left over")
    for muted in ({"post": loud}, {"tag": "drama"}, {"person": shouting}, {"category": models}):
        Watch.objects.create(user=learner, level="muted", **muted)
    for order in ("latest", "newest", "top", "unanswered"):
        assert in_api(member, f"order={order}") == ["What is left over"]
        assert len(in_api(visitor, f"order={order}")) == 5
    assert listed(member, "/community/c/models/") == ["In a muted category"]
    assert listed(member, "/community/tags/drama/") == ["Of a muted tag"]


def test_what_somebody_watches_is_not_muted(member: Client, learner: User) -> None:
    post = make_post("Very interesting")
    Watch.objects.create(user=learner, level="watching", post=post)
    assert in_api(member) == ["Very interesting"]


# Pages


@pytest.mark.parametrize(
    "query", ["order=latest", "order=newest", "order=top", "order=unanswered", "tag=rag", "tag=rag&order=newest"]
)
def test_nothing_is_shown_twice_or_missed_while_posts_arrive(visitor: Client, query: str) -> None:
    there = {make_post(category=make_category(f"C{number % 3}"), tags=["rag"]).pk for number in range(7)}
    seen: list[int] = []
    back: list[str] = []
    address: str | None = f"/api/posts?{query}&page_size=2"
    while address:
        answer = visitor.get(address).json()
        seen += [result["id"] for result in answer["results"]]
        address = answer["next"]
        back.append(answer["previous"])
        make_post(tags=["rag"])
    assert len(seen) == len(set(seen))
    assert there <= set(seen)
    # And back to where it began, with what came meanwhile before it.
    returned: list[int] = []
    address = back[-1]
    while address:
        answer = visitor.get(address).json()
        returned = [result["id"] for result in answer["results"]] + returned
        address = answer["previous"]
    assert returned[-6:] == seen[:6]
    assert len(returned) == len(set(returned))
    assert len(returned) > len(seen) - 2


def test_posts_of_the_same_moment_are_all_listed(visitor: Client) -> None:
    posts = [make_post() for _ in range(5)]
    now = timezone.now()
    Post.objects.update(active_at=now)
    pages = walk(visitor, "/api/posts?page_size=2")
    assert [pk for page in pages for pk in page] == [post.pk for post in reversed(posts)]


def test_a_cursor_of_another_order_is_refused(visitor: Client) -> None:
    for _ in range(3):
        make_post()
    cursor = visitor.get("/api/posts?page_size=1").json()["next"].partition("cursor=")[2].partition("&")[0]
    answer = visitor.get(f"/api/posts?order=newest&cursor={cursor}")
    assert answer.status_code == 400
    assert "Start again without it" in answer.json()["errors"][0]["detail"]


# Bad input


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("order=best", "Choose latest, newest, top or unanswered."),
        ("type=poem", "Choose question, discussion or show_and_tell."),
        ("category=nowhere", "There is no such category."),
        ("tag=A+B", "Use small letters, digits and single hyphens in a tag."),
        ("tutorial=nothing", "There is no such tutorial."),
        ("author=nobody-here", "There is nobody of this handle whose posts you may list."),
        ("author=lea-learner&order=top", ONE_PERSON),
        ("tutorial=retrieval&order=top", ONE_TUTORIAL),
        ("order=unanswered&type=discussion", QUESTIONS_ONLY),
        ("page_size=many", "Enter a whole number."),
        ("cursor=made-up", "Start again without it."),
    ],
)
def test_page_and_api_say_in_the_same_words_what_is_wrong(
    visitor: Client, learner: User, query: str, words: str
) -> None:
    make_tutorial("Retrieval")
    page, api = visitor.get(f"/community/?{query}"), visitor.get(f"/api/posts?{query}")
    assert page.status_code == api.status_code == 400
    assert words in page.content.decode()
    assert words in api.json()["errors"][0]["detail"]


@pytest.mark.parametrize("address", ["/community/c/nowhere/", "/community/tags/Not-A-Tag/"])
def test_a_place_that_is_none_is_not_found(visitor: Client, address: str) -> None:
    assert visitor.get(address).status_code == 404


@pytest.mark.parametrize("query", ["category=' OR 1=1", "tag='; DROP TABLE community_post", "order=id) --"])
def test_what_is_asked_for_never_becomes_part_of_the_statement(visitor: Client, query: str) -> None:
    assert visitor.get(f"/api/posts?{query}").status_code == 400


# Pages as such


def test_titles_and_excerpts_are_escaped(visitor: Client) -> None:
    post = make_post("Why does <b>this</b> fail?")
    Post.objects.filter(pk=post.pk).update(text="<script>alert(1)</script>")
    page = visitor.get("/community/").content.decode()
    assert "&lt;b&gt;this&lt;/b&gt;" in page
    assert "<script>alert(1)" not in page


@pytest.mark.parametrize("query", ["", "?order=top", "?order=unanswered"])
def test_an_empty_list_says_what_to_do(visitor: Client, query: str) -> None:
    assert "empty__title" in visitor.get(f"/community/{query}").content.decode()


def test_members_watch_a_category_or_a_tag_where_its_posts_are(member: Client, visitor: Client, learner: User) -> None:
    make_post(tags=["rag"])
    Watch.objects.create(user=learner, level="watching", tag="rag")
    assert 'id="watch_it" type="submit" name="level" value=""' in member.get("/community/tags/rag/").content.decode()
    # Once made, and once kept.
    for _ in range(2):
        page = member.get("/community/c/prompting/").content.decode()
        assert "/community/categories/prompting/watch/" in page
        assert 'id="watch_it" type="submit" name="level" value="watching"' in page
        assert "/watch/" not in visitor.get("/community/c/prompting/").content.decode()


@pytest.mark.parametrize("address", ["/community/", "/community/?order=newest", "/community/c/prompting/"])
def test_around_the_list_nothing_is_shown_of_another(
    member: Client, visitor: Client, learner: User, moderator: User, address: str
) -> None:
    make_post()
    moderated = Client()
    moderated.force_login(moderator)
    clients = (moderated, member, visitor)
    before = [client.get(address).content.decode() for client in clients]
    after = [client.get(address).content.decode() for client in clients]
    names = [moderator.email, learner.email]
    for moderates, shown, page in (
        *((True, moderator.email, before[0]), (False, learner.email, before[1]), (False, "", before[2])),
        *((True, moderator.email, after[0]), (False, learner.email, after[1]), (False, "", after[2])),
    ):
        assert ("/community/moderation/" in page) == moderates
        assert [name for name in names if name in page] == ([shown] if shown else [])
        assert ("Sign out" in page) == bool(shown)


def test_what_changes_around_the_list_is_seen_at_once(member: Client) -> None:
    make_post()
    assert "Workshop" not in member.get("/community/").content.decode()
    category = make_category("Workshop")
    assert "Workshop" in member.get("/community/").content.decode()
    category.description = "Where we <build>."
    category.save()
    make_post(category=category)
    assert "Where we &lt;build&gt;." in member.get(category.get_absolute_url()).content.decode()
    category.description = "Where we build."
    category.save()
    assert "Where we build." in member.get(category.get_absolute_url()).content.decode()


def test_moderators_find_the_queue_from_the_list(member: Client, moderator: User) -> None:
    assert "/community/moderation/" not in member.get("/community/").content.decode()
    member.force_login(moderator)
    assert "/community/moderation/" in member.get("/community/").content.decode()


def test_feed_readers_find_the_feed_of_each_list(visitor: Client, learner: User) -> None:
    make_grant(learner)
    make_post(tags=["rag"], category=make_category("Workshop", access="premium"), author=learner)
    make_post(tags=["rag"])
    for address in ("/community/", "/community/c/prompting/", "/community/tags/rag/"):
        assert f'href="{address}feed.atom"' in visitor.get(address).content.decode()
    member = Client()
    member.force_login(learner)
    assert "workshop/feed.atom" not in member.get("/community/c/workshop/").content.decode()


def test_the_page_marks_where_one_is(visitor: Client) -> None:
    page = visitor.get("/community/?order=top").content.decode()
    assert page.count('aria-current="page">Top of the week') == 1


@pytest.mark.parametrize(
    "address", ["/community/", "/community/c/prompting/", "/community/tags/rag/?order=top", "/api/posts?order=newest"]
)
def test_the_number_of_queries_does_not_grow_with_the_posts(member: Client, learner: User, address: str) -> None:
    def post_some() -> None:
        for _ in range(4):
            make_comment(make_post(tags=["rag"]))

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert member.get(address).status_code == 200
        return len(captured)

    Watch.objects.create(user=learner, level="muted", tag="drama")
    post_some()
    member.get(address)
    few = queries()
    post_some()
    assert queries() == few <= 8


def test_the_api_says_all_of_a_post_but_its_text(member: Client, learner: User) -> None:
    author = make_user(name="Nina New")
    post = make_post("How is this shown?", author=author, tags=["rag"], body="In short.")
    make_comment(post)
    likes.like(user=learner, text=post)
    [result] = member.get("/api/posts").json()["results"]
    assert result | {"created_at": "", "active_at": ""} == {
        "id": post.pk,
        "title": "How is this shown?",
        "type": "question",
        "category": "prompting",
        "tags": ["rag"],
        "author": {"id": author.pk, "handle": "nina-new", "name": "Nina New"},
        "excerpt": "In short.",
        "likes": 1,
        "liked": True,
        "comments": 1,
        "solved": False,
        "locked": False,
        "created_at": "",
        "edited_at": None,
        "active_at": "",
    }


def test_the_api_lists_the_categories_that_one_may_know_of(visitor: Client) -> None:
    make_category("Prompting", description="Asking well.")
    make_category("Workshop", access="premium")
    assert visitor.get("/api/categories").json()["results"] == [
        {"slug": "prompting", "name": "Prompting", "description": "Asking well.", "access": "free", "staff_only": False}
    ]


def test_with_words_the_api_searches(visitor: Client) -> None:
    post = make_post("Why does retrieval fail?")
    make_post("Something else entirely")
    [result] = visitor.get("/api/posts?q=retrieval").json()["results"]
    assert (result["id"], result["comment"]) == (post.pk, None)
    answer = visitor.get("/api/posts?q=retrieval&tag=rag")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "tag"
