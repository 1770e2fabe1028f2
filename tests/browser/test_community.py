"""Two people at once: one asks, the other answers; one reports, the other decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Dialog, Page, expect

from accounts.models import User
from community.models import Category, Comment, Draft, Notification, Post
from community.services import drafts
from tests.browser.test_accessibility import sign_in
from tests.community.members import make_category, make_comment, make_post
from tests.config.processes import wait_until
from tests.factories import PASSWORD, make_user


@pytest.fixture
def asker(transactional_db: None) -> User:
    return make_user(name="Lea Learner")


@pytest.fixture
def helper(transactional_db: None) -> User:
    return make_user(name="Sam Stranger")


@pytest.fixture
def category(transactional_db: None) -> Category:
    return make_category("Prompting")


@pytest.fixture
def other_page(new_page: Callable[..., Page]) -> Page:
    """The browser of the second person."""
    return new_page()


@pytest.fixture
def post_of_another(page: Page, asker: User, helper: User, category: Category) -> Post:
    """It is open before `asker`, who may answer it."""
    post = make_post("How do I keep answers short?", author=helper, category=category)
    sign_in(page, asker)
    page.goto(post.get_absolute_url())
    return post


def test_one_asks_the_other_answers_and_it_is_accepted(
    page: Page, other_page: Page, asker: User, helper: User, category: Category
) -> None:
    sign_in(page, asker)
    sign_in(other_page, helper)

    page.goto("/community/")
    page.get_by_role("link", name="New post").first.click()
    page.get_by_label("Title").fill("How do I keep answers short?")
    page.get_by_label("Category").select_option("Prompting")
    page.get_by_label("Text").fill("They **always** ramble.")
    with page.expect_response(lambda response: response.url.endswith("/preview/")):
        page.get_by_role("button", name="Preview").click()
    expect(page.locator(".preview strong")).to_have_text("always")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("How do I keep answers short?")
    expect(page.get_by_text("Nobody has answered yet.")).to_be_visible()

    other_page.goto("/community/?order=unanswered")
    other_page.get_by_role("link", name="How do I keep answers short?").click()
    with other_page.expect_response(lambda response: response.url.endswith("/drafts/save/")):
        other_page.get_by_label("Text").fill("Say how many sentences you want.")
    other_page.get_by_role("button", name="Post answer").click()
    expect(other_page.locator("article.comment")).to_contain_text("how many sentences")
    with other_page.expect_response(lambda response: response.url.endswith("/like/")):
        other_page.locator("#post_text .like").click()
    expect(other_page.locator("#post_text .like")).to_have_text("1 like")
    expect(other_page.locator("#post_text .like")).to_have_attribute("aria-pressed", "true")

    page.reload()
    page.get_by_role("button", name="Accept answer").click()
    expect(page.get_by_text("Accepted answer")).to_be_visible()
    page.get_by_role("link", name="Reply").click()
    page.get_by_label("Text").fill("That did it, thank you.")
    page.get_by_role("button", name="Post reply").click()
    expect(page.locator(".comment--reply")).to_contain_text("That did it")

    other_page.reload()
    expect(other_page.get_by_text("Solved")).to_be_visible()
    expect(other_page.locator(".comment--reply")).to_contain_text("That did it")
    post = Post.objects.get()
    assert (post.likes_count, post.comments_count) == (1, 2)
    assert Notification.objects.filter(user=helper, kind="accepted").exists()


def test_a_draft_survives_a_closed_tab(page: Page, asker: User, category: Category) -> None:
    sign_in(page, asker)
    page.goto("/community/new/")
    page.get_by_label("Title").fill("Half a question")
    with page.expect_response(lambda response: response.url.endswith("/drafts/save/")):
        page.get_by_label("Text").fill("I had begun to say")
    page.goto("/")
    page.goto("/community/new/")
    expect(page.get_by_label("Title")).to_have_value("Half a question")
    expect(page.get_by_label("Text")).to_have_value("I had begun to say")


def write_as_the_session_ends(page: Page, words: str) -> None:
    page.context.clear_cookies(name="__Host-session")
    page.get_by_label("Text").fill(words)
    expect(page.locator("#draft_status")).to_contain_text("You are signed out.")


def sign_in_beside(page: Page, user: User) -> None:
    """In another tab, from which the page comes back."""
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Sign in, in a new tab").click()
    beside = opened.value
    beside.get_by_label("E-mail address").fill(user.email)
    beside.get_by_label("Password", exact=True).fill(PASSWORD)
    beside.get_by_label("Password", exact=True).press("Enter")
    beside.wait_for_url("**/community/posts/**")
    beside.close()
    page.get_by_label("Text").blur()
    with page.expect_response("**/api/users/me"):
        page.get_by_label("Text").focus()


@pytest.mark.parametrize("silent", [False])  # The browser itself notes an answer of 401.
def test_whose_session_ends_while_they_write_signs_in_beside_it_and_goes_on(
    page: Page, asker: User, post_of_another: Post
) -> None:
    write_as_the_session_ends(page, "Say how many sentences")
    sign_in_beside(page, asker)
    page.get_by_label("Text").press_sequentially(" you want.")
    expect(page.locator("#draft_status")).to_contain_text("Draft saved.")
    page.get_by_role("button", name="Post answer").click()
    expect(page.locator("article.comment")).to_contain_text("Say how many sentences you want.")
    # What is begun now is another draft, though the browser sends the same token.
    page.get_by_label("Text").fill("And show an answer of that length.")
    expect(page.locator("#draft_status")).to_contain_text("Draft saved.")


@pytest.mark.parametrize("silent", [False])
def test_who_signs_in_beside_it_and_leaves_has_a_draft(page: Page, asker: User, post_of_another: Post) -> None:
    write_as_the_session_ends(page, "Said before I was out")
    sign_in_beside(page, asker)
    page.goto("/")
    assert wait_until(lambda: Draft.objects.filter(user=asker, body="Said before I was out").exists())


@pytest.mark.parametrize("silent", [False])
def test_what_one_person_wrote_is_not_sent_as_another(
    page: Page, asker: User, helper: User, post_of_another: Post
) -> None:
    write_as_the_session_ends(page, "Of the asker")
    sign_in_beside(page, helper)
    with page.expect_response("**/drafts/save/") as answered:
        page.get_by_label("Text").press_sequentially(", alone.")
    assert answered.value.status == 403
    assert not Draft.objects.filter(user=helper).exists()


@pytest.mark.parametrize("silent", [False])
def test_a_like_that_is_refused_leaves_its_button(page: Page, post_of_another: Post) -> None:
    page.context.clear_cookies(name="__Host-session")
    for _ in range(2):
        page.get_by_role("button", name="Like").click()
        expect(page.locator("main").get_by_role("alert")).to_have_count(1)
        expect(page.get_by_role("button", name="Like")).to_be_visible()


def test_what_is_typed_just_before_reply_is_pressed_is_kept(page: Page, helper: User, post_of_another: Post) -> None:
    make_comment(post_of_another, author=helper)
    page.reload()
    page.get_by_label("Text").fill("To all of you")
    page.get_by_role("link", name="Reply").click()
    page.get_by_label("Text").press_sequentially("To one")
    expect(page.get_by_role("button", name="Cancel reply")).to_be_visible()
    page.goto("/")
    assert wait_until(lambda: set(Draft.objects.values_list("body", flat=True)) == {"To all of you", "To one"})


def test_what_was_written_in_the_last_second_is_kept_too(page: Page, post_of_another: Post) -> None:
    page.get_by_label("Text").fill("Said and gone")
    page.goto("/")
    assert wait_until(lambda: Draft.objects.filter(body="Said and gone").exists())


def test_the_browser_asks_before_an_edit_is_lost(page: Page, asker: User, category: Category) -> None:
    post = make_post("How do I keep answers short?", author=asker, category=category)
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    sign_in(page, asker)
    page.goto(f"/community/posts/{post.pk}/edit/")
    page.get_by_label("Text").press_sequentially("!")
    page.locator("header").get_by_role("link", name="Tutorials").click()
    expect(page.get_by_label("Text")).to_be_visible()
    assert asked == ["beforeunload"]
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(post.title)
    assert asked == ["beforeunload"]


def test_the_draft_of_a_reply_comes_to_the_comment(page: Page, asker: User, helper: User, category: Category) -> None:
    post = make_post("How do I keep answers short?", author=helper, category=category)
    answer = make_comment(post, author=helper)
    drafts.save_draft(user=asker, place=f"reply-{answer.pk}", values={"body": "I had begun to"})
    sign_in(page, asker)
    page.goto(post.get_absolute_url())
    page.get_by_role("link", name="Reply").click()
    expect(page.get_by_label("Text")).to_have_value("I had begun to")


def test_similar_posts_are_shown_while_the_title_is_typed(page: Page, asker: User, category: Category) -> None:
    make_post("How do I keep answers short?", category=category)
    sign_in(page, asker)
    page.goto("/community/new/")
    page.get_by_label("Title").press_sequentially("keeping answers short")
    expect(page.get_by_role("link", name="How do I keep answers short?")).to_be_visible()


def test_who_watches_with_the_keyboard_stays_at_the_button(page: Page, asker: User, category: Category) -> None:
    sign_in(page, asker)
    for before, after in (("Watch", "Watching"), ("Watching", "Watch"), ("Mute", "Muted")):
        page.goto(category.get_absolute_url())
        page.get_by_role("button", name=before, exact=True).press("Enter")
        expect(page.get_by_role("button", name=after, exact=True)).to_be_focused()


@pytest.mark.parametrize("look", [{"java_script_enabled": False}], ids=["without script"])
def test_everything_works_without_script(
    page: Page, asker: User, helper: User, category: Category, look: dict[str, Any]
) -> None:
    post = make_post("How do I keep answers short?", author=asker, category=category)
    answer = make_comment(post, author=helper)
    sign_in(page, asker)
    page.goto(post.get_absolute_url())
    page.get_by_role("button", name="Like").click()
    expect(page.get_by_role("button", name="1 like")).to_be_visible()
    page.get_by_role("button", name="Accept answer").click()
    expect(page.get_by_text("Accepted answer")).to_be_visible()
    page.get_by_role("link", name="Reply").click()
    page.get_by_label("Text").fill("Thank you.")
    page.get_by_role("button", name="Post reply").click()
    expect(page.locator(".comment--reply")).to_contain_text("Thank you.")
    page.get_by_label("Text").fill("To all of **you**")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".preview strong")).to_have_text("you")
    assert Comment.objects.filter(parent=answer).count() == 1
