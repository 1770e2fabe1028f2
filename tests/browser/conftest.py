"""A real Chromium in front of the real server."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
# A person is slower than a deferred script, a test is not: what it did to a page that cannot hear it yet would be lost.
# This finds the page as long as it is not ready; as long as its first tag has not come there is nothing to be found.
UNREADY = """{
    query: root => document.readyState === "complete" ? null : document.documentElement,
    queryAll: root => document.readyState === "complete" || !document.documentElement ? [] : [document.documentElement],
}"""
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = [item for item in items if "tests/browser/" in item.nodeid]
    for item in here:
        item.add_marker(pytest.mark.browser)
        # Playwright runs an event loop in this thread; the ORM calls of the tests are no part of it.
        item.add_marker(pytest.mark.django_db(transaction=True))
        if CHROMIUM is None:
            item.add_marker(pytest.mark.skip(reason="no Chromium found; install it, on Debian: apt install chromium"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        playwright.selectors.register("unready", UNREADY, content_script=True)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def look() -> dict[str, Any]:
    """How the browser is set up; a test may override it by parametrising `look`."""
    return {}


@pytest.fixture
def new_page(browser: Browser, live_server: Any) -> Iterator[Callable[..., Page]]:
    """Open a browser of somebody's own; what its page is told to do waits until the page's scripts have run."""
    contexts: list[BrowserContext] = []

    def open_one(**look: Any) -> Page:
        context = browser.new_context(base_url=live_server.url, **look)
        contexts.append(context)
        context.set_default_timeout(10_000)
        page = context.new_page()
        # Whatever is found so is in the way of every action until it no longer is.
        page.add_locator_handler(page.locator("unready=page"), lambda: None)
        return page

    yield open_one
    for context in contexts:
        context.close()


@pytest.fixture
def silent() -> bool:
    """Whether the console must stay silent; a failed request speaks there."""
    return True


@pytest.fixture
def page(new_page: Callable[..., Page], look: dict[str, Any], silent: bool) -> Iterator[Page]:
    """A page whose console must stay silent: a broken policy or script is an error there."""
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    page = new_page(**look)
    page.on("console", note)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    assert not silent or complaints == []
