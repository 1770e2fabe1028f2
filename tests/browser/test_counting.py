"""What our script tells about a page as it is left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page
from pytest_django import Settings

from analytics.pipeline import stream
from common.identities import time_of_id
from tests.analytics.browsers import CHROME
from tests.factories import make_tutorial
from tests.recording import Counted, Recorded, read

LONG = "The opening.\n\n" + "A paragraph that takes its time to say what it has to say. " * 600
LOOK = {"user_agent": CHROME, "timezone_id": "Europe/Berlin"}


@pytest.fixture
def look() -> dict[str, Any]:
    return LOOK


@pytest.fixture
def told(recorded: Recorded, stream_emptied: None, settings: Settings) -> list[Counted]:
    """What the script told; `wait_for` fills it."""
    make_tutorial("A long one", body=LONG)
    return []


@pytest.fixture(autouse=True)
def page_that_says_nothing_as_it_closes(page: Page, told: list[Counted]) -> Iterator[None]:
    yield
    page.evaluate("navigator.sendBeacon = () => true")


def wait_for(page: Page, told: list[Counted], number: int) -> None:
    """Until the platform has taken so many events."""
    for _ in range(200):
        entries: Any = stream.valkey().xrange(stream.STREAM)
        told[:] = [read(line) for _, entry in entries for line in stream.lines_in(entry)]
        if len(told) >= number:
            break
        page.wait_for_timeout(25)
    assert len(told) == number


def scroll_to(page: Page, part: float) -> None:
    page.evaluate("part => scrollTo({top: part * (document.documentElement.scrollHeight - innerHeight)})", part)
    page.wait_for_function("part => scrollY >= part * (document.documentElement.scrollHeight - innerHeight) - 2", arg=part)


def test_a_page_that_is_left_tells_how_it_was_looked_at(page: Page, told: list[Counted]) -> None:
    page.clock.install()
    page.goto("/tutorials/a-long-one/")
    page.wait_for_load_state()
    page.clock.run_for(10_000)
    scroll_to(page, 0.5)
    page.clock.run_for(5_000)
    page.get_by_role("link", name="Pricing").first.click()
    page.wait_for_url("**/pricing/")
    wait_for(page, told, 1)
    (event,) = told
    assert (event.name, event.subject, event.user_id) == ("page_left", "/tutorials/a-long-one/", None)
    assert event.audience == ("visitor", "DE", "desktop", "Chrome", "Windows")
    assert 14 <= event.properties["seconds"] <= 20
    assert 0.5 <= event.properties["scroll"] <= 0.75
    assert 0 <= event.properties["lcp"] < 10_000
    assert 0 <= event.properties.get("cls", 0) < 1
    assert set(event.properties) <= {"seconds", "scroll", "lcp", "inp", "cls"}
    assert time_of_id(event_id(event))


def event_id(event: Counted) -> Any:
    from uuid import UUID

    return UUID(event.id)


def test_who_does_nothing_for_half_a_minute_is_not_there(page: Page, told: list[Counted]) -> None:
    page.clock.install()
    page.goto("/tutorials/a-long-one/")
    page.wait_for_load_state()
    page.clock.run_for(600_000)
    page.goto("/pricing/")
    wait_for(page, told, 1)
    assert 29 <= told[0].properties["seconds"] <= 31


def test_a_tab_that_is_hidden_tells_once_and_then_only_what_is_new(page: Page, told: list[Counted]) -> None:
    page.clock.install()
    page.goto("/tutorials/a-long-one/")
    page.wait_for_load_state()

    def hide(state: str) -> None:
        page.evaluate(
            """state => {
                Object.defineProperty(document, "visibilityState", {get: () => state, configurable: true});
                document.dispatchEvent(new Event("visibilitychange"));
            }""",
            state,
        )

    page.clock.run_for(8_000)
    hide("hidden")
    wait_for(page, told, 1)
    page.clock.run_for(60_000)
    hide("visible")
    page.clock.run_for(4_000)
    hide("hidden")
    wait_for(page, told, 2)
    hide("hidden")
    page.goto("/pricing/")
    wait_for(page, told, 2)
    first, second = (event.properties["seconds"] for event in told)
    assert 7.5 <= first <= 10
    assert 3.5 <= second <= 6
    assert "lcp" in told[0].properties
    assert "lcp" not in told[1].properties


def test_a_page_that_the_browser_kept_is_a_page_view_of_its_own(page: Page, told: list[Counted]) -> None:
    page.goto("/tutorials/a-long-one/")
    page.wait_for_load_state()
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    wait_for(page, told, 1)
    assert (told[0].name, told[0].subject, told[0].audience.country) == ("page_view", "/tutorials/a-long-one/", "DE")


def test_a_link_that_htmx_follows_leaves_a_page(page: Page, told: list[Counted]) -> None:
    page.goto("/tutorials/a-long-one/")
    page.wait_for_load_state()
    page.mouse.move(50, 50)
    page.wait_for_timeout(200)
    page.evaluate(
        """() => {
            history.pushState({}, "", "/pricing/");
            document.body.dispatchEvent(new Event("htmx:afterSettle", {bubbles: true}));
        }"""
    )
    wait_for(page, told, 1)
    assert told[0].subject == "/tutorials/a-long-one/"
    page.mouse.move(60, 60)
    page.wait_for_timeout(200)
    page.goto("/tutorials/")
    wait_for(page, told, 2)
    assert told[1].subject == "/pricing/"


@pytest.mark.parametrize(
    "said", ["Object.defineProperty(navigator, 'doNotTrack', {value: '1'})", "navigator.globalPrivacyControl = true"]
)
def test_nothing_is_told_for_who_does_not_want_it(page: Page, told: list[Counted], said: str) -> None:
    page.add_init_script(said)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/tutorials/a-long-one/")
    page.mouse.move(50, 50)
    page.goto("/pricing/")
    page.goto("/tutorials/")
    assert [address for address in asked if "analytics/events" in address] == []
    wait_for(page, told, 0)


def test_the_script_keeps_nothing_in_the_browser(page: Page, told: list[Counted]) -> None:
    page.goto("/tutorials/a-long-one/")
    page.goto("/pricing/")
    wait_for(page, told, 1)
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
    assert [cookie["name"] for cookie in page.context.cookies()] in ([], ["__Host-csrf"])
