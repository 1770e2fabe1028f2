"""Every page, wide and narrow, light and dark: axe finds nothing, nothing overflows, nothing is heavy."""

from __future__ import annotations

import gzip
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page, Response, expect

from accounts.models import User
from billing.models import Cause, InvoiceStatus, Plan, Price
from billing.services.recording import Why
from billing.services.recording import record as record_truth
from billing.services.truth import locked
from community.models import State
from community.services import answers, drafts, following, likes, reporting, states, writing
from tests.billing.truths import DAY, NOON, make_payment, make_return, make_subscription, make_truth
from tests.community.members import make_category, make_comment, make_post
from tests.factories import PASSWORD, TOTP_SECRET, make_tutorial, make_user, totp_code
from tests.tutorials.learners import (
    answers_to,
    finish,
    make_achievement,
    make_certificate,
    make_quiz_tutorial,
    make_track,
    record,
)
from tutorials.models import Tutorial
from tutorials.services.bookmarks import put_bookmark
from tutorials.services.quizzes import answer_quiz

LOOKS = [
    {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    for width in (390, 1280)
    for scheme in ("light", "dark")
]
# Two show each width and each scheme.
TWO_LOOKS = LOOKS[1:3]
LARGEST_ASSETS = 60 * 1024  # bytes of CSS and JavaScript on one page, compressed


EVERYTHING = Path(__file__).with_name("everything.md")


@pytest.fixture(autouse=True)
def some_tutorials(transactional_db: None) -> None:
    """A text with everything in it, a premium one, and titles at their longest."""
    make_tutorial("Everything", body=EVERYTHING.read_text())
    make_tutorial("Paid for", access="premium")
    make_tutorial("Incomprehensibilities" * 5, slug="long", summary="Unbreakable" * 18)


# As a member who has begun, finished, marked and earned something sees them.
LEARNING = [
    "/",
    "/learning/",
    "/learning/finished/",
    "/learning/bookmarks/",
    f"/learning/{timezone.now().year}/",
    "/tracks/",
    "/tracks/everything/",
    "/tutorials/everything/",
    "/tutorials/asked/",
    "/tutorials/asked/quiz/",
    "/tutorials/asked/quiz/?attempt=1",
    "/u/lea/",
]

PAGES = [
    "/",
    "/tutorials/",
    "/tutorials/?q=zzz",
    "/tutorials/everything/",
    "/tutorials/paid-for/",
    "/tutorials/long/",
    "/pricing/",
    "/billing/enterprise/",
    "/api/docs",
    "/api/docs/signing-in",
]
# As a member who pays, has paid and was paid back; the page of changes has a choice.
BILLING = [
    "/pricing/",
    "/billing/",
    "/billing/invoices/",
    "/billing/change/",
    "/billing/cancel/",
    "/billing/checkout/return/",
    "/billing/checkout/cancelled/",
]

# As visitors, members and moderators see the community; a thread, its comments and its people are of the fixture.
FORUM = [
    "/community/",
    "/community/?order=top",
    "/community/c/prompting/",
    "/community/tags/nobody/",
    "{post}",
    "{long}",
]
FINDING = ["/search/", "/search/?q=everything", "/search/?q=zzz", "/search/?q=after:soon"]
MEMBERS = [
    *("{post}", "{long}", "/u/lea/", "/community/c/prompting/", "/community/?author=lea"),
    *("/community/new/", "/community/new/?tutorial=everything", "/community/posts/{pk}/edit/"),
    *("/community/posts/{pk}/delete/", "/community/posts/{pk}/history/", "/community/comments/{comment}/reply/"),
    *("/community/comments/{comment}/report/", "/community/drafts/", "/community/images/", "/community/following/"),
    *("/notifications/", "/settings/notifications/", "/tutorials/everything/", "/"),
]
MODERATION = [
    *("/community/", "{post}", "/community/posts/{pk}/moderate/", "/community/comments/{comment}/moderate/"),
    *("/community/moderation/", "/community/moderation/people/lea/", "/community/moderation/log/"),
]

ENTRANCE = [
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/login/code/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/key/1-2-3/",
    "/accounts/password/reset/key/done/",
    "/accounts/confirm-email/",
    "/accounts/confirm-email/nothing/",
    "/accounts/inactive/",
    "/accounts/google/login/",
    "/accounts/3rdparty/login/cancelled/",
]
SETTINGS = [
    "/settings/profile/",
    "/settings/sessions/",
    "/settings/history/",
    "/settings/api-keys/",
    "/settings/data/",
    "/accounts/2fa/",
    "/accounts/2fa/totp/activate/",
    "/accounts/2fa/webauthn/",
    "/accounts/2fa/webauthn/add/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/3rdparty/",
    "/accounts/reauthenticate/",
    "/accounts/logout/",
]
# With a second factor there are recovery codes, and it can be turned off.
PROTECTED = [
    "/accounts/2fa/",
    "/accounts/2fa/recovery-codes/",
    "/accounts/2fa/recovery-codes/generate/",
    "/accounts/2fa/totp/deactivate/",
    "/accounts/2fa/reauthenticate/",
]


@pytest.mark.parametrize("look", TWO_LOOKS, ids=lambda look: f"{look['viewport']['width']}-{look['color_scheme']}")
def test_no_page_has_a_barrier(page: Page, look: dict[str, Any]) -> None:
    for address in PAGES:
        page.goto(address)
        results = barriers(page)
        assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("look", [{"viewport": {"width": width, "height": 900}} for width in (320, 768, 1920)])
def test_no_page_scrolls_sideways(page: Page, look: dict[str, Any]) -> None:
    for address in PAGES:
        page.goto(address)
        assert overflow(page) == 0, address


@pytest.fixture
def lea(some_tutorials: None) -> User:
    """Somebody who has begun, finished, marked and earned."""
    lea = make_user(name="Lea")
    begun, asked = Tutorial.objects.get(slug="everything"), make_quiz_tutorial("Asked")
    make_track(begun, asked, make_tutorial("Waiting"), slug="everything", quizzes_required=True)
    make_achievement("tutorials_finished", title=LONG_NAME[:80])
    make_achievement("tracks_finished")
    record(lea, begun, block=begun.blocks[1]["id"])
    finish(lea, asked)
    answer_quiz(user=lea, tutorial=asked, answers=answers_to(asked, right=False))
    put_bookmark(user=lea, tutorial=begun, block=begun.blocks[0]["id"], note=LONG_NAME)
    return lea


@pytest.mark.parametrize("look", TWO_LOOKS, ids=lambda look: f"{look['viewport']['width']}-{look['color_scheme']}")
def test_no_page_of_a_learner_has_a_barrier(page: Page, lea: User, look: dict[str, Any]) -> None:
    sign_in(page, lea)
    for address in LEARNING:
        page.goto(address)
        expect(page.locator("h1")).to_have_count(1)
        results = barriers(page)
        assert results.violations_count == 0, f"{address}: {results.generate_report()}"
    page.goto("/tutorials/everything/")
    page.locator(".mark-button").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    results = barriers(page)
    assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look['viewport']['width']}-{look['color_scheme']}")
def test_a_certificate_has_no_barrier_and_prints_on_one_sheet(page: Page, lea: User, look: dict[str, Any]) -> None:
    certificate = make_certificate(lea, make_track(make_tutorial(), title="Incomprehensibilities" * 5))
    certificate.change_name("Unbreakable" * 13)
    certificate.save()
    other = make_certificate(lea)
    other.revoke("Its answers were copied.")
    other.save()
    addresses = [each.get_absolute_url() for each in (certificate, other)]
    for is_hers in (False, True):
        if is_hers:
            sign_in(page, lea)
        for address in addresses:
            page.goto(address)
            expect(page.locator("h1")).to_have_count(1)
            assert overflow(page) == 0, address
            results = barriers(page)
            assert results.violations_count == 0, f"{address}: {results.generate_report()}"
        page.goto(addresses[0])
        assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))) == 1


@pytest.mark.parametrize("look", [{"viewport": {"width": width, "height": 900}} for width in (320, 768)])
def test_no_page_of_a_learner_scrolls_sideways(page: Page, lea: User, look: dict[str, Any]) -> None:
    sign_in(page, lea)
    for address in LEARNING:
        page.goto(address)
        assert overflow(page) == 0, address


@pytest.fixture
def payer(some_tutorials: None) -> User:
    payer = make_user(name="Pat")
    returned = make_payment(
        1, returns=(make_return(at=NOON + DAY),), hosted_url="https://a.example", pdf_url="https://a.example"
    )
    unpaid = replace(make_payment(2, status=InvoiceStatus.OPEN, paid=0, paid_at=None), number=LONG_NAME[:80])
    with locked(payer.pk):
        record_truth(make_subscription(payer), make_truth(make_payment(), returned, unpaid), Why(Cause.PROVIDER))
    plan = Plan.objects.create(code="more", name=LONG_NAME[:40], summary=LONG_NAME[:120], benefits=[LONG_NAME[:120]])
    Price.objects.create(plan=plan, interval="month", amount=123_456_789, version=1)
    return payer


@pytest.mark.parametrize("look", TWO_LOOKS, ids=lambda look: f"{look['viewport']['width']}-{look['color_scheme']}")
def test_no_page_of_billing_has_a_barrier(page: Page, payer: User, look: dict[str, Any]) -> None:
    sign_in(page, payer)
    for address in BILLING:
        page.goto(address)
        expect(page.locator("h1")).to_have_count(1)
        results = barriers(page)
        assert results.violations_count == 0, f"{address}: {results.generate_report()}"


@pytest.mark.parametrize("look", [{"viewport": {"width": width, "height": 900}} for width in (320, 768, 1920)])
def test_no_page_of_billing_scrolls_sideways(page: Page, payer: User, look: dict[str, Any]) -> None:
    sign_in(page, payer)
    for address in BILLING:
        page.goto(address)
        assert overflow(page) == 0, address


# Of the admin, whose frame is unfold's, what we made of it.
STAFF_PAGES = [
    *("/admin/", "/admin/ops/system/", "/admin/billing/revenue/"),
    *(f"/admin/analytics/figures/{name}/" for name in ("visitors", "learning", "members", "journeys")),
]


@pytest.mark.parametrize("look", TWO_LOOKS, ids=lambda look: f"{look['viewport']['width']}-{look['color_scheme']}")
def test_no_page_of_figures_has_a_barrier(page: Page, payer: User, look: dict[str, Any]) -> None:
    sign_in(page, make_user(role="administrator"))
    for address in STAFF_PAGES:
        page.goto(address)
        page.locator("html").evaluate(
            "(html, dark) => html.classList.toggle('dark', dark)", look["color_scheme"] == "dark"
        )
        expect(page.locator("main")).to_have_count(1)
        results = Axe().run(page, context="main")
        assert results.violations_count == 0, f"{address}: {results.generate_report()}"
        assert overflow(page) == 0, address


@pytest.fixture
def forum(lea: User) -> dict[str, Any]:
    """Threads with everything in them: what to fill into the addresses above."""
    prompting, tutorial = make_category("Prompting"), Tutorial.objects.get(slug="everything")
    others = [make_user(name=name) for name in ("Ada Author", LONG_NAME[:50])]
    # Without links; and a post's headings begin with the first level.
    body = EVERYTHING.read_text().replace("](", "] (").replace("## ", "# ")
    post = make_post("What does everything look like?", author=lea, category=prompting, body=body, tutorial=tutorial)
    long = make_post(LONG_NAME + LONG_NAME[:45], author=others[1], category=prompting, tags=["t" * 40, "two", "three"])
    first, hidden, deleted = (make_comment(post, author=others[number % 2]) for number in range(3))
    make_comment(post, author=lea, parent=first, body=f"Thank you, {LONG_NAME * 2}.")
    make_comment(post, author=lea, parent=deleted, body="And this one stays.")
    states.set_state(hidden, State.HIDDEN)
    states.set_state(deleted, State.DELETED)
    answers.accept_answer(by=lea, post=post, comment=first)
    likes.like(user=others[1], text=post)
    reporting.report(by=others[1], text=post, reason=LONG_NAME)
    following.put_watch(user=lea, level="muted", tag="two")
    drafts.save_draft(user=lea, place=f"reply-{first.pk}", values={"body": LONG_NAME * 3})
    writing.edit_post(by=lea, post=post, changes={"body": body + "\n\nOne more line.", "tags": ["everything"]})
    return {"post": post.get_absolute_url(), "long": long.get_absolute_url(), "pk": post.pk, "comment": first.pk}


@pytest.mark.parametrize("look", TWO_LOOKS, ids=lambda look: f"{look['viewport']['width']}-{look['color_scheme']}")
def test_no_page_of_the_community_has_a_barrier(
    page: Page, lea: User, forum: dict[str, Any], moderator: User, look: dict[str, Any]
) -> None:
    for address in (*FORUM, *FINDING):
        check_whole(page, address.format(**forum))
    sign_in(page, lea)
    for address in MEMBERS:
        check_whole(page, address.format(**forum))
    page.context.clear_cookies()
    sign_in(page, moderator)
    page.get_by_role("textbox", name="Code").fill(totp_code())
    press(page, "Sign in")
    for address in MODERATION:
        check_whole(page, address.format(**forum))


@pytest.mark.parametrize("look", [{"viewport": {"width": width, "height": 900}} for width in (320, 768)])
def test_no_page_of_the_community_scrolls_sideways(
    page: Page, lea: User, forum: dict[str, Any], look: dict[str, Any]
) -> None:
    sign_in(page, lea)
    for address in (*FORUM, *FINDING, *MEMBERS):
        page.goto(address.format(**forum))
        assert overflow(page) == 0, address


LONG_NAME = "Incomprehensibilities" * 5


@pytest.mark.parametrize("look", TWO_LOOKS, ids=["390-dark", "1280-light"])
def test_no_page_of_an_account_has_a_barrier(page: Page, look: dict[str, Any]) -> None:
    for address in ENTRANCE:
        check(page, address)

    sign_in(page, make_user(name=LONG_NAME))
    prove(page)
    for address in SETTINGS:
        check(page, address)
    page.context.clear_cookies()

    protected = make_user(confirmed=False)
    TOTP.activate(protected, TOTP_SECRET)
    codes = RecoveryCodes.activate(protected).get_unused_codes()
    sign_in(page, protected)
    check(page)
    page.get_by_role("textbox", name="Code").fill(codes[0])
    press(page, "Sign in")
    prove(page)
    for address in PROTECTED:
        check(page, address)


@pytest.mark.parametrize("look", [{"viewport": {"width": 320, "height": 900}}], ids=["320"])
def test_no_page_of_an_account_scrolls_sideways(page: Page, look: dict[str, Any]) -> None:
    for address in ENTRANCE:
        page.goto(address)
        assert overflow(page) == 0, address
    sign_in(page, make_user(name=LONG_NAME))
    prove(page)
    for address in SETTINGS:
        page.goto(address)
        assert overflow(page) == 0, address
        page.locator("header summary:visible").click()
        assert overflow(page) == 0, f"{address} with its menu open"
    page.context.clear_cookies()
    sign_in(page, make_user(name=LONG_NAME, confirmed=False))
    page.goto("/")
    expect(page.get_by_role("complementary", name="Confirm your e-mail address")).to_be_visible()
    assert overflow(page) == 0


def test_a_form_with_errors_has_no_barrier(page: Page) -> None:
    page.goto("/accounts/signup/")
    page.get_by_label("E-mail address").fill("new@howtoai.example")
    page.get_by_label("Password", exact=True).fill("short")
    press(page, "Sign up")
    expect(page.locator(".field__error:visible")).to_have_count(1)
    check(page)
    sign_in(page, User(email="nobody@howtoai.example"))
    expect(page.locator("main").get_by_role("alert").first).to_be_visible()
    check(page)


def press(page: Page, name: str) -> None:
    page.locator("main").get_by_role("button", name=name, exact=True).click()


def sign_in(page: Page, user: User) -> None:
    """With the password, on the way to proving it once more."""
    page.goto("/accounts/login/?next=/accounts/reauthenticate/")
    page.get_by_label("E-mail address").fill(user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "Sign in")


def prove(page: Page) -> None:
    """So that the pages of risky changes open."""
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm that it is you")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "Go on")
    page.wait_for_url(lambda url: urlsplit(url).path == "/")


def check(page: Page, address: str = "") -> None:
    """That the page, of this address or the one that is open, is itself and has no barrier."""
    if address:
        page.goto(address)
        assert urlsplit(page.url).path == address
    expect(page.locator("h1")).to_have_count(1)
    results = barriers(page)
    assert results.violations_count == 0, f"{page.url}: {results.generate_report()}"


def check_whole(page: Page, address: str) -> None:
    """The page of this address, with its query: one title, no barrier, nothing wider than the screen."""
    page.goto(address)
    expect(page.locator("h1")).to_have_count(1)
    assert overflow(page) == 0, address
    results = barriers(page)
    assert results.violations_count == 0, f"{address}: {results.generate_report()}"


def overflow(page: Page) -> int:
    """By how many pixels the page scrolls sideways."""
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width


def barriers(page: Page) -> AxeResults:
    """What axe finds; collecting what it does not mind would take most of the time."""
    return Axe().run(page, options={"resultTypes": ["violations"]})


@pytest.mark.parametrize("silent", [False])
def test_an_error_page_has_no_barrier(page: Page, silent: bool) -> None:
    response = page.goto("/nothing-here/")
    assert response is not None
    assert response.status == 404
    assert barriers(page).violations_count == 0


@pytest.mark.parametrize("address", [*PAGES, "/accounts/login/", "/community/", "/search/"])
def test_styles_and_scripts_are_light(page: Page, address: str) -> None:
    assert 0 < weight(page, address) < LARGEST_ASSETS


def test_styles_and_scripts_for_who_writes_are_light(page: Page, lea: User, forum: dict[str, Any]) -> None:
    sign_in(page, lea)
    for address in ("{post}", "/community/new/"):
        assert 0 < weight(page, address.format(**forum)) < LARGEST_ASSETS


def weight(page: Page, address: str) -> int:
    """Of the styles and scripts that the page loads, compressed: bytes."""
    weights: dict[str, int] = {}

    def weigh(response: Response) -> None:
        if response.request.resource_type in ("stylesheet", "script"):
            weights[response.url] = len(gzip.compress(response.body()))

    page.on("response", weigh)
    page.goto(address, wait_until="networkidle")
    page.remove_listener("response", weigh)
    return sum(weights.values())
