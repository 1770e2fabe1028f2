"""Images at the API: those who write give and take them."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from accounts.models import User
from tests.factories import make_tutorial
from tests.tutorials.callers import refusal, words
from tests.tutorials.test_images import picture
from tutorials.models import Tutorial, TutorialImage

IMAGES = "/api/tutorials/text/images"


@pytest.fixture
def text(author: User) -> Tutorial:
    return make_tutorial("Text", body="![A](a.png)\n\n## S\n", author=author, status="draft")


@pytest.fixture
def writer(author: User) -> Client:
    client = Client()
    client.force_login(author)
    return client


def put(client: Client, name: str, data: bytes, part: str = "file") -> Any:
    body = encode_multipart(BOUNDARY, {part: SimpleUploadedFile("whatever.txt", data)})
    return client.put(f"{IMAGES}/{name}", body, content_type=MULTIPART_CONTENT)


def test_an_image_is_given_listed_and_taken_away(writer: Client, text: Tutorial) -> None:
    for _ in range(2):
        answer = put(writer, "a.png", picture())
        assert answer.status_code == 200
        assert answer.json() | {"digest": ""} == {"name": "a.png", "kind": "png", "width": 4, "height": 3, "digest": ""}
    assert writer.get(IMAGES).json()["results"] == [answer.json()]
    assert "/tutorials/text/images/a.png" in Tutorial.objects.get().body_html
    assert writer.delete(f"{IMAGES}/a.png").status_code == 204
    assert refusal(writer.delete(f"{IMAGES}/a.png")) == (404, "not_found")
    assert not TutorialImage.objects.exists()


def test_what_is_no_image_or_has_no_name_is_refused_at_its_field(writer: Client, text: Tutorial) -> None:
    assert list(words(put(writer, "a.png", b"no image"))) == ["file"]
    assert list(words(put(writer, "a.png", b"x" * (2 * 1024 * 1024 + 1)))) == ["file"]
    assert list(words(put(writer, "A B.png", picture()))) == ["name"]
    assert words(put(writer, "a.png", picture(), part="other")) == {"file": "Send the image as the part “file”."}
    assert words(writer.put(f"{IMAGES}/a.png", {}, content_type="application/json")) == {
        "file": "Send the image as the part “file”."
    }
    assert writer.delete(f"{IMAGES}/a%00.png").status_code == 404
    assert not TutorialImage.objects.exists()


def test_what_readers_see_is_not_taken_away(writer: Client, text: Tutorial) -> None:
    put(writer, "a.png", picture())
    writer.put("/api/tutorials/text/publication", {"at": None}, content_type="application/json")
    answer = writer.delete(f"{IMAGES}/a.png")
    assert words(answer) == {"non_field_errors": "The text shows this image. Take it out of the text first."}


def test_readers_neither_give_nor_list_images(learner: User, visitor: Client, text: Tutorial) -> None:
    Tutorial.objects.update(status="published")
    member = Client()
    member.force_login(learner)
    for client, expected in ((visitor, 401), (member, 403)):
        assert client.get(IMAGES).status_code == expected
        assert put(client, "a.png", picture()).status_code == expected
        assert client.delete(f"{IMAGES}/a.png").status_code == expected
