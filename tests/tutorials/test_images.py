"""Images are checked by what they are, and shown where the text names them."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.storage import default_storage
from django.test import Client
from PIL import Image

from accounts.models import User
from tests.factories import make_tutorial
from tutorials.models import Tutorial, TutorialImage
from tutorials.pictures import inspect_image
from tutorials.services import images, import_tutorials, writing

pytestmark = pytest.mark.django_db

BODY = "![A](a.png)\n\n## S\n"


def picture(kind: str = "PNG", size: tuple[int, int] = (4, 3), colour: str = "red") -> bytes:
    data = BytesIO()
    Image.new("RGB", size, colour).save(data, kind)
    return data.getvalue()


def animation(frames: int, size: tuple[int, int]) -> bytes:
    data = BytesIO()
    first, *others = [Image.new("P", size, number % 2) for number in range(frames)]
    first.save(data, "GIF", save_all=True, append_images=others)
    return data.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that says it has very many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_four_kinds_are_images_whatever_they_are_called(author: User, kind: str) -> None:
    tutorial = make_tutorial(body=BODY)
    image = images.put_image(by=author, tutorial=tutorial, name="a.png", data=picture(kind))
    assert (image.kind, image.width, image.height) == (kind.lower(), 4, 3)
    assert str(image.file.name).endswith(f".{kind.lower()}")
    assert image.file.read() == picture(kind)  # as it was sent


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x89PNG\r\n\x1a\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"GIF89a<script>alert(1)</script>",
        picture()[:-20],
        picture("JPEG", (200, 200))[:-300],
        picture("BMP"),
        picture("TIFF"),
        picture("PNG").replace(b"IDAT", b"IDAX"),
    ],
    ids=["empty", "a head alone", "svg", "script", "cut off", "cut off too", "bmp", "tiff", "another sum"],
)
def test_what_is_no_image_is_refused(data: bytes) -> None:
    with pytest.raises(ValidationError, match="This is no image that we can read"):
        inspect_image(data)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"x" * (2 * 1024 * 1024 + 1), "at most 2 MB"),
        (picture(size=(4097, 1)), "at most 4096 on each side"),
        (bomb(60_000, 60_000), "at most 4096 on each side"),
        (bomb(4097, 10_000), "at most 4096 on each side"),
        (animation(20, (2000, 2000)), "The animation is too long"),
    ],
    ids=["bytes", "a side", "a bomb", "a smaller bomb", "an animation"],
)
def test_what_is_too_large_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        inspect_image(data)


def test_the_largest_that_are_allowed_are_taken() -> None:
    assert inspect_image(picture(size=(4096, 4096))).width == 4096
    assert inspect_image(animation(3, (20, 10))).kind == "gif"


@pytest.mark.parametrize("name", ["../a.png", "a.svg", "A.png", "/a.png", "a..png", "a.png/b", "", "x" * 120 + ".png"])
def test_a_name_that_no_text_may_use_is_refused(author: User, tutorial: Tutorial, name: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        images.put_image(by=author, tutorial=tutorial, name=name, data=picture())
    assert "name" in refusal.value.message_dict
    assert not TutorialImage.objects.exists()


def test_a_new_picture_takes_the_place_and_another_address(
    author: User, django_capture_on_commit_callbacks: object
) -> None:
    tutorial = make_tutorial(body=BODY)
    first = images.put_image(by=author, tutorial=tutorial, name="a.png", data=picture())
    html = Tutorial.objects.get().body_html
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        images.put_image(by=author, tutorial=tutorial, name="a.png", data=picture(colour="blue"))
    assert TutorialImage.objects.count() == 1
    assert Tutorial.objects.get().body_html != html
    assert not default_storage.exists(str(first.file.name))
    assert default_storage.exists(str(TutorialImage.objects.get().file.name))


def test_only_those_who_may_write_bring_images(learner: User, moderator: User, tutorial: Tutorial) -> None:
    for person in (learner, moderator):
        with pytest.raises(PermissionDenied):
            images.put_image(by=person, tutorial=tutorial, name="a.png", data=picture())


def test_an_image_that_readers_see_is_not_removed(author: User) -> None:
    tutorial = make_tutorial(body=BODY)
    shown = images.put_image(by=author, tutorial=tutorial, name="a.png", data=picture())
    hidden = images.put_image(by=author, tutorial=tutorial, name="b.png", data=picture())
    with pytest.raises(ValidationError, match="The text shows this image"):
        images.remove_image(by=author, image=shown)
    images.remove_image(by=author, image=hidden)
    assert TutorialImage.objects.get() == shown


def test_an_import_reads_images_from_beside_the_text(tmp_path: Path) -> None:
    make_tutorial("Other")
    header = "title: T\nsummary: S\ntopic: Foundations\ndifficulty: beginner\naccess: free\npublished_at: 2026-09-01"
    path = tmp_path / "in" / "t.md"
    (tmp_path / "in" / "images").mkdir(parents=True)
    path.write_text(f"---\n{header}\n---\n\nOpening.\n\n![A](images/a.png)\nand ![B](images/b.png)\n")
    (tmp_path / "in" / "images" / "b.png").write_bytes(b"no image")
    with pytest.raises(ValidationError) as refusal:
        import_tutorials(path=tmp_path / "in")
    assert refusal.value.messages == [
        f"{path}:12: body: images/a.png: There is no such file beside the text.",
        f"{path}:13: body: images/b.png: This is no image that we can read. Choose a PNG, JPEG, WebP or GIF file.",
    ]
    for name in "ab":
        (tmp_path / "in" / "images" / f"{name}.png").write_bytes(picture())
    assert import_tutorials(path=tmp_path / "in").created == 1
    assert import_tutorials(path=tmp_path / "in").unchanged == 1
    (tmp_path / "in" / "images" / "a.png").write_bytes(picture(colour="blue"))
    assert import_tutorials(path=tmp_path / "in").updated == 1
    assert Tutorial.objects.get(slug="t").body_html.count("<img ") == 2


def test_an_import_reads_nothing_from_outside_its_folder(tmp_path: Path) -> None:
    make_tutorial("Other")
    header = "title: T\nsummary: S\ntopic: Foundations\ndifficulty: beginner\naccess: free\npublished_at: 2026-09-01"
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / "t.md"
    (tmp_path / "secret.png").write_bytes(picture())
    (tmp_path / "in" / "link.png").symlink_to(tmp_path / "secret.png")
    path.write_text(f"---\n{header}\n---\n![A](../secret.png)\n![B](link.png)\n")
    with pytest.raises(ValidationError) as refusal:
        import_tutorials(path=tmp_path / "in")
    first, second = refusal.value.messages
    assert first.startswith(f"{path}:9: body: ../secret.png: Use a name such as")
    assert second == f"{path}:10: body: link.png: This file lies outside the folder."
    assert not TutorialImage.objects.exists()


def test_a_gated_image_is_not_shown_because_another_begins_like_it(author: User, visitor: Client) -> None:
    body = "![Open](a.png.webp)\n\n## Inside\n\n![Gated](a.png)\n"
    tutorial = make_tutorial("Closed", body=body, access="premium")
    for name, kind in (("a.png.webp", "WEBP"), ("a.png", "PNG")):
        images.put_image(by=author, tutorial=tutorial, name=name, data=picture(kind))
    assert visitor.get("/tutorials/closed/images/a.png.webp").status_code == 200
    assert visitor.get("/tutorials/closed/images/a.png").status_code == 404
    assert visitor.get("/tutorials/closed/images/a%00.png").status_code == 404


def test_images_follow_their_tutorial_to_another_slug(author: User, visitor: Client) -> None:
    tutorial = make_tutorial("Before", body=BODY)
    images.put_image(by=author, tutorial=tutorial, name="a.png", data=picture())
    writing.change_tutorial(by=author, tutorial=tutorial, changes={"slug": "after"})
    assert "/tutorials/after/images/a.png" in visitor.get("/tutorials/after/").content.decode()


def test_a_text_that_lies_elsewhere_is_not_imported(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "secret.md").write_text("secret")
    (tmp_path / "in" / "link.md").symlink_to(tmp_path / "secret.md")
    with pytest.raises(ValidationError, match=r"link\.md:1: This file lies outside the folder\."):
        import_tutorials(path=tmp_path / "in")
