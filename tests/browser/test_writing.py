"""An author writes in the admin and sees what readers will see."""

from __future__ import annotations

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from playwright.sync_api import Page, expect

from accounts.models import User
from tests.factories import PASSWORD, make_tutorial, make_user


@pytest.fixture
def writer(transactional_db: None) -> User:
    return make_user(role="author")


def test_the_preview_follows_the_text(page: Page, writer: User) -> None:
    codes = RecoveryCodes.activate(writer).get_unused_codes()
    make_tutorial("Draft to be", status="draft")
    page.goto("/admin/")
    page.get_by_label("E-mail address").fill(writer.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password", exact=True).press("Enter")
    page.get_by_role("textbox", name="Code").fill(codes[0])
    page.get_by_role("textbox", name="Code").press("Enter")
    page.wait_for_url("**/admin/")
    page.get_by_role("link", name="Tutorials", exact=True).last.click()
    page.get_by_role("link", name="Draft to be").click()
    preview = page.frame_locator("iframe[title=Preview]")
    expect(preview.get_by_role("heading", name="First steps")).to_be_visible()
    page.get_by_label("Body").fill("## Quite new\n\n<script>alert(1)</script>\n\n```python\nprint(1)\n```")
    expect(preview.get_by_role("heading", name="Quite new")).to_be_visible()
    expect(preview.get_by_text("<script>alert(1)</script>")).to_be_visible()
