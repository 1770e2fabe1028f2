"""Search, similar posts, feeds, sections and the site's map: what they show, and what they never do."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from community.models import Category, Comment, Post, State
from community.services import states
from tests.clients import signed_in
from tests.community.members import make_category, make_comment, make_post
from tests.factories import make_grant, make_tutorial, make_user
from tests.heads import map_of_site
from tutorials.models import Tutorial

pytestmark = pytest.mark.django_db

# What must not be seen, and a title that gives it away.
SECRET = "quokka"


@pytest.fixture
def space() -> Category:
    return make_category("Inner circle", access="premium")


@pytest.fixture
def unseen(space: Category, tutorial: Tutorial) -> dict[str, Any]:
    """Texts with the secret in them that a stranger must not see, each for another reason; and one open post."""
    author = make_user(name="Wilma Writer")
    author.profile.activity_visible_to = "everybody"
    author.profile.save()
    make_grant(author)
    make_grant(make_user())
    about: dict[str, Any] = {"author": author, "tags": [SECRET], "tutorial": tutorial}
    gone = [make_post(f"The {SECRET} number {n} here", **about, body=f"{SECRET} text {n}") for n in range(3)]
    make_comment(gone[0], author=author, body=f"Also a {SECRET}.")
    in_space = make_post(f"The {SECRET} of members", **about, category=space, body=f"{SECRET} text")
    make_comment(in_space, author=author, body=f"Another {SECRET}.")
    shown = make_post("An open question here", author=author, tutorial=tutorial)
    comments = [make_comment(shown, author=author, body=f"A {SECRET} number {n}.") for n in range(3)]
    texts_of_each: tuple[list[Any], ...] = (gone, comments)
    for texts in texts_of_each:
        for text, state in zip(texts, (State.HELD, State.HIDDEN, State.DELETED), strict=True):
            states.set_state(text, state)
    return {"author": author, "shown": shown, "space": in_space, "gone": gone}


DOORS = [
    f"/search/?q={SECRET}",
    f"/search/?q={SECRET[1:5]}",
    f"/search/?q=tag:{SECRET}",
    f"/search/?q={SECRET}&order=newest",
    "/search/?q=number",
    f"/api/posts?q={SECRET}",
    f"/api/posts?q=tag:{SECRET}",
    "/api/posts?q=number&order=newest",
    f"/community/similar/?title=the+{SECRET}+of+members",
    f"/api/posts/similar?title=the+{SECRET}+number+1+here",
    "/community/feed.atom",
    "/community/c/prompting/feed.atom",
    f"/community/tags/{SECRET}/feed.atom",
    "/community/posts/{shown}/feed.atom",
    "/tutorials/prompting-that-works/",
    "/u/wilma-writer/",
    "/",
    "/sitemap.xml",
    "/sitemap-posts.xml",
]


@pytest.mark.parametrize("door", DOORS)
def test_what_may_not_be_seen_shows_at_no_door(unseen: dict[str, Any], stranger: User, door: str) -> None:
    address = door.format(shown=unseen["shown"].pk)
    # What was asked for is said again, and a feed has its own name.
    asked = {SECRET, SECRET[1:5], f"tag:{SECRET}", f"#{SECRET}"}
    for client in (Client(), signed_in(stranger)):
        response = client.get(address)
        assert response.status_code == 200
        text = response.content.decode()
        for words in (f"The {SECRET}", f"the-{SECRET}", f"{SECRET} text", f"A {SECRET}", f"<mark>{SECRET}", "Inner"):
            assert words not in text, words
        assert text.count(SECRET) == 0 or any(words in address for words in asked)
        assert f"/posts/{unseen['space'].pk}/" not in text
        assert f"/posts/{unseen['gone'][0].pk}/" not in text


def test_those_who_may_see_a_space_find_what_is_in_it(unseen: dict[str, Any]) -> None:
    member = signed_in(unseen["author"])
    (row,) = member.get(f"/api/posts?q={SECRET}").json()["results"]
    assert row["id"] == unseen["space"].pk
    (alike,) = member.get(f"/api/posts/similar?title=the {SECRET} of all members").json()["results"]
    assert alike["id"] == unseen["space"].pk
    assert b"Another" in member.get(f"/search/?q=another {SECRET}").content
    # Feeds are read by programs, which nobody signs in.
    for address in ("/community/feed.atom", "/community/c/inner-circle/feed.atom"):
        assert SECRET.encode() not in member.get(address).content
    assert member.get("/community/c/inner-circle/feed.atom").status_code == 404
    assert member.get(f"/community/posts/{unseen['space'].pk}/feed.atom").status_code == 404
    assert member.get(f"/community/posts/{unseen['gone'][1].pk}/feed.atom").status_code == 404


def test_a_space_is_like_no_category_to_whoever_may_not_know_of_it(visitor: Client, space: Category) -> None:
    def said(slug: str) -> str:
        return visitor.get(f"/search/?q=category:{slug}").content.decode().replace(slug, "x")

    assert said("inner-circle") == said("no-such-place")


def test_the_search_page_shows_tutorials_and_posts(visitor: Client, learner: User) -> None:
    make_tutorial("Fox tutorial")
    make_post("Is a fox a hound", author=learner, body="<b>bold</b> fox & co")
    page = visitor.get("/search/?q=fox").content.decode()
    assert "<mark>Fox</mark> tutorial" in page
    assert "Is a <mark>fox</mark> a hound" in page
    assert "<b>bold" not in page
    assert "tutorial and no post" in visitor.get("/search/?q=xylophone").content.decode()
    assert "Type what you look for" in visitor.get("/search/").content.decode()


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ("after:soon", "“after:” needs a day, such as after:2026-01-31."),
        ("colour:red", "There is no filter colour"),
        ("is:red", "After is: write solved, unsolved or question."),
        ("x" * 201, "Search for at most 200 characters."),
    ],
)
def test_what_is_wrong_with_a_question_is_said_in_the_same_words_at_page_and_api(
    visitor: Client, question: str, message: str
) -> None:
    page = visitor.get("/search/", {"q": question})
    assert page.status_code == 200
    assert message in page.content.decode()
    answer = visitor.get("/api/posts", {"q": question})
    assert answer.status_code == 400
    (fault,) = answer.json()["errors"]
    assert fault["field"] == "q"
    assert message in fault["detail"]


def test_a_place_that_no_page_leads_to_is_refused(visitor: Client) -> None:
    for wrong in ({"cursor": "made-up"}, {"order": "size"}, {"page_size": "0"}):
        assert visitor.get("/search/", {"q": "fox"} | wrong).status_code == 400
        assert visitor.get("/api/posts", {"q": "fox"} | wrong).status_code == 400


@pytest.mark.parametrize("order", ["best", "newest"])
def test_pages_of_a_search_follow_each_other_while_posts_arrive(visitor: Client, learner: User, order: str) -> None:
    first_ones = [
        make_post(f"Fox number {n} here", author=learner, body="fox " * (n % 3 + 1) + f"and {n}").pk for n in range(7)
    ]
    address: str | None = f"/api/posts?q=fox&page_size=2&order={order}"
    everything = [row["id"] for row in visitor.get(f"/api/posts?q=fox&order={order}").json()["results"]]
    assert sorted(everything) == first_ones
    seen, last = [], {}
    while address:
        last = visitor.get(address).json()
        seen.append([row["id"] for row in last["results"]])
        address = last["next"]
        make_post("Another fox meanwhile", author=make_user(), body="Yet another fox.")
    met = [pk for page in seen for pk in page]
    assert len(met) == len(set(met))
    assert [pk for pk in met if pk in first_ones] == everything
    back = visitor.get(last["previous"]).json()
    assert [row["id"] for row in back["results"]][-1:] == met[: -len(seen[-1])][-1:]


def test_a_search_costs_as_many_queries_for_twice_as_many_posts(learner: User, tutorial: Tutorial) -> None:
    client = signed_in(learner)

    def queries(address: str) -> int:
        # What was changed a moment ago is not remembered.
        cache.clear()
        client.get(address)
        with CaptureQueriesContext(connection) as context:
            assert client.get(address).status_code == 200
        return len(context)

    addresses = [
        "/search/?q=prompting fox",
        "/search/?q=gress",
        "/api/posts?q=fox",
        "/community/similar/?title=a fox, what is it",
    ]
    counts, numbers = [], itertools.count()
    for _ in range(2):
        for _ in range(4):
            make_comment(make_post(f"A fox in progress {next(numbers)}"), body=f"A fox {next(numbers)}.")
        counts.append([queries(address) for address in addresses])
    assert counts[0] == counts[1]
    # Where few texts have the words as such, posts are asked for once more, with parts of words.
    assert max(counts[1][2:]) <= 8, counts
    assert max(counts[1]) <= 11, counts


def test_similar_posts_are_those_with_words_in_common(visitor: Client, learner: User) -> None:
    make_post("How do I evaluate a retrieval pipeline?", author=learner)
    make_post("What do you pay for tokens?", author=learner)
    make_post("机器学习的提示词怎么写", author=learner)

    def like(title: str) -> list[str]:
        page = visitor.get("/community/similar/", {"title": title})
        assert page.status_code == 200
        titles = [row["title"] for row in visitor.get("/api/posts/similar", {"title": title}).json()["results"]]
        assert titles == [row["title"] for row in page.context["posts"]]
        return titles

    assert like("Evaluating retrieval") == ["How do I evaluate a retrieval pipeline?"]
    assert like("what will you pay for a token") == ["What do you pay for tokens?"]
    assert like("机器学习怎么写提示词") == ["机器学习的提示词怎么写"]
    for nothing in ("", "retriev", "xylophones of the world", "'; -- \\ ' | & !", "the the the the"):
        assert like(nothing) == []
    assert like("retrieval " * 200) in ([], ["How do I evaluate a retrieval pipeline?"])


def test_feeds_have_the_newest_first_with_their_text(visitor: Client, learner: User) -> None:
    older = make_post("An older post & more", author=learner, tags=["first-tag"], body="With **bold** \x0b text")
    make_post("A newer post here", author=learner, category=make_category("Tools"))
    make_comment(older, author=learner, body="A reply *here*.")
    feed = visitor.get("/community/feed.atom")
    text = feed.content.decode()
    assert feed["Content-Type"].startswith("application/atom+xml")
    assert text.index("A newer post here") < text.index("An older post &amp; more")
    assert "&lt;strong&gt;bold&lt;/strong&gt;" in text
    for address in ("/community/c/prompting/feed.atom", "/community/tags/first-tag/feed.atom"):
        text = visitor.get(address).content.decode()
        assert "An older post" in text
        assert "A newer post" not in text
    said = visitor.get(f"/community/posts/{older.pk}/feed.atom").content.decode()
    assert "A reply &lt;em&gt;here&lt;/em&gt;." in said
    assert "<name>Lea Learner</name>" in said
    assert visitor.get("/community/c/no-such-place/feed.atom").status_code == 404
    again = visitor.get("/community/feed.atom", headers={"If-None-Match": feed["ETag"]})
    assert again.status_code == 304


def test_former_members_are_named_so_in_feeds_and_results(visitor: Client, learner: User) -> None:
    post = make_post("Who wrote this post", author=learner)
    comment = make_comment(post, author=learner)
    Post.objects.update(author=None)
    Comment.objects.filter(pk=comment.pk).update(author=None)
    for address in ("/community/feed.atom", f"/community/posts/{post.pk}/feed.atom", "/search/?q=wrote"):
        assert "Former member" in visitor.get(address).content.decode()


def test_the_map_of_the_site_leads_to_open_posts(visitor: Client, learner: User, monkeypatch: Any) -> None:
    posts = [make_post(f"Open post number {n}", author=learner) for n in range(3)]
    everything = map_of_site(visitor)
    for post in posts:
        assert f"<loc>https://testserver{post.get_absolute_url()}</loc>" in everything
    from community.sitemaps import Posts

    monkeypatch.setattr(Posts, "limit", posts[1].pk)
    index = visitor.get("/sitemap.xml").content.decode()
    assert "sitemap-posts.xml?p=2" in index
    first = visitor.get("/sitemap-posts.xml").content.decode()
    second = visitor.get("/sitemap-posts.xml?p=2").content.decode()
    assert posts[1].get_absolute_url() in first
    assert posts[2].get_absolute_url() not in first
    assert posts[2].get_absolute_url() in second
    for wrong in ("0", "3", "x"):
        assert visitor.get(f"/sitemap-posts.xml?p={wrong}").status_code == 404


def test_a_profile_shows_posts_and_answers_to_whom_its_owner_lets(
    visitor: Client, learner: User, stranger: User
) -> None:
    asked = make_post("A question of a stranger", author=stranger)
    make_comment(asked, author=learner)
    make_comment(make_post("A discussion here", author=stranger, type="discussion"), author=learner)
    make_post("A post by the learner", author=learner)
    address = learner.profile.get_absolute_url()
    for audience, seen_by_visitor, seen_by_member in (("everybody", 1, 1), ("members", 0, 1), ("nobody", 0, 0)):
        learner.profile.activity_visible_to = audience
        learner.profile.save()
        for client, seen in (
            (visitor, seen_by_visitor),
            (signed_in(stranger), seen_by_member),
            (signed_in(learner), 1),
        ):
            page = client.get(address).content.decode()
            assert page.count("A post by the learner") == seen
            assert page.count("A question of a stranger") == seen
            assert "A discussion here" not in page


def test_a_member_watches_somebody_on_their_profile(visitor: Client, learner: User, stranger: User) -> None:
    make_post(author=learner)
    address, action = learner.profile.get_absolute_url(), f"/community/people/{learner.profile.handle}/watch/"
    for client, offered in ((visitor, False), (signed_in(learner), False), (signed_in(stranger), True)):
        assert (action in client.get(address).content.decode()) == offered
    signed_in(stranger).post(action, {"level": "muted"})
    assert "Muted" in signed_in(stranger).get(address).content.decode()


def test_the_header_searches_the_site(visitor: Client) -> None:
    assert '<form action="/search/"' in visitor.get("/").content.decode()
    assert "header__search" not in visitor.get("/search/").content.decode()


def test_a_tutorial_shows_its_threads_and_where_to_ask(learner: User, tutorial: Tutorial) -> None:
    make_post("About this tutorial here", author=learner, tutorial=tutorial)
    make_post("About something else", author=learner)
    page = signed_in(learner).get(tutorial.get_absolute_url()).content.decode()
    assert "About this tutorial here" in page
    assert "About something else" not in page
    assert f'href="/community/?tutorial={tutorial.slug}"' in page
    assert f'href="/community/new/?tutorial={tutorial.slug}"' in page
    assert f'href="/community/new/?tutorial={tutorial.slug}&amp;block=first-steps"' in page


def test_the_first_page_shows_what_is_discussed(visitor: Client, learner: User) -> None:
    assert "What members discuss" not in visitor.get("/").content.decode()
    for number in range(4):
        make_post(f"Live thread number {number}", author=learner)
    # What visitors see of it is kept for a minute.
    cache.clear()
    for client in (visitor, signed_in(learner)):
        page = client.get("/").content.decode()
        assert [f"Live thread number {number}" in page for number in range(4)] == [False, True, True, True]
