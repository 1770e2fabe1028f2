"""Images come into what one writes: chosen, or dropped where one writes; and without script."""

from __future__ import annotations

import base64
import re

import pytest
from playwright.sync_api import FilePayload, Page, expect

from accounts.models import User
from community.models import PostImage, Standing, TrustLevel
from tests.accounts.test_pictures import image_of
from tests.browser.test_accounts import sign_in
from tests.community.members import make_category
from tests.factories import make_user

PHOTO = FilePayload(name="photo.png", mimeType="image/png", buffer=image_of("PNG"))
DROP = """([area, data]) => {
  const transfer = new DataTransfer();
  const bytes = Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0));
  transfer.items.add(new File([bytes], "a.png", { type: "image/png" }));
  area.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""


@pytest.fixture
def writer(transactional_db: None) -> User:
    make_category("Prompting")
    user = make_user(name="Wim Writer")
    Standing.objects.create(user=user, trust_level=TrustLevel.MEMBER)
    return user


def choose(page: Page, file: FilePayload = PHOTO) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("link", name="Add an image").click()
    chooser.value.set_files(file)


def test_an_image_is_chosen_described_and_previewed(page: Page, writer: User) -> None:
    sign_in(page, writer.email)
    page.goto("/community/new/")
    page.get_by_label("Text").fill("Look: ")
    choose(page)
    expect(page.get_by_label("Text")).to_have_value(re.compile(r"Look: !\[description\]\([A-Za-z0-9]{22}\.webp\)"))
    page.keyboard.type("a chart")
    page.get_by_role("button", name="Preview").click()
    image = page.get_by_role("img", name="a chart")
    expect(image).to_be_visible()
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") == 640


def test_an_image_is_dropped_where_one_writes(page: Page, writer: User) -> None:
    sign_in(page, writer.email)
    page.goto("/community/new/")
    area = page.get_by_label("Text").element_handle()
    page.evaluate(DROP, [area, base64.b64encode(PHOTO["buffer"]).decode()])
    expect(page.get_by_label("Text")).to_have_value(re.compile(r"!\[description\]\([A-Za-z0-9]{22}\.webp\)"))
    assert PostImage.objects.get().user == writer


@pytest.mark.parametrize("silent", [False])
def test_what_is_no_picture_is_said_beside_the_text(page: Page, writer: User, silent: bool) -> None:
    sign_in(page, writer.email)
    page.goto("/community/new/")
    choose(page, FilePayload(name="a.png", mimeType="image/png", buffer=b"<svg/>"))
    expect(page.get_by_text("This is not a picture that we can read.")).to_be_visible()
    expect(page.get_by_label("Text")).to_have_value("")


@pytest.mark.parametrize("look", [{"java_script_enabled": False}])
def test_without_script_a_page_takes_the_image(page: Page, writer: User) -> None:
    sign_in(page, writer.email)
    page.goto("/community/images/")
    page.get_by_label("New image").set_input_files(PHOTO)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text(f"![description]({PostImage.objects.get().name})")).to_be_visible()
