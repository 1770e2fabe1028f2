"""Two people at once: one reports what a third wrote, the other decides, and the author reads why."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from accounts.models import User
from tests.community.members import make_post
from tests.factories import PASSWORD, totp_code


def page_of(new_page: Callable[..., Page], user: User) -> Page:
    """A browser of somebody's own, signed in."""
    page = new_page()
    page.goto("/accounts/login/")
    page.get_by_label("E-mail address").fill(user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.locator("main").get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: urlsplit(url).path != "/accounts/login/")
    if user.is_staff:
        page.get_by_label("Code").fill(totp_code())
        page.locator("main").get_by_role("button").first.click()
        page.wait_for_url(lambda url: not urlsplit(url).path.startswith("/accounts/"))
    return page


def test_a_report_is_decided_and_undone(
    new_page: Callable[..., Page], learner: User, stranger: User, moderator: User
) -> None:
    post = make_post("Answers for sale", author=learner, body="Buy them in my shop.")
    reporter, decider = page_of(new_page, stranger), page_of(new_page, moderator)

    reporter.goto(post.get_absolute_url())
    reporter.get_by_role("link", name="Report").click()
    reporter.get_by_label("It is spam").check()
    reporter.get_by_role("button", name="Report it").click()
    expect(reporter.get_by_text("Thank you. The moderators have your report.")).to_be_visible()

    decider.goto("/community/moderation/")
    expect(decider.get_by_text("It is spam.")).to_be_visible()
    decider.get_by_label("Why").fill("We sell nothing here.")
    decider.get_by_role("button", name="Hide").click()
    expect(decider.get_by_role("heading", name="Nothing waits")).to_be_visible()
    answer = reporter.goto(post.get_absolute_url())
    assert answer is not None
    assert answer.status == 404

    author = page_of(new_page, learner)
    author.goto("/notifications/")
    expect(author.get_by_text("The reason: We sell nothing here.")).to_be_visible()

    decider.get_by_role("link", name="Staff log").click()
    decider.get_by_role("link", name="Undo").click()
    decider.get_by_label("Why").fill("It was meant as a joke.")
    decider.get_by_role("button", name="Undo it").click()
    expect(decider.get_by_text("Undone: Hide")).to_be_visible()
    reporter.goto(post.get_absolute_url())
    expect(reporter.get_by_role("heading", name="Answers for sale")).to_be_visible()
    for page in (reporter, decider, author):
        page.context.close()
