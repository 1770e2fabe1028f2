"""The way of a learner: find, read, stop, come back on another day, finish, answer, earn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from playwright.sync_api import Page, expect

from accounts.models import User
from tests.browser.test_accessibility import sign_in
from tests.factories import make_tutorial, make_user
from tests.tutorials.learners import QUIZ, make_achievement, make_track
from tutorials.models import Bookmark, Tutorial, TutorialProgress

PARTS = ("one", "two", "three", "four", "five")
LONG = "The opening.\n\n" + "".join(
    f"## Part {part}\n\n" + "A paragraph that takes its time to say what it has to say. " * 40 + "\n\n"
    for part in PARTS
)
MONDAY = datetime.now(UTC).replace(hour=12, minute=0)
TUESDAY = MONDAY + timedelta(days=1)


@pytest.fixture
def reader(transactional_db: None) -> User:
    return make_user(name="Lea Learner")


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    """What a page reports as it closes would meet a database that is being emptied."""
    yield page
    page.evaluate("navigator.sendBeacon = () => true")


@pytest.fixture
def path(transactional_db: None) -> tuple[Tutorial, Tutorial]:
    """A track of two tutorials, the second with a quiz that must be passed, and what can be earned."""
    first = make_tutorial("Reading slowly", body=LONG)
    second = make_tutorial("Tokens", body=f"{LONG}\n{QUIZ}")
    make_track(first, second, title="The path", quizzes_required=True)
    make_achievement("tutorials_finished", title="First of all")
    make_achievement("tracks_finished", title="To the end of the road")
    make_achievement("streak_days", 2, title="Two days")
    return first, second


def read(page: Page, place: str, seconds: int) -> None:
    """Look at a place of the open page for so long: the clock of the browser is ours."""
    page.wait_for_load_state()
    page.evaluate("id => document.getElementById(id).scrollIntoView({behavior: 'instant'})", place)
    page.clock.run_for(seconds * 1000)


def reported(page: Page) -> AbstractContextManager[object]:
    """Until what the page reports has been answered."""
    return page.expect_response(lambda response: response.url.endswith("/progress/"))


def test_a_learner_goes_the_whole_way(page: Page, reader: User, path: tuple[Tutorial, Tutorial]) -> None:
    with time_machine.travel(MONDAY):
        sign_in(page, reader)
        page.goto("/")
        page.get_by_role("searchbox").first.fill("slowly")
        page.get_by_role("searchbox").first.press("Enter")
        page.clock.install()
        page.get_by_role("link", name="Reading slowly").first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Reading slowly")
        with reported(page):
            read(page, "part-three", 20)
        page.goto("/")
        expect(page.get_by_text("Continue where you were")).to_be_visible()
        expect(page.get_by_text("At “Part three”").first).to_be_visible()

    progress = TutorialProgress.objects.get()
    assert progress.block == "part-three"
    assert 15 <= progress.seconds <= 25
    assert 0.3 < progress.fraction < 0.99

    with time_machine.travel(TUESDAY):
        page.goto("/")
        page.get_by_role("link", name="Continue", exact=True).click()
        expect(page.locator("#part-three")).to_be_in_viewport()
        # Also who comes by another way is brought there.
        page.goto("/tutorials/reading-slowly/")
        expect(page.locator("#part-three")).to_be_in_viewport()

        read(page, "page_end", 6)
        expect(page.locator("#page_end")).to_contain_text("Finished")
        expect(page.locator("#page_end")).to_contain_text("First of all")
        page.locator("#page_end").get_by_role("link", name="Next: Tokens").click()

        page.get_by_role("button", name="Mark as done").click()
        page.locator("#page_end").get_by_role("link", name="Take the quiz").click()
        page.get_by_label("A coin").check()
        page.get_by_role("button", name="Check my answers").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("0 % right")
        expect(page.get_by_text("Models read and write these.")).to_be_visible()
        page.get_by_role("link", name="Try again").click()
        page.get_by_label("A piece of a word").check()
        page.get_by_label("The goal").check()
        page.get_by_label("An example").check()
        page.get_by_label("What turns a text into numbers?").fill("Embedding.")
        page.get_by_role("button", name="Check my answers").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("100 % right")
        expect(page.get_by_text("To the end of the road")).to_be_visible()

        page.goto("/learning/")
        expect(page.get_by_text("2 days in a row")).to_be_visible()
        for title in ("First of all", "To the end of the road", "Two days"):
            expect(page.locator(".badge", has_text=title)).to_contain_text("Earned")
        page.goto("/tracks/")
        expect(page.locator(".row", has_text="The path")).to_contain_text("Finished")


def test_a_page_in_the_background_counts_nothing(page: Page, reader: User, path: tuple[Tutorial, Tutorial]) -> None:
    sign_in(page, reader)
    page.clock.install()
    page.goto("/tutorials/reading-slowly/")
    page.evaluate("Object.defineProperty(document, 'visibilityState', {value: 'hidden'})")
    read(page, "part-two", 60)
    page.goto("/tutorials/")
    assert not TutorialProgress.objects.exists()


def test_a_page_that_nobody_touches_counts_a_while_only(
    page: Page, reader: User, path: tuple[Tutorial, Tutorial]
) -> None:
    sign_in(page, reader)
    page.clock.install()
    page.goto("/tutorials/reading-slowly/")
    page.wait_for_load_state()
    with reported(page):
        page.clock.run_for(80_000)
    page.clock.run_for(600_000)
    page.goto("/learning/")
    assert 0 < TutorialProgress.objects.get().seconds <= 90


def test_a_place_is_marked_at_its_heading(page: Page, reader: User, path: tuple[Tutorial, Tutorial]) -> None:
    sign_in(page, reader)
    page.goto("/tutorials/reading-slowly/")
    page.get_by_role("button", name="Bookmark this place: Part two").click()
    page.get_by_role("dialog").get_by_label("Note").fill("Ask Ada about this.")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Bookmarked: change the note: Part two").click()
    expect(page.get_by_role("dialog").get_by_label("Note")).to_have_value("Ask Ada about this.")
    page.goto("/learning/bookmarks/")
    expect(page.get_by_text("Ask Ada about this.")).to_be_visible()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("No bookmarks yet")).to_be_visible()


@pytest.mark.parametrize("look", [{"java_script_enabled": False}])
def test_all_of_it_works_without_script(
    page: Page, reader: User, path: tuple[Tutorial, Tutorial], look: dict[str, Any]
) -> None:
    sign_in(page, reader)
    page.goto("/tutorials/reading-slowly/")
    page.locator("#page_marks > summary").click()
    page.get_by_label("Place").select_option("Part two")
    page.get_by_role("button", name="Save").click()
    assert Bookmark.objects.get().block == "part-two"
    page.get_by_role("button", name="Mark as done").click()
    expect(page.get_by_text("You finished “Reading slowly”.")).to_be_visible()
    page.get_by_role("link", name="Next: Tokens").first.click()
    page.get_by_role("link", name="Take the quiz").click()
    page.get_by_label("A piece of a word").check()
    page.get_by_role("button", name="Check my answers").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("33 % right")
