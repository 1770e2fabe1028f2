"""The way that everybody goes: arrive, find, read."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from ops.demo import CONTENT
from tutorials.services import import_tutorials


@pytest.fixture(autouse=True)
def real_tutorials(transactional_db: None) -> None:
    import_tutorials(path=CONTENT)


def test_a_visitor_arrives_searches_and_reads(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.get_by_role("searchbox").first.fill("retrieval")
    page.get_by_role("searchbox").first.press("Enter")
    page.get_by_role("link", name="Retrieval from scratch").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Retrieval from scratch")
    assert page.title().startswith("Retrieval from scratch")
    expect(page.locator(".prose figure.code").first).to_be_visible()


def test_results_are_renewed_while_one_types(page: Page) -> None:
    page.goto("/tutorials/")
    field = page.locator("main").get_by_role("searchbox")
    field.press_sequentially("injection", delay=20)
    expect(page.locator(".rows > li")).to_have_count(1)
    expect(page.locator(".rows")).to_contain_text("Prompt injection")
    expect(page).to_have_url(re.compile("q=injection"))
    page.locator("main").get_by_label("Level").select_option("beginner")
    expect(page.locator(".rows > li")).to_have_count(0)
    page.go_back()
    expect(page.locator(".rows > li")).to_have_count(1)


@pytest.mark.parametrize("look", [{"java_script_enabled": False}])
def test_everything_can_be_read_without_script(page: Page, look: dict[str, Any]) -> None:
    page.goto("/tutorials/")
    page.locator("main").get_by_label("Level").select_option("advanced")
    page.locator("main").get_by_role("searchbox").fill("agents")
    page.locator("main").get_by_role("searchbox").press("Enter")
    page.get_by_role("link", name="Agents and tools").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Agents and tools")
    expect(page.locator("main")).to_contain_text("$50")


def test_code_is_copied_with_one_click(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/tutorials/structured-output/")
    code = page.locator("figure.code").filter(has_text="Python").first
    code.get_by_role("button", name="Copy").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == code.locator("code").inner_text().strip()


def test_the_keyboard_reaches_the_text_first(page: Page) -> None:
    page.goto("/tutorials/prompting-that-works/")
    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    expect(skip).to_have_text("Skip to the text")
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


@pytest.mark.parametrize("look", [{"viewport": {"width": 390, "height": 844}, "has_touch": True}])
def test_a_phone_has_one_menu_and_a_folded_table_of_contents(page: Page, look: dict[str, Any]) -> None:
    page.goto("/tutorials/prompting-that-works/")
    page.locator("header summary").tap()
    expect(page.locator("header").get_by_role("link", name="Tutorials").first).to_be_visible()
    page.locator("header summary").tap()
    contents = page.locator("details").filter(has_text="On this page")
    contents.locator("summary").tap()
    contents.get_by_role("link").last.tap()
    expect(page.locator("#what-to-remember")).to_be_in_viewport()
