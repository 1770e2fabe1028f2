"""What is shown with a link to a tutorial, a topic, a track or a certificate, and what is not told there."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from PIL import Image, ImageChops

from accounts.models import User
from tests.clients import signed_in
from tests.factories import make_topic, make_tutorial
from tests.heads import head_of
from tests.tutorials.learners import make_certificate, make_track
from tutorials.services import certificates

pytestmark = pytest.mark.django_db

GATED = "Open words.\n\n## Inside\n\nThe zanzibar method.\n"


def path_of(address: str) -> str:
    return address.removeprefix(settings.SITE_URL)


def test_a_tutorial_is_an_article_with_its_times_topic_tags_and_author(author: User) -> None:
    at = datetime(2026, 9, 1, tzinfo=UTC)
    tutorial = make_tutorial("Say “no” & <mean> it", slug="no", author=author, tags=["rag", "chat"], published_at=at)
    head = head_of("/tutorials/no/")
    assert head["og:type"] == "article"
    assert head["og:title"] == "Say “no” & <mean> it"
    assert head["og:description"] == tutorial.summary
    assert head["og:url"] == head.canonical == "https://testserver/tutorials/no/"
    assert datetime.fromisoformat(head["article:published_time"]) == at
    modified = datetime.fromisoformat(head["article:modified_time"])
    assert modified == tutorial.updated_at
    assert head["article:section"] == "Foundations"
    assert head.meta["article:tag"] == ["rag", "chat"]
    assert head["author"] == head["twitter:data1"] == "Ada Author"


def test_of_a_premium_tutorial_no_more_is_told_than_visitors_see(author: User, admin: User) -> None:
    make_tutorial("Gated", access="premium", body=GATED)
    for person in (None, author, admin):
        answer = signed_in(person).get("/tutorials/gated/")
        assert "zanzibar" not in answer.content.decode().partition("</head>")[0]


def test_of_a_draft_its_author_sees_no_card_and_nobody_a_picture(author: User) -> None:
    make_tutorial("Not yet", status="draft", author=author)
    head = head_of("/tutorials/not-yet/", signed_in(author))
    assert not head.is_listed
    assert not head.card
    for client in (Client(), signed_in(author)):
        assert client.get("/tutorials/not-yet/card.png").status_code == 404


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_page_that_is_kept_names_our_address_whoever_asked_first(visitor: Client, host: str) -> None:
    make_tutorial("Open")
    first = visitor.get("/tutorials/open/", HTTP_HOST=host)
    assert host.encode() not in first.content
    assert visitor.get("/tutorials/open/").content == first.content
    assert visitor.get("/tutorials/open/", HTTP_HOST="evil.example").status_code == 400
    assert visitor.get("/tutorials/open/", HTTP_X_FORWARDED_HOST="evil.example").content == first.content


def test_a_tutorial_has_a_picture_with_its_title_and_another_one_after_a_change() -> None:
    tutorial = make_tutorial("Retrieval from scratch", slug="open")
    before = head_of("/tutorials/open/")["og:image"]
    pictures = [Client().get(path_of(before)).content]
    tutorial.title = "Retrieval for everybody"
    tutorial.save()
    after = head_of("/tutorials/open/")["og:image"]
    assert after != before
    pictures.append(Client().get(path_of(after)).content)
    old, new = (Image.open(BytesIO(picture)).convert("RGB") for picture in pictures)
    # Where the title stands and nowhere else.
    changed = ImageChops.difference(old, new).getbbox()
    assert changed is not None
    assert changed[1] > 200


@pytest.mark.parametrize("title", ["x" * 120, "word " * 23 + "last", "Grüße, “naïve” café"])
def test_any_title_has_room_on_its_picture(title: str) -> None:
    make_tutorial(title, slug="long")
    answer = Client().get("/tutorials/long/card.png")
    assert len(answer.content) < 60_000
    picture = Image.open(BytesIO(answer.content)).convert("RGB")
    assert picture.size == (1200, 630)
    # Below the ornament nothing stands in the right margin.
    assert picture.crop((1140, 250, 1200, 610)).getcolors() == [(60 * 360, picture.getpixel((1199, 300)))]


def test_where_the_font_lacks_the_letters_the_picture_of_the_site_is_shown() -> None:
    make_tutorial("如何提问", slug="chinese")
    answer = Client().get("/tutorials/chinese/card.png")
    assert (answer.status_code, answer["Location"]) == (302, "/static/img/card.png")


def test_a_topic_is_a_page_of_its_own_and_its_filters_are_not() -> None:
    make_tutorial("Open", topic=make_topic("Tools", description="What models can call."))
    head = head_of("/tutorials/?topic=tools")
    assert head["og:title"] == "Tools: tutorials"
    assert head["og:description"] == "What models can call."
    assert head["og:url"] == head.canonical == "https://testserver/tutorials/?topic=tools"
    filtered = head_of("/tutorials/?topic=tools&difficulty=beginner")
    assert not filtered.is_listed
    assert filtered["og:url"] == head.canonical


def test_the_markdown_of_a_tutorial_names_the_page_that_engines_should_list() -> None:
    make_tutorial("Open")
    assert Client().get("/tutorials/open.md")["Link"] == '<https://testserver/tutorials/open/>; rel="canonical"'


def test_a_track_is_told_with_its_summary_and_only_once_it_is_out(admin: User) -> None:
    make_track(make_tutorial(), title="Start here", slug="start", summary="Ask well.")
    head = head_of("/tracks/start/")
    assert (head["og:title"], head["og:description"]) == ("Start here", "Ask well.")
    assert path_of(head["og:image"]).startswith("/tracks/start/card.png?v=")
    make_track(make_tutorial(), title="Hidden", slug="hidden", is_published=False)
    hidden = head_of("/tracks/hidden/", signed_in(admin))
    assert not hidden.is_listed
    assert not hidden.card
    assert Client().get("/tracks/hidden/card.png").status_code == 404


@pytest.mark.parametrize("audience", ["everybody", "nobody"])
def test_whoever_is_sent_a_certificate_sees_what_it_is(learner: User, audience: str) -> None:
    learner.profile.learning_visible_to = audience
    learner.profile.save()
    certificate = make_certificate(learner, make_track(make_tutorial(), title="Start here"))
    head = head_of(certificate.get_absolute_url())
    assert head["og:title"] == "Certificate: Start here"
    assert "Lea Learner has finished" in head["og:description"]
    assert head["og:image"].endswith(reverse("tutorials:certificate_card", args=[certificate.pk]))
    assert head.is_listed is (audience == "everybody")


def test_of_a_revoked_certificate_nothing_is_told(learner: User, moderator: User) -> None:
    certificate = make_certificate(learner)
    certificates.revoke(by=moderator, certificate=certificate, reason="The answers were copied.")
    head = head_of(certificate.get_absolute_url())
    assert not head.is_listed
    assert not head.card
    assert Client().get(reverse("tutorials:certificate_card", args=[certificate.pk])).status_code == 404


def test_a_picture_costs_one_query_and_is_sent_once(django_assert_num_queries: Any) -> None:
    make_tutorial("Open")
    first = Client().get("/tutorials/open/card.png")
    assert first["Cache-Control"] == "public, max-age=900"
    with django_assert_num_queries(1):
        again = Client().get("/tutorials/open/card.png", headers={"if-none-match": first["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "address", ["/", "/tutorials/", "/tutorials/?topic=foundations", "/tutorials/open/", "/tracks/"]
)
def test_the_feed_of_new_tutorials_is_announced(address: str) -> None:
    make_tutorial("Open")
    assert "/tutorials/feed.atom" in head_of(address).feeds


def test_a_tutorial_says_in_its_markup_what_is_what(visitor: Client, author: User) -> None:
    make_tutorial("Open", author=author)
    html = visitor.get("/tutorials/open/").content.decode()
    assert 'itemtype="https://schema.org/Article"' in html
    for said in ("headline", "description", "datePublished", "author", "articleSection", "articleBody"):
        assert html.count(f'itemprop="{said}"') == 1
