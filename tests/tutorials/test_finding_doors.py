"""What programs read: feed, sitemap, robots.txt, llms.txt and Markdown; and what they must not."""

import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from tests.factories import make_grant, make_topic, make_tutorial
from tutorials import sitemaps
from tutorials.models import Track, TrackStep, TutorialImage

pytestmark = pytest.mark.django_db

ATOM = "{http://www.w3.org/2005/Atom}"
GATED = "Open words.\n\n## Inside\n\nThe zanzibar method.\n\n```quiz\n? Which one?\n( ) This\n(x) The okapi\n```\n"
FREE = GATED.replace("zanzibar", "open")
DOORS = (
    *("/tutorials/feed.atom", "/sitemap.xml", "/sitemap-tutorials.xml", "/llms.txt", "/robots.txt"),
    *("/tutorials/gated.md", "/tutorials/", "/tutorials/?q=gated", "/api/tutorials", "/api/tutorials?q=gated"),
    *("/tutorials/gated/", "/api/tutorials/gated", "/"),
)


@pytest.mark.parametrize("address", DOORS)
def test_no_door_shows_what_is_gated(visitor: Client, learner: User, address: str) -> None:
    make_tutorial("Gated", access="premium", body=GATED)
    member = Client()
    member.force_login(learner)
    for client in (visitor, member):
        answer = client.get(address)
        assert answer.status_code == 200
        assert b"zanzibar" not in answer.content
        assert b"okapi" not in answer.content


@pytest.mark.parametrize("address", [each.replace("gated", "wombat") for each in DOORS if "/gated" not in each])
def test_no_door_names_drafts_or_what_comes_later(visitor: Client, address: str) -> None:
    make_tutorial("A wombat draft", status="draft")
    make_tutorial("A wombat archived", status="archived")
    make_tutorial("A wombat tomorrow", published_at=timezone.now() + timedelta(days=1))
    make_tutorial("A wombat of today")
    answer = visitor.get(address)
    assert answer.status_code == 200
    for unseen in (b"A wombat draft", b"A wombat archived", b"A wombat tomorrow"):
        assert unseen not in answer.content


def test_what_programs_read_is_the_same_for_members_with_premium(learner: User) -> None:
    """It may be kept by whatever stands between us and them."""
    make_tutorial("Gated", access="premium", body=GATED)
    make_grant(learner)
    client = Client()
    client.force_login(learner)
    assert b"zanzibar" in client.get("/tutorials/gated/").content
    assert b"zanzibar" not in client.get("/tutorials/gated.md").content


def test_the_feed_has_the_newest_tutorials(visitor: Client, author: User) -> None:
    make_tutorial("Older", published_at=datetime(2026, 1, 1, tzinfo=UTC))
    make_tutorial("Newer & better", published_at=datetime(2026, 2, 1, tzinfo=UTC), author=author, tags=["rag"])
    answer = visitor.get("/tutorials/feed.atom")
    assert answer["Content-Type"].startswith("application/atom+xml")
    newest, older = ET.fromstring(answer.content).findall(f"{ATOM}entry")  # noqa: S314 - it is ours
    assert newest.findtext(f"{ATOM}title") == "Newer & better"
    assert newest.findtext(f"{ATOM}summary") == "Why one should read Newer & better."
    assert newest.findtext(f"{ATOM}published") == "2026-02-01T00:00:00+00:00"
    assert newest.findtext(f"{ATOM}author/{ATOM}name") == "Ada Author"
    assert newest.find(f"{ATOM}category[@term='rag']") is not None
    link = older.find(f"{ATOM}link")
    assert link is not None
    assert link.attrib["href"] == "http://testserver/tutorials/older/"


def test_the_list_tells_feed_readers_where_the_feed_is(visitor: Client) -> None:
    assert '<link rel="alternate" type="application/atom+xml"' in visitor.get("/tutorials/").content.decode()


def test_the_sitemap_names_every_public_page(visitor: Client) -> None:
    tutorial = make_tutorial("Open", topic=make_topic("Tools"))
    make_tutorial("Gated", access="premium")
    track = Track.objects.create(title="Path", slug="path", summary="A path.", is_published=True)
    TrackStep.objects.create(track=track, tutorial=tutorial)
    Track.objects.create(title="Hidden", slug="hidden", summary="Not yet.")
    answer = visitor.get("/sitemap.xml").content.decode()
    named = set(re.findall(r"<loc>https://testserver(.*?)</loc>", answer))
    assert {address for address in named if not address.startswith(("/community/", "/api/"))} == {
        *("/", "/tutorials/", "/tracks/", "/tutorials/?topic=tools", "/tutorials/?topic=foundations"),
        *("/tracks/path/", "/tutorials/open/", "/tutorials/gated/", "/pricing/", "/billing/enterprise/"),
    }
    assert f"<lastmod>{tutorial.updated_at.isoformat()}</lastmod>" in answer


def test_a_long_sitemap_is_an_index_of_files(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemaps, "PAGES_A_FILE", 2)
    monkeypatch.setattr(sitemaps.Tutorials, "limit", 2)
    for number in range(3):
        make_tutorial(f"T{number}")
    index = visitor.get("/sitemap.xml").content.decode()
    files = re.findall(r"<loc>https://testserver(.*?)</loc>", index)
    assert files == [
        "/sitemap-pages.xml",
        "/sitemap-tracks.xml",
        "/sitemap-tutorials.xml",
        "/sitemap-tutorials.xml?p=2",
        *("/sitemap-people.xml", "/sitemap-api.xml", "/sitemap-community.xml", "/sitemap-posts.xml"),
    ]
    assert b"/tutorials/t2/" in visitor.get(files[3]).content
    assert visitor.get("/sitemap-nothing.xml").status_code == 404
    assert visitor.get("/sitemap-tutorials.xml?p=9").status_code == 404


def test_robots_find_the_sitemap_and_stay_out_of_accounts(visitor: Client) -> None:
    answer = visitor.get("/robots.txt")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert b"Sitemap: https://testserver/sitemap.xml" in answer.content
    assert b"Disallow: /settings/" in answer.content


def test_llms_txt_lists_free_tutorials_as_markdown_by_topic(visitor: Client) -> None:
    make_tutorial("Using [brackets]", slug="brackets", topic=make_topic("Tools"))
    make_tutorial("Gated", access="premium")
    answer = visitor.get("/llms.txt")
    lines = answer.content.decode().splitlines()
    assert lines[0] == "# How-to-AI"
    assert lines[2].startswith("> ")
    assert "## Tools" in lines
    assert (
        r"- [Using \[brackets\]](http://testserver/tutorials/brackets.md): Why one should read Using [brackets]."
        in lines
    )
    assert b"gated" not in answer.content


def test_a_free_tutorial_is_there_as_markdown_without_its_quiz(visitor: Client) -> None:
    make_tutorial("Open", body=FREE)
    answer = visitor.get("/tutorials/open.md")
    assert answer["Content-Type"] == "text/markdown; charset=utf-8"
    assert answer.content.decode() == (
        "# Open\n\n> Why one should read Open.\n\nOpen words.\n\n## Inside\n\nThe open method.\n"
    )


def test_a_premium_tutorial_as_markdown_is_its_opening_and_says_so(visitor: Client) -> None:
    make_tutorial("Gated", access="premium", body=GATED.replace("\n", "\r\n"))
    text = visitor.get("/tutorials/gated.md").content.decode()
    assert "Open words." in text
    assert "The rest is premium: http://testserver/tutorials/gated/" in text
    assert "Inside" not in text


def test_a_premium_text_that_nothing_divides_is_not_shown(visitor: Client) -> None:
    make_tutorial("Gated", access="premium", body="The zanzibar method.")
    answer = visitor.get("/tutorials/gated.md")
    assert b"The rest is premium" in answer.content
    assert b"zanzibar" not in answer.content


def test_images_in_markdown_have_whole_addresses(visitor: Client) -> None:
    tutorial = make_tutorial("Open", body="![A fox](red%20fox.png) and ![one](https://example.com/x.png).")
    assert TutorialImage.objects.filter(tutorial=tutorial).count() == 0
    text = visitor.get("/tutorials/open.md").content.decode()
    assert "![A fox](http://testserver/tutorials/open/images/red%20fox.png)" in text
    assert "![one](https://example.com/x.png)" in text


@pytest.mark.parametrize("status", ["draft", "in_review", "archived"])
def test_what_is_not_published_is_not_there_as_markdown(visitor: Client, status: str) -> None:
    make_tutorial("Hidden", status=status)
    assert visitor.get("/tutorials/hidden.md").status_code == 404


@pytest.mark.parametrize("address", ["/tutorials/open.md", "/tutorials/feed.atom", "/llms.txt", "/sitemap.xml"])
def test_what_has_not_changed_is_not_sent_again(
    visitor: Client, address: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    tutorial = make_tutorial("Open")
    with django_assert_max_num_queries(11):
        first = visitor.get(address)
    again = visitor.get(address, headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    tutorial.title = "Another"
    tutorial.save()
    changed = visitor.get(address, headers={"if-none-match": first["ETag"]})
    assert changed.status_code == 200 or address == "/sitemap.xml"
