"""An author writes in the admin and sees what readers will see."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from tests.factories import PASSWORD, make_tutorial


@pytest.fixture
def writer(transactional_db: None) -> User:
    return User.objects.create_superuser("writer@howtoai.example", PASSWORD, name="Writer")


def test_the_preview_follows_the_text(page: Page, writer: User) -> None:
    make_tutorial("Draft to be", status="draft")
    page.goto("/admin/")
    page.get_by_label("E-mail address").fill(writer.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Password").press("Enter")
    page.get_by_role("link", name="Tutorials", exact=True).last.click()
    page.get_by_role("link", name="Draft to be").click()
    preview = page.frame_locator("iframe[title=Preview]")
    expect(preview.get_by_role("heading", name="First steps")).to_be_visible()
    page.get_by_label("Body").fill("## Quite new\n\n<script>alert(1)</script>\n\n```python\nprint(1)\n```")
    expect(preview.get_by_role("heading", name="Quite new")).to_be_visible()
    expect(preview.get_by_text("<script>alert(1)</script>")).to_be_visible()
