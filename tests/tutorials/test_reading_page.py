"""The tutorial page as readers meet it: kept for visitors, never shared between members, with one's own place."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from common.addresses import absolute
from tests.factories import make_grant, make_tutorial
from tests.tutorials.learners import finish, make_achievement, make_quiz_tutorial, make_track, record
from tutorials.models import Award, Bookmark, Tutorial, TutorialProgress

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


@pytest.fixture
def reader(learner: User) -> Client:
    client = Client()
    client.force_login(learner)
    return client


def page(client: Client, tutorial: Tutorial, **headers: Any) -> str:
    response = client.get(tutorial.get_absolute_url(), headers=headers or None)
    assert response.status_code == 200
    return response.content.decode()


# Kept for visitors


def test_a_visitors_warm_page_costs_one_query(
    visitor: Client, tutorial: Tutorial, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    first = page(visitor, tutorial)
    with django_assert_num_queries(1):
        assert page(visitor, tutorial) == first


def test_a_page_that_has_not_changed_is_not_sent_again(visitor: Client, tutorial: Tutorial) -> None:
    response = visitor.get(tutorial.get_absolute_url())
    again = visitor.get(tutorial.get_absolute_url(), headers={"If-None-Match": response["ETag"]})
    assert again.status_code == 304
    assert not again.content
    other = visitor.get(tutorial.get_absolute_url(), headers={"If-None-Match": 'W/"other"'})
    assert other.status_code == 200


def test_an_edit_is_seen_at_once(visitor: Client, tutorial: Tutorial) -> None:
    etag = visitor.get(tutorial.get_absolute_url())["ETag"]
    tutorial.body += "\n\nA new sentence.\n"
    tutorial.save()
    response = visitor.get(tutorial.get_absolute_url(), headers={"If-None-Match": etag})
    assert response.status_code == 200
    assert "A new sentence." in response.content.decode()


def test_what_is_taken_back_is_gone_at_once(visitor: Client, tutorial: Tutorial) -> None:
    page(visitor, tutorial)
    tutorial.status = "archived"
    tutorial.save()
    assert visitor.get(tutorial.get_absolute_url()).status_code == 404


def test_no_page_of_a_member_is_kept_or_shown_to_others(
    visitor: Client, reader: Client, learner: User, stranger: User, premium_tutorial: Tutorial
) -> None:
    make_grant(learner)
    record(learner, premium_tutorial, fraction=0.6, block="first-steps")
    Bookmark.objects.create(user=learner, tutorial=premium_tutorial, note="A private thought.")
    mine = page(reader, premium_tutorial)
    assert "The secret middle." in mine
    assert "A private thought." in mine
    assert "no-store" in reader.get(premium_tutorial.get_absolute_url())["Cache-Control"]
    other = Client()
    other.force_login(stranger)
    for client in (visitor, other, visitor):
        theirs = page(client, premium_tutorial)
        for secret in ("The secret middle.", "A private thought.", "Lea"):
            assert secret not in theirs


def test_the_kept_page_names_its_one_address_whatever_host_is_asked(visitor: Client, tutorial: Tutorial) -> None:
    for host in ("localhost", "127.0.0.1"):
        text = page(visitor, tutorial, Host=host)
        assert f'<link rel="canonical" href="{absolute(tutorial.get_absolute_url())}">' in text
        assert f"//{host}" not in text


def test_whoever_brings_cookies_gets_a_page_of_their_own(visitor: Client, tutorial: Tutorial) -> None:
    def is_kept() -> bool:
        return any(b":page:" in key for key in cache._cache.get_client().keys("*"))  # type: ignore[attr-defined]

    visitor.cookies["messages"] = "x"
    page(visitor, tutorial)
    assert not is_kept()
    page(Client(), tutorial)
    assert is_kept()


def test_visitors_are_asked_to_sign_in_for_what_is_their_own(visitor: Client, tutorial: Tutorial) -> None:
    here = tutorial.get_absolute_url()
    assert "Keep your place" in page(visitor, tutorial)
    for address in (f"{here}progress/", f"{here}bookmark/", f"{here}bookmark/remove/"):
        response = visitor.post(address, {"fraction": "1"})
        assert response["Location"].startswith("/accounts/login/")
    assert not TutorialProgress.objects.exists()


# A member's own


def test_a_members_page_takes_few_queries_however_much_there_is(
    reader: Client, learner: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    make_grant(learner)
    tutorial = make_quiz_tutorial("Rich", access="premium", tags=["prompting"])
    make_track(*(make_tutorial(tags=["prompting"]) for _ in range(6)), tutorial, make_tutorial())
    record(learner, tutorial, block="first-steps")
    for block in ("", "first-steps"):
        Bookmark.objects.create(user=learner, tutorial=tutorial, block=block)
    # How many notifications are unread is in the cache, as after anybody's first page.
    reader.get("/tracks/")
    with django_assert_max_num_queries(8):
        page(reader, tutorial)


def test_one_is_brought_back_to_the_block(reader: Client, learner: User, tutorial: Tutorial) -> None:
    record(learner, tutorial, block="last-words")
    text = page(reader, tutorial)
    assert 'data-block="last-words"' in text
    assert 'href="#last-words">Last words</a>' in text
    assert "/tutorials/prompting-that-works/#last-words" in reader.get("/").content.decode()


def test_a_lost_block_leads_to_the_beginning(reader: Client, learner: User, tutorial: Tutorial) -> None:
    record(learner, tutorial, block="last-words")
    tutorial.body = "New.\n\n## Another beginning\n\nText.\n"
    tutorial.blocks = []
    tutorial.save()
    assert 'data-block=""' in page(reader, tutorial)
    assert "#last-words" not in reader.get("/").content.decode()


def test_a_renamed_heading_keeps_its_readers(reader: Client, learner: User, tutorial: Tutorial) -> None:
    record(learner, tutorial, block="first-steps")
    fresh = Tutorial.objects.get(pk=tutorial.pk)
    fresh.body = fresh.body.replace("## First steps", "## Where to begin")
    fresh.save()
    assert 'href="#first-steps">Where to begin</a>' in page(reader, tutorial)


def test_without_script_a_button_says_it_is_done(reader: Client, tutorial: Tutorial) -> None:
    response = reader.post(f"{tutorial.get_absolute_url()}progress/", {"fraction": "1"}, follow=True)
    assert "You finished “Prompting that works”." in response.content.decode()
    assert TutorialProgress.objects.get().completed_at


def test_the_script_reports_and_gets_nothing_back(reader: Client, tutorial: Tutorial) -> None:
    report = {"fraction": "0.4", "seconds": "20", "block": "first-steps", "visit": "v"}
    for _ in range(2):
        assert reader.post(f"{tutorial.get_absolute_url()}progress/", report).status_code == 204
    progress = TutorialProgress.objects.get()
    assert (progress.fraction, progress.seconds, progress.block) == (0.4, 20, "first-steps")


def test_htmx_gets_the_end_of_the_page_with_what_was_earned(reader: Client, tutorial: Tutorial) -> None:
    make_achievement("tutorials_finished", title="First of all")
    here = f"{tutorial.get_absolute_url()}progress/"
    text = reader.post(here, {"fraction": "1"}, headers={"HX-Request": "true"}).content.decode()
    assert text.lstrip().startswith("<section")
    assert "First of all" in text
    assert "First of all" not in page(reader, tutorial)


@pytest.mark.parametrize(
    "report",
    [
        {},
        {"fraction": "half"},
        {"fraction": "nan"},
        {"fraction": "2"},
        {"fraction": "0.5", "seconds": "-1"},
        {"fraction": "0.5", "seconds": "1e9"},
        {"fraction": "0.5", "seconds": "9" * 400},
        {"fraction": "0.5", "block": "nowhere"},
        {"fraction": "0.5", "visit": "x" * 65},
    ],
)
def test_a_report_that_cannot_be_true_is_refused(reader: Client, tutorial: Tutorial, report: dict[str, str]) -> None:
    assert reader.post(f"{tutorial.get_absolute_url()}progress/", report).status_code == 400
    assert not TutorialProgress.objects.exists()


def test_reports_need_the_token_of_the_page(learner: User, tutorial: Tutorial) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(learner)
    assert client.post(f"{tutorial.get_absolute_url()}progress/", {"fraction": "1"}).status_code == 403
    token = re.search('data-token="([^"]+)"', page(client, tutorial))
    assert token
    report = {"fraction": "1", "csrfmiddlewaretoken": token[1]}
    assert client.post(f"{tutorial.get_absolute_url()}progress/", report).status_code == 302


def test_a_closed_tutorial_takes_no_report(reader: Client, premium_tutorial: Tutorial) -> None:
    here = f"{premium_tutorial.get_absolute_url()}progress/"
    assert reader.post(here, {"fraction": "1"}).status_code == 403
    assert not TutorialProgress.objects.exists()


# Home and learning


def test_home_and_learning_say_where_one_is(reader: Client, learner: User) -> None:
    first, second, third = (make_tutorial(title) for title in ("Alpha", "Beta", "Gamma"))
    make_track(first, second, third, title="The path")
    make_achievement("tutorials_finished", title="First of all")
    with time_machine.travel(NOON, tick=False):
        finish(learner, first)
        record(learner, second, fraction=0.25, block="last-words", seconds=150)
        home = reader.get("/").content.decode()
        learning = reader.get("/learning/").content.decode()
    assert "First of all" in home
    for text in (home, learning):
        assert "/tutorials/beta/#last-words" in text
        assert "25 % read" in text
        assert "2<span" in text
    assert "In the track The path" in home
    assert "Earned" in learning


def test_what_was_earned_is_told_once(reader: Client, learner: User, tutorial: Tutorial) -> None:
    make_achievement("tutorials_finished", title="First of all")
    finish(learner, tutorial)
    assert "First of all" in reader.get("/").content.decode()
    assert "First of all" not in reader.get("/").content.decode()
    assert Award.objects.get().seen_at is not None


def test_lists_of_learning_take_the_same_queries_with_more(reader: Client, learner: User) -> None:
    def grow() -> None:
        for _ in range(3):
            tutorial = make_tutorial()
            make_track(tutorial, make_tutorial())
            record(learner, tutorial)
            finish(learner, make_tutorial())
            Bookmark.objects.create(user=learner, tutorial=tutorial)
            make_achievement("streak_days")

    def count(address: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert reader.get(address).status_code == 200
        return len(queries)

    addresses = ("/", "/learning/", "/learning/finished/", "/learning/bookmarks/", "/tracks/")
    grow()
    # What every page remembers (the categories, how many notifications are unread) is in the cache.
    reader.get("/community/")
    before = {address: count(address) for address in addresses}
    grow()
    assert {address: count(address) for address in addresses} == before
    assert max(before.values()) <= 14


def test_the_goal_can_be_set_within_reason(reader: Client, learner: User) -> None:
    assert reader.post("/learning/goal/", {"daily_goal": "25"})["Location"] == "/learning/"
    learner.refresh_from_db()
    assert learner.learner.daily_goal == 25
    for value in ("0", "601", "", "x", "1e3", "9" * 300):
        assert reader.post("/learning/goal/", {"daily_goal": value}).status_code == 400


def test_a_profile_shows_learning_to_whom_its_owner_lets_see_it(
    visitor: Client, reader: Client, learner: User, stranger: User, tutorial: Tutorial
) -> None:
    make_achievement("tutorials_finished", title="First of all")
    finish(learner, tutorial)
    other = Client()
    other.force_login(stranger)
    address = learner.profile.get_absolute_url()
    for audience, seen_by in (("everybody", (visitor, other)), ("members", (other,)), ("nobody", ())):
        learner.profile.learning_visible_to = audience
        learner.profile.save()
        for client in (visitor, other, reader):
            text = client.get(address).content.decode()
            assert ("First of all" in text) is (client in (*seen_by, reader))


def test_a_track_shows_what_is_done_and_what_comes(reader: Client, visitor: Client, learner: User) -> None:
    first, second, draft = make_tutorial("Alpha"), make_tutorial("Beta"), make_tutorial("Gamma", status="draft")
    track = make_track(first, second, draft)
    finish(learner, first)
    text = reader.get(track.get_absolute_url()).content.decode()
    assert "Continue: Beta" in text
    assert "Gamma" not in text
    assert "Start: Alpha" in visitor.get(track.get_absolute_url()).content.decode()


def test_a_track_that_is_not_published_is_for_staff_only(
    visitor: Client, reader: Client, author: User, tutorial: Tutorial
) -> None:
    track = make_track(tutorial, is_published=False)
    writer = Client()
    writer.force_login(author)
    assert writer.get(track.get_absolute_url()).status_code == 200
    for client in (visitor, reader):
        assert client.get(track.get_absolute_url()).status_code == 404
        assert track.title not in client.get("/tracks/").content.decode()


def test_new_tutorials_of_the_week_are_shown_until_they_are_opened(reader: Client, learner: User) -> None:
    fresh = make_tutorial("Fresh", published_at=datetime.now(UTC) - timedelta(days=1))
    make_tutorial("Of last month", published_at=datetime.now(UTC) - timedelta(days=9))
    text = reader.get("/").content.decode()
    assert "Fresh" in text
    assert "Of last month" not in text
    record(learner, fresh, fraction=0.1)
    assert "opened yet." in reader.get("/").content.decode()


@pytest.mark.parametrize("query", ["cursor=x", "page_size=0", "page_size=x", "page_size=101"])
def test_a_place_that_is_none_is_refused(reader: Client, query: str) -> None:
    for address in ("/learning/finished/", "/learning/bookmarks/"):
        assert reader.get(f"{address}?{query}").status_code == 400


def test_a_null_character_is_refused(reader: Client, tutorial: Tutorial) -> None:
    for address in ("bookmark/", "bookmark/remove/", "progress/"):
        answer = reader.post(f"{tutorial.get_absolute_url()}{address}", {"block": "a\0", "fraction": "0.5"})
        assert answer.status_code == 400


def test_a_heading_may_have_any_name_of_the_page(reader: Client, learner: User) -> None:
    names = ["Main", "Toc", "Finish", "Done", "Marks", "Mark form", "Mark block", "Related", "Onward", "Offer", "Today"]
    body = "".join(f"## {name}\n\nText.\n\n" for name in [*names, "Header search", "Messages", "Menu"])
    tutorial = make_quiz_tutorial("Clash")
    tutorial.body = body + tutorial.body
    tutorial.save()
    for text in (page(reader, tutorial), page(Client(), tutorial)):
        ids = re.findall(r'\bid="([^"]+)"', text)
        assert sorted(ids) == sorted(set(ids))


def test_a_text_has_a_bounded_number_of_blocks(tutorial: Tutorial) -> None:
    tutorial.body = "## A\n\n" * 301
    with pytest.raises(ValidationError, match="Use at most 300 headings"):
        tutorial.full_clean()


def test_members_see_an_edit_at_once(reader: Client, tutorial: Tutorial) -> None:
    assert "A new sentence." not in page(reader, tutorial)
    tutorial.body += "\n\nA new sentence.\n"
    tutorial.save()
    assert "A new sentence." in page(reader, tutorial)


def test_dates_are_told_where_each_member_lives(
    reader: Client, learner: User, stranger: User, tutorial: Tutorial
) -> None:
    stranger.profile.time_zone = "Asia/Tokyo"
    stranger.profile.save()
    there = Client()
    there.force_login(stranger)
    told = re.findall(r'<time [^>]*title="([^"]+)">', page(reader, tutorial) + page(there, tutorial))
    assert [words.rpartition(" ")[2] for words in told] == ["UTC", "JST"]


def test_what_was_earned_waits_until_it_can_be_shown(
    reader: Client, learner: User, tutorial: Tutorial, premium_tutorial: Tutorial
) -> None:
    Award.objects.create(user=learner, achievement=make_achievement("streak", title="First steps taken"))
    assert "First steps taken" not in page(reader, premium_tutorial)
    assert "First steps taken" in page(reader, tutorial)
    assert "First steps taken" not in page(reader, tutorial)
