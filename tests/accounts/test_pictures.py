"""Pictures of people: what is taken, what is refused, and what is left of it."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from accounts.models import Profile, User
from accounts.services import pictures
from common.limits import Limited
from common.pictures import MOST_PIXELS

NOT_A_PICTURE = "This is not a picture that we can read. Choose a JPEG, PNG, WebP or GIF file."
TOO_LARGE = "The file is too large. Choose a picture of at most 5 MB."
TOO_MANY_PIXELS = "The picture has too many pixels. Choose one of at most 40 megapixels."
TEAL = (0, 111, 104)


@pytest.fixture(autouse=True)
def own_storage(tmp_path: Path, settings: Any) -> None:
    """A folder in which nothing lies yet, as in production on a disk."""
    settings.MEDIA_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}}


def image_of(image_format: str, size: tuple[int, int] = (640, 480), mode: str = "RGB", **options: Any) -> bytes:
    file = io.BytesIO()
    image = Image.new("RGB", size, TEAL)
    image.convert(mode).save(file, image_format, **options)
    return file.getvalue()


def upload(content: bytes, name: str = "me.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def stored(user: User) -> Image.Image:
    return Image.open(io.BytesIO(content_of(user)))


def content_of(user: User) -> bytes:
    with Profile.objects.get(user=user).picture.open("rb") as file:
        content: bytes = file.read()
        return content


def fetch(client: Client, address: str | None) -> Any:
    """The answer with its whole body read, as a browser does."""
    response: Any = client.get(str(address))
    response.body = response.getvalue()
    return response


def put(user: User, content: bytes, name: str = "me.jpg") -> str:
    """Give somebody a picture; returns the name under which it is kept."""
    kept = pictures.put(user=user, file=upload(content, name)).picture.name
    assert kept
    return kept


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def colour(image: Image.Image, place: tuple[int, int]) -> tuple[int, ...]:
    pixel = image.convert("RGB").getpixel(place)
    assert isinstance(pixel, tuple)
    return tuple(int(value) for value in pixel)


def is_like(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return all(abs(a - b) < 12 for a, b in zip(one, other, strict=True))


# -- What is taken --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("image_format", "mode"),
    [
        *(("JPEG", mode) for mode in ("RGB", "L", "CMYK")),
        *(("PNG", mode) for mode in ("RGB", "RGBA", "L", "LA", "P", "1")),
        ("PNG", "I;16"),
        *(("WEBP", mode) for mode in ("RGB", "RGBA")),
        ("GIF", "P"),
    ],
)
@pytest.mark.parametrize("size", [(640, 480), (1, 1), (3000, 20), (7, 2000)])
def test_a_picture_becomes_a_small_square(
    learner: User, tmp_path: Path, image_format: str, mode: str, size: tuple[int, int]
) -> None:
    kept = put(learner, image_of(image_format, size, mode), "whatever.exe")
    picture = stored(learner)
    assert (picture.format, picture.size) == ("WEBP", (256, 256))
    if mode in ("RGB", "RGBA"):
        assert is_like(colour(picture, (128, 128)), TEAL)
    assert files(tmp_path) == [Path(kept).name]
    assert "whatever" not in kept


def test_the_middle_is_cut_out_and_turned_as_the_camera_was_held(learner: User) -> None:
    photo = Image.new("RGB", (900, 300), "white")
    photo.paste((255, 0, 0), (300, 0, 450, 300))
    photo.paste((0, 0, 255), (450, 0, 600, 300))
    exif = Image.Exif()
    exif[0x0112] = 6  # held upright: what is left in the file is above on the picture
    file = io.BytesIO()
    photo.save(file, "JPEG", exif=exif, quality=95)
    pictures.put(user=learner, file=upload(file.getvalue()))
    picture = stored(learner)
    assert is_like(colour(picture, (128, 40)), (255, 0, 0))
    assert is_like(colour(picture, (128, 216)), (0, 0, 255))


def test_what_is_transparent_stays_so(learner: User) -> None:
    file = io.BytesIO()
    Image.new("RGBA", (300, 300), (0, 0, 0, 0)).save(file, "PNG")
    pictures.put(user=learner, file=upload(file.getvalue()))
    assert stored(learner).convert("RGBA").getpixel((128, 128)) == (0, 0, 0, 0)


def test_of_many_frames_the_first_counts(learner: User, tmp_path: Path) -> None:
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "lime", "blue")]
    for image_format in ("GIF", "WEBP", "PNG"):
        file = io.BytesIO()
        frames[0].save(file, image_format, save_all=True, append_images=frames[1:], duration=100)
        pictures.put(user=learner, file=upload(file.getvalue()))
        assert is_like(colour(stored(learner), (128, 128)), (255, 0, 0))
        assert getattr(stored(learner), "n_frames", 1) == 1


def test_nothing_but_the_colours_is_kept(learner: User) -> None:
    """Where it was taken, with what, by whom; and whatever hides before, within or after the image."""
    exif = Image.Exif()
    exif[0x010F] = "Marker of a camera"
    exif.get_ifd(0x8825)[2] = (48.2, 0.0, 0.0)
    options: dict[str, Any] = {"exif": exif, "xmp": b"<x:xmpmeta>Marker</x:xmpmeta>", "icc_profile": b"Marker" * 30}
    script = b"<script>alert('Marker')</script><?php system('Marker') ?>PK\x03\x04Marker"
    for image_format in ("JPEG", "WEBP", "PNG"):
        more = options | ({"comment": b"Marker"} if image_format == "JPEG" else {})
        pictures.put(user=learner, file=upload(image_of(image_format, **more) + script))
        picture = stored(learner)
        assert not picture.getexif()
        assert not picture.info.keys() & {"exif", "xmp", "icc_profile", "comment"}
        content = content_of(learner)
        assert b"Marker" not in content
        assert content[8:16] in (b"WEBPVP8 ", b"WEBPVP8L")


# -- What is refused ------------------------------------------------------------------------------


def truncated(content: bytes) -> bytes:
    return content[: len(content) // 2]


def noise(image_format: str) -> bytes:
    file = io.BytesIO()
    Image.effect_noise((300, 300), 80).convert("RGB").save(file, image_format)
    return file.getvalue()


def png_that_claims(width: int, height: int) -> bytes:
    """A few bytes that would unfold to gigabytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1_000_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def png_with_a_text_bomb() -> bytes:
    picture = image_of("PNG")
    text = b"Comment\0\0" + zlib.compress(b"x" * 200_000_000)
    chunk = struct.pack(">I", len(text)) + b"zTXt" + text + struct.pack(">I", zlib.crc32(b"zTXt" + text))
    return picture[:33] + chunk + picture[33:]


SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (SVG, NOT_A_PICTURE),
        (b"<!doctype html><script>alert(1)</script>", NOT_A_PICTURE),
        (b"#!/bin/sh\nrm -rf /\n", NOT_A_PICTURE),
        (b"GIF89a/*<script>*/=1;alert(1)//", NOT_A_PICTURE),
        (b"\xff\xd8\xff\xe0<?php system($_GET['c']) ?>", NOT_A_PICTURE),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", NOT_A_PICTURE),
        (b"%PDF-1.7\n", NOT_A_PICTURE),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 ", NOT_A_PICTURE),
        (b"\0" * 100, NOT_A_PICTURE),
        (b"x", NOT_A_PICTURE),
        (image_of("BMP"), NOT_A_PICTURE),
        (image_of("TIFF"), NOT_A_PICTURE),
        (image_of("ICO"), NOT_A_PICTURE),
        *((truncated(noise(image_format)), NOT_A_PICTURE) for image_format in ("JPEG", "PNG", "WEBP", "GIF")),
        (png_that_claims(10, 10)[:40], NOT_A_PICTURE),
        (png_with_a_text_bomb(), NOT_A_PICTURE),
        (png_that_claims(6325, 6325), TOO_MANY_PIXELS),
        (png_that_claims(50_000, 50_000), TOO_MANY_PIXELS),
        (png_that_claims(2**31 - 1, 2**31 - 1), TOO_MANY_PIXELS),
        (png_that_claims(2**31 - 1, 1), TOO_MANY_PIXELS),
        (b"GIF89a\xff\xff\xff\xff\x00\x00\x00" + image_of("GIF", (9, 9), "P")[13:], TOO_MANY_PIXELS),
        (image_of("JPEG") + b"\0" * (5 * 1024 * 1024), TOO_LARGE),
    ],
    ids=lambda value: "" if isinstance(value, str) else repr(value[:12]),
)
def test_what_is_no_picture_or_too_large_is_refused_in_words(
    learner: User, tmp_path: Path, content: bytes, message: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        pictures.put(user=learner, file=upload(content, "me.png"))
    assert refusal.value.message_dict == {"picture": [message]}
    assert Profile.objects.get(user=learner).picture.name == ""
    assert files(tmp_path) == []


def test_forty_megapixels_are_allowed_and_not_one_more(learner: User) -> None:
    assert 6324 * 6325 <= MOST_PIXELS < 6325 * 6325
    pictures.put(user=learner, file=upload(image_of("JPEG", (6324, 6325))))
    assert stored(learner).size == (256, 256)


PICTURES = [noise(image_format) for image_format in ("JPEG", "PNG", "WEBP", "GIF")]


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from(PICTURES),
    st.lists(st.tuples(st.integers(0, 60_000), st.binary(min_size=1, max_size=4)), min_size=1, max_size=6),
)
def test_whatever_is_broken_in_a_file_is_a_refusal_or_a_square(content: bytes, wounds: list[tuple[int, bytes]]) -> None:
    """The first bytes of a file decide most, so half of the wounds are there."""
    broken = bytearray(content)
    for index, (place, other) in enumerate(wounds):
        start = place % (200 if index % 2 else len(broken))
        broken[start : start + len(other)] = other
    try:
        square = pictures.draw(ContentFile(bytes(broken)))
    except ValidationError as refusal:
        assert refusal.message_dict.keys() == {"picture"}  # noqa: PT017 - either outcome is right
    else:
        assert Image.open(io.BytesIO(square)).size == (256, 256)


# -- Replacing and removing -----------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_the_old_file_goes_when_the_new_one_is_there(learner: User, tmp_path: Path) -> None:
    first = put(learner, image_of("JPEG"))
    second = put(learner, image_of("PNG"))
    assert first != second
    assert files(tmp_path) == [Path(second).name]
    for _ in range(2):
        assert pictures.remove(user=learner).picture.name == ""
    assert files(tmp_path) == []


@pytest.mark.django_db(transaction=True)
def test_a_refused_picture_leaves_the_old_one(learner: User, tmp_path: Path) -> None:
    kept = put(learner, image_of("JPEG"))
    with pytest.raises(ValidationError):
        pictures.put(user=learner, file=upload(SVG))
    assert Profile.objects.get(user=learner).picture.name == kept
    assert default_storage.exists(kept)


@pytest.mark.django_db(transaction=True)
def test_a_picture_that_nobody_gets_leaves_no_file(learner: User, tmp_path: Path) -> None:
    erased = User(pk=learner.pk)
    learner.delete()
    with pytest.raises(Profile.DoesNotExist):
        pictures.put(user=erased, file=upload(image_of("JPEG")))
    assert files(tmp_path) == []


def test_twenty_pictures_an_hour_are_enough(learner: User, stranger: User) -> None:
    for _ in range(20):
        pictures.put(user=learner, file=upload(image_of("PNG", (8, 8))))
    with pytest.raises(Limited):
        pictures.put(user=learner, file=upload(image_of("PNG", (8, 8))))
    pictures.put(user=stranger, file=upload(image_of("PNG", (8, 8))))


# -- Pages ----------------------------------------------------------------------------------------


def send(client: Client, content: bytes, name: str = "me.png") -> Any:
    return client.post(reverse("accounts:put_picture"), {"picture": upload(content, name)})


def test_one_gives_oneself_a_picture_and_everybody_sees_it(client: Client, visitor: Client, learner: User) -> None:
    client.force_login(learner)
    response = send(client, image_of("PNG"))
    assert (response.status_code, response["Location"]) == (302, "/settings/profile/")
    address = Profile.objects.get(user=learner).get_picture_url()
    assert address is not None
    assert f'src="{address}"' in visitor.get("/u/lea-learner/").content.decode()
    picture = fetch(visitor, address)
    assert picture.status_code == 200
    assert picture["Content-Type"] == "image/webp"
    assert picture["X-Content-Type-Options"] == "nosniff"
    assert picture["Content-Disposition"] == 'inline; filename="lea-learner.webp"'
    assert picture["Cache-Control"] == "public, max-age=604800, immutable"
    assert "default-src 'none'" in picture["Content-Security-Policy"]
    assert Image.open(io.BytesIO(picture.body)).size == (256, 256)
    assert visitor.get(f"/api/users/{learner.pk}").json()["picture"] == f"http://testserver{address}"


def test_each_picture_has_an_address_of_its_own(client: Client, visitor: Client, learner: User) -> None:
    client.force_login(learner)
    addresses = set()
    for _ in range(2):
        send(client, image_of("PNG"))
        addresses.add(Profile.objects.get(user=learner).get_picture_url())
    assert len(addresses) == 2
    for query in ("", "?v=", "?v=something-old"):
        assert fetch(visitor, f"/u/lea-learner/picture{query}")["Cache-Control"] == "private, no-cache"


def test_a_refusal_stands_beside_the_field(client: Client, learner: User) -> None:
    client.force_login(learner)
    for content, message in [(SVG, NOT_A_PICTURE), (b"", "The submitted file is empty.")]:
        response = send(client, content)
        assert response.status_code == 200
        assert message in response.content.decode()
    assert "This field is required." in client.post(reverse("accounts:put_picture")).content.decode()


def test_one_removes_ones_picture(client: Client, visitor: Client, learner: User) -> None:
    client.force_login(learner)
    send(client, image_of("PNG"))
    address = Profile.objects.get(user=learner).get_picture_url()
    assert client.post(reverse("accounts:remove_picture")).status_code == 302
    assert visitor.get(str(address)).status_code == 404
    assert '<img class="picture' not in visitor.get("/u/lea-learner/").content.decode()
    assert visitor.get(f"/api/users/{learner.pk}").json()["picture"] is None


def test_without_a_picture_or_its_file_there_is_none(client: Client, visitor: Client, learner: User) -> None:
    assert visitor.get("/u/lea-learner/picture").status_code == 404
    assert visitor.get("/u/nobody/picture").status_code == 404
    client.force_login(learner)
    send(client, image_of("PNG"))
    default_storage.delete(str(Profile.objects.get(user=learner).picture))
    assert visitor.get("/u/lea-learner/picture").status_code == 404


def test_the_banned_have_no_picture(client: Client, visitor: Client, learner: User) -> None:
    client.force_login(learner)
    send(client, image_of("PNG"))
    User.objects.filter(pk=learner.pk).update(is_active=False)
    assert visitor.get("/u/lea-learner/picture").status_code == 404


@pytest.mark.parametrize("name", ["put_picture", "remove_picture"])
def test_a_visitor_and_a_get_change_nothing(client: Client, visitor: Client, learner: User, name: str) -> None:
    response = visitor.post(reverse(f"accounts:{name}"))
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")
    client.force_login(learner)
    assert client.get(reverse(f"accounts:{name}")).status_code == 405


@pytest.mark.parametrize(
    ("path", "content_type", "length"),
    [
        ("/settings/profile/picture/", "multipart/form-data; boundary=x", 6 * 1024 * 1024 + 1),
        ("/settings/profile/picture/", "multipart/form-data; boundary=x", 50 * 1024 * 1024),
        ("/settings/profile/", "application/x-www-form-urlencoded", 1024 * 1024 + 1),
        ("/accounts/login/", "text/plain", 50 * 1024 * 1024),
        ("/api/users/me", "application/json", 1024 * 1024 + 1),
        ("/api/auth/login", "multipart/form-data; boundary=x", 50 * 1024 * 1024),
    ],
)
def test_what_is_far_too_large_is_refused_unread(db: None, path: str, content_type: str, length: int) -> None:
    class Untouched(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            raise AssertionError("somebody reads what is too large")

    body: Any = {"wsgi.input": Untouched()}
    response = Client().generic("POST", path, content_type=content_type, CONTENT_LENGTH=length, **body)
    words = "What you sent is too large. A file may have up to 5 MB, everything else up to 1 MB."
    assert response.status_code == 413
    assert words in response.content.decode()
    assert (response["Content-Type"] == "application/problem+json") == path.startswith("/api/")


@pytest.mark.parametrize("length", ["", "x", "-1", "9" * 400])
def test_a_length_that_is_none_does_no_harm(db: None, length: str) -> None:
    response = Client().generic("POST", "/accounts/login/", b"", content_type="text/plain", CONTENT_LENGTH=length)
    assert response.status_code in (200, 413)
