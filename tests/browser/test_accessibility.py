"""Every page, wide and narrow, light and dark: axe finds nothing, nothing overflows, nothing is heavy."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Response

from tests.factories import make_tutorial

LOOKS = [
    {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    for width in (390, 1280)
    for scheme in ("light", "dark")
]
LARGEST_ASSETS = 60 * 1024  # bytes of CSS and JavaScript on one page, compressed


EVERYTHING = Path(__file__).with_name("everything.md")


@pytest.fixture(autouse=True)
def some_tutorials(transactional_db: None) -> None:
    """A text with everything in it, a premium one, and titles at their longest."""
    make_tutorial("Everything", body=EVERYTHING.read_text())
    make_tutorial("Paid for", access="premium")
    make_tutorial("Incomprehensibilities" * 5, slug="long", summary="Unbreakable" * 18)


PAGES = [
    "/",
    "/tutorials/",
    "/tutorials/?q=zzz",
    "/tutorials/everything/",
    "/tutorials/paid-for/",
    "/tutorials/long/",
]


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look['viewport']['width']}-{look['color_scheme']}")
def test_no_page_has_a_barrier(page: Page, look: dict[str, Any]) -> None:
    for address in PAGES:
        page.goto(address)
        results = barriers(page)
        assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("look", [{"viewport": {"width": width, "height": 900}} for width in (320, 768, 1920)])
def test_no_page_scrolls_sideways(page: Page, look: dict[str, Any]) -> None:
    for address in PAGES:
        page.goto(address)
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow == 0, f"{address} scrolls sideways by {overflow} px"


def barriers(page: Page) -> AxeResults:
    """What axe finds; collecting what it does not mind would take most of the time."""
    return Axe().run(page, options={"resultTypes": ["violations"]})


@pytest.mark.parametrize("silent", [False])
def test_an_error_page_has_no_barrier(page: Page, silent: bool) -> None:
    response = page.goto("/nothing-here/")
    assert response is not None
    assert response.status == 404
    assert barriers(page).violations_count == 0


@pytest.mark.parametrize("address", PAGES)
def test_styles_and_scripts_are_light(page: Page, address: str) -> None:
    weights: dict[str, int] = {}

    def weigh(response: Response) -> None:
        if response.request.resource_type in ("stylesheet", "script"):
            weights[response.url] = len(gzip.compress(response.body()))

    page.on("response", weigh)
    page.goto(address, wait_until="networkidle")
    assert weights
    assert sum(weights.values()) < LARGEST_ASSETS
