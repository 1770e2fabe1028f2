"""What our script tells about a page as it is left."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page

from common.identities import time_of_id
from tests.analytics.browsers import CHROME
from tests.analytics.taken import Taken
from tests.browser.conftest import CHROMIUM, QUIET
from tests.factories import make_tutorial

LONG = "The opening.\n\n" + "A paragraph that takes its time to say what it has to say. " * 600

# Under load a page may be loaded before the browser has told anybody what its largest paint was.
PAINTED = """() => new Promise((told) =>
    new PerformanceObserver(() => told(true)).observe({type: "largest-contentful-paint", buffered: true}))"""


@pytest.fixture(scope="module")
def browser(browser: Browser) -> Iterator[Browser]:
    """One that has no head and does not say so: what is sent as a page closes has the name that it was started with."""
    one = browser.browser_type.launch(executable_path=CHROMIUM, args=[*QUIET, f"--user-agent={CHROME}"])
    yield one
    one.close()


@pytest.fixture
def look() -> dict[str, Any]:
    return {"timezone_id": "Europe/Berlin"}


@pytest.fixture
def told(taken: Taken) -> Taken:
    """What the script told of a long page and others."""
    make_tutorial("A long one", body=LONG)
    return taken


@pytest.fixture(autouse=True)
def page_that_says_nothing_as_it_closes(page: Page, told: Taken) -> Iterator[None]:
    yield
    page.evaluate("navigator.sendBeacon = () => true")


def wait_for(page: Page, told: Taken, number: int) -> None:
    """Until the platform has taken so many events."""
    for _ in range(200):
        if len(told) >= number:
            break
        page.wait_for_timeout(25)
    assert len(told) == number


def scroll_to(page: Page, part: float) -> None:
    page.evaluate("part => scrollTo({top: part * (document.documentElement.scrollHeight - innerHeight)})", part)
    page.wait_for_function(
        "part => scrollY >= part * (document.documentElement.scrollHeight - innerHeight) - 2", arg=part
    )


def test_a_page_that_is_left_tells_how_it_was_looked_at(page: Page, told: Taken) -> None:
    page.clock.install()
    page.goto("/tutorials/a-long-one/")
    page.wait_for_load_state()
    page.clock.run_for(10_000)
    page.wait_for_function(PAINTED)
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
    assert abs(time_of_id(UUID(event.id)) - datetime.now(UTC)) < timedelta(minutes=5)


def test_a_page_that_goes_slowly_tells_once(page: Page, told: Taken) -> None:
    """A browser says twice that a page goes, and on a busy machine a tenth of a second may lie between."""
    page.goto("/tutorials/a-long-one/")
    page.wait_for_load_state()
    page.mouse.move(50, 50)
    page.evaluate(
        """() => {
            const beacon = navigator.sendBeacon.bind(navigator);
            navigator.sendBeacon = (...sent) => {
                localStorage.said = Number(localStorage.said ?? 0) + 1;
                return beacon(...sent);
            };
            addEventListener("pagehide", () => { for (const from = Date.now(); Date.now() < from + 150;); });
        }"""
    )
    page.goto("/pricing/")
    assert page.evaluate("localStorage.said") == "1"
    wait_for(page, told, 1)


def test_who_does_nothing_for_half_a_minute_is_not_there(page: Page, told: Taken) -> None:
    page.clock.install()
    page.goto("/tutorials/a-long-one/")
    page.wait_for_load_state()
    page.clock.run_for(200_000)
    page.goto("/pricing/")
    wait_for(page, told, 1)
    assert 29 <= told[0].properties["seconds"] <= 31


def test_a_tab_that_is_hidden_tells_once_and_then_only_what_is_new(page: Page, told: Taken) -> None:
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
    page.wait_for_function(PAINTED)
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


def test_a_page_that_the_browser_kept_is_a_page_view_of_its_own(page: Page, told: Taken) -> None:
    page.goto("/tutorials/a-long-one/")
    page.wait_for_load_state()
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    wait_for(page, told, 1)
    assert (told[0].name, told[0].subject, told[0].audience.country) == ("page_view", "/tutorials/a-long-one/", "DE")


def test_a_link_that_htmx_follows_leaves_a_page(page: Page, told: Taken) -> None:
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
def test_nothing_is_told_for_who_does_not_want_it(page: Page, told: Taken, said: str) -> None:
    page.add_init_script(said)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/tutorials/a-long-one/")
    page.mouse.move(50, 50)
    page.goto("/pricing/")
    page.goto("/tutorials/")
    assert [address for address in asked if "analytics/events" in address] == []
    wait_for(page, told, 0)


def test_the_script_keeps_nothing_in_the_browser(page: Page, told: Taken) -> None:
    page.goto("/tutorials/a-long-one/")
    page.goto("/pricing/")
    wait_for(page, told, 1)
    kept = page.evaluate("[...Object.keys(localStorage), ...Object.keys(sessionStorage)]")
    assert [key for key in kept if not key.startswith("htmx")] == []
    assert [cookie["name"] for cookie in page.context.cookies()] in ([], ["__Host-csrf"])


def test_code_that_is_copied_is_a_feature_that_was_used(page: Page, told: Taken) -> None:
    make_tutorial("With code")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/tutorials/with-code/")
    page.get_by_role("button", name="Copy").first.click()
    wait_for(page, told, 1)
    assert (told[0].name, told[0].subject, told[0].properties) == ("feature", "copy_code", {})
