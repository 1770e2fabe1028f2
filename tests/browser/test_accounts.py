"""Having an account, from signing up to erasing it, as a person goes through it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core import mail
from playwright.sync_api import Page, expect

from tests.factories import PASSWORD, make_user

ADDRESS = "lea@howtoai.example"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture(autouse=True)
def local(settings: Any, transactional_db: None) -> None:
    # As in development: the test server has no HTTPS.
    settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True
    # Half a minute may end between reading a code and sending it.
    settings.MFA_TOTP_TOLERANCE = 1


def add_authenticator(page: Page, *, verifies: bool = True) -> None:
    """Give the browser a device that answers for passkeys; without `verifies` finger or face are refused."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": verifies,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def button(page: Page, name: str) -> Any:
    return page.locator("main").get_by_role("button", name=name, exact=True)


def sign_in(page: Page, address: str = ADDRESS) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("E-mail address").fill(address)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    button(page, "Sign in").click()
    page.wait_for_url(lambda url: urlsplit(url).path != "/accounts/login/")


def sign_out(page: Page) -> None:
    page.locator("header .menu--wide summary").click()
    page.locator("header .menu--wide").get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_have_text("You are signed out.")


def linked_path(subject: str) -> str:
    """The path of the link in the newest mail with this subject."""
    letter = next(letter for letter in reversed(mail.outbox) if letter.subject == subject)
    found = re.search(r"https?://\S+", str(letter.body))
    assert found
    return urlsplit(found.group()).path


def totp_code(secret: str) -> str:
    code: str = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    return code


def test_a_whole_life_of_an_account(page: Page, new_page: Callable[..., Page], live_server: Any) -> None:
    add_authenticator(page)

    # Sign up; where one came from is where one goes on.
    page.goto("/tutorials/")
    page.get_by_role("link", name="Sign in").click()
    page.locator("main").get_by_role("link", name="Sign up").click()
    page.get_by_label("Name").fill("Lea Learner")
    page.get_by_label("E-mail address").fill(ADDRESS)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    button(page, "Sign up").click()
    expect(page).to_have_url(f"{live_server.url}/tutorials/")

    # Confirm the address.
    expect(page.get_by_role("complementary", name="Confirm your e-mail address")).to_contain_text(ADDRESS)
    page.goto(linked_path("Confirm your e-mail address"))
    button(page, "Confirm").click()
    expect(page.get_by_role("status")).to_have_text(f"{ADDRESS} is confirmed.")
    expect(page.get_by_role("complementary", name="Confirm your e-mail address")).to_have_count(0)

    # A second factor, for which one proves again who one is.
    page.locator("header .menu--wide summary").click()
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("link", name="Security").click()
    page.get_by_role("link", name="Set up an authenticator app").click()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    button(page, "Go on").click()
    secret = "".join(page.locator("#key > span").all_inner_texts())
    expect(page.get_by_role("img", name="QR code").locator("svg")).to_be_visible()
    page.get_by_role("textbox", name="Code").fill(totp_code(secret))
    button(page, "Turn it on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    recovery_codes = page.locator("#codes > li").all_inner_texts()
    assert len(recovery_codes) == 10
    assert mail.outbox[-1].subject == "An authenticator app was set up"
    sign_out(page)

    # The password alone is no longer enough.
    sign_in(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("One more step")
    page.get_by_role("textbox", name="Code").fill(totp_code(secret))
    button(page, "Sign in").click()
    expect(page).to_have_url(f"{live_server.url}/")

    # A passkey, which is.
    page.goto("/accounts/2fa/webauthn/add/")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    button(page, "Go on").click()
    page.get_by_label("Name").fill("My laptop")
    button(page, "Add a passkey").click()
    expect(page.get_by_role("status")).to_have_text("The passkey is added.")
    sign_out(page)
    page.goto("/accounts/login/?next=/settings/sessions/")
    button(page, "Sign in with a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Devices")
    expect(page.locator(".thing")).to_have_count(1)
    expect(page.locator(".thing")).to_contain_text("This device")

    # Another device signs in, its owner hears of it, and ends it.
    other = new_page(user_agent=FIREFOX)
    sign_in(other)
    other.get_by_role("textbox", name="Code").fill(recovery_codes[0])
    button(other, "Sign in").click()
    expect(other).to_have_url(f"{live_server.url}/")
    assert mail.outbox[-1].subject == "New sign-in to your account: Firefox on Linux"
    page.reload()
    expect(page.locator(".thing")).to_have_count(2)
    expect(page.locator(".thing").filter(has_text="Firefox on Linux")).to_be_visible()
    button(page, "Sign out everywhere else").click()
    expect(page.get_by_role("status")).to_have_text("You are signed out everywhere else.")
    expect(page.locator(".thing")).to_have_count(1)
    other.goto("/settings/sessions/")
    expect(other.get_by_role("heading", level=1)).to_have_text("Sign in")

    # Erase it all, and think better of it.
    page.get_by_role("link", name="My data").click()
    page.get_by_label("Your password").fill(PASSWORD)
    button(page, "Erase my account").click()
    expect(page.get_by_role("status")).to_contain_text("Your account will be erased on")
    button(page, "Sign in with a passkey").click()
    expect(page.get_by_role("complementary", name="Your account will be erased")).to_be_visible()
    page.get_by_role("button", name="Keep my account").click()
    expect(page.get_by_role("status")).to_contain_text("You keep your account.")


def test_a_forgotten_password_is_replaced_and_a_used_link_is_not_good_again(page: Page) -> None:
    make_user(email=ADDRESS)
    page.goto("/accounts/login/")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("E-mail address").fill(ADDRESS)
    button(page, "Mail me a link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your mail")
    link = linked_path("Reset your password")
    page.goto(link)
    page.get_by_label("New password", exact=True).fill(f"{PASSWORD} anew")
    page.get_by_label("New password again").fill(f"{PASSWORD} anev")
    button(page, "Change the password").click()
    expect(page.get_by_label("New password again")).to_be_focused()
    page.get_by_label("New password", exact=True).fill(f"{PASSWORD} anew")
    page.get_by_label("New password again").fill(f"{PASSWORD} anew")
    button(page, "Change the password").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in with the new password")
    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_have_text("This link no longer works")


def test_somebody_signs_in_with_a_mailed_code(page: Page, live_server: Any) -> None:
    make_user(email=ADDRESS)
    page.goto("/accounts/login/?next=/tutorials/")
    page.get_by_role("link", name="Mail me a code").click()
    page.get_by_label("E-mail address").fill(ADDRESS)
    button(page, "Mail me a code").click()
    found = re.search(r"^\w{4}-\w{4}$", str(mail.outbox[-1].body), re.MULTILINE)
    assert found
    page.get_by_role("textbox", name="Code").fill(found.group())
    button(page, "Sign in").click()
    expect(page).to_have_url(f"{live_server.url}/tutorials/")


def test_a_passkey_that_was_removed_here_is_told_from_a_wrong_code(page: Page) -> None:
    add_authenticator(page)
    user = make_user(email=ADDRESS)
    sign_in(page)
    page.goto("/accounts/2fa/webauthn/add/")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    button(page, "Go on").click()
    button(page, "Add a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    page.goto("/accounts/2fa/webauthn/add/")
    button(page, "Add a passkey").click()
    expect(page.get_by_text("This device already has a passkey for your account.")).to_be_visible()
    Authenticator.objects.filter(user=user).delete()
    sign_out(page)
    page.goto("/accounts/login/")
    button(page, "Sign in with a passkey").click()
    expect(page.get_by_role("status")).to_contain_text("This passkey is not known here.")


def test_a_refused_passkey_is_explained_beside_the_button(page: Page) -> None:
    add_authenticator(page, verifies=False)
    page.goto("/accounts/login/")
    button(page, "Sign in with a passkey").click()
    alert = page.locator("main").get_by_role("alert").filter(has_text="cancelled")
    expect(alert).to_have_text("It was cancelled or took too long. Try again when you are ready.")
    expect(button(page, "Sign in with a passkey")).to_be_focused()


def test_a_browser_without_passkeys_is_told_so(page: Page) -> None:
    page.add_init_script("delete window.PublicKeyCredential")
    page.goto("/accounts/login/")
    button(page, "Sign in with a passkey").click()
    expect(page.locator("main").get_by_role("alert")).to_contain_text("use passkeys here")


def test_a_password_can_be_looked_at(page: Page) -> None:
    page.goto("/accounts/login/")
    field = page.get_by_label("Password", exact=True)
    show = page.get_by_role("button", name="Show the password")
    field.fill(PASSWORD)
    show.click()
    expect(field).to_have_attribute("type", "text")
    expect(show).to_have_attribute("aria-pressed", "true")
    show.click()
    expect(field).to_have_attribute("type", "password")


def test_the_first_error_takes_the_focus(page: Page) -> None:
    page.goto("/accounts/signup/")
    page.get_by_label("E-mail address").fill(ADDRESS)
    page.get_by_label("Password", exact=True).fill("short")
    button(page, "Sign up").click()
    field = page.get_by_label("Password", exact=True)
    expect(field).to_be_focused()
    expect(field).to_have_accessible_description(re.compile("At least 12 characters.*too short"))


@pytest.mark.parametrize("look", [{"java_script_enabled": False}])
def test_an_account_needs_no_script(page: Page, look: dict[str, Any], live_server: Any) -> None:
    page.goto("/accounts/login/")
    expect(page.get_by_role("button", name="passkey")).to_have_count(0)
    # Playwright's way of turning scripts off leaves noscript unrendered.
    assert "Passkeys need JavaScript" in page.content()
    page.locator("main").get_by_role("link", name="Sign up").click()
    page.get_by_label("E-mail address").fill(ADDRESS)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    button(page, "Sign up").click()
    expect(page).to_have_url(f"{live_server.url}/")
    page.get_by_role("button", name="Send it again").click()
    expect(page.get_by_role("status")).to_contain_text("We have mailed a link")
    page.locator("header .menu--wide summary").click()
    page.locator("header .menu--wide").get_by_role("button", name="Sign out").click()
    sign_in(page)
    expect(page).to_have_url(f"{live_server.url}/")


@pytest.mark.parametrize("look", [{"viewport": {"width": 390, "height": 844}, "has_touch": True}])
def test_on_a_phone_the_one_menu_has_everything(page: Page, look: dict[str, Any]) -> None:
    make_user(email=ADDRESS, name="Lea Learner")
    page.goto("/")
    page.locator("header summary:visible").tap()
    page.locator("header").get_by_role("link", name="Sign in").tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    sign_in(page)
    page.locator("header summary:visible").tap()
    expect(page.locator("header .menu__panel:visible")).to_contain_text(ADDRESS)
    page.locator("header .menu--narrow").get_by_role("link", name="Settings").tap()
    page.locator("header summary:visible").tap()
    page.keyboard.press("Escape")
    expect(page.locator("header summary:visible")).to_be_focused()
    expect(page.locator("header .menu__panel:visible")).to_have_count(0)


@pytest.mark.parametrize("look", [{"timezone_id": "Pacific/Auckland"}])
def test_the_browser_tells_the_time_zone_of_who_signs_up(page: Page) -> None:
    page.goto("/accounts/signup/")
    expect(page.locator("input[name=time_zone]")).to_have_value("Pacific/Auckland")
