"""Images in posts and comments: what is taken, what is kept of it, who sees it, and when it goes."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from PIL import Image
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from common import pictures
from common.limits import Limited
from community.models import Category, Comment, Draft, Post, PostImage, Standing, TrustLevel
from community.services import admission, drafts, images, moderating, writing
from tests.accounts.test_pictures import SVG, image_of, png_that_claims
from tests.clients import signed_in
from tests.community.members import make_comment, make_post
from tests.factories import make_grant, make_user
from tests.tutorials.callers import Caller, faults, refusal, words


@pytest.fixture
def member(learner: User) -> User:
    """Somebody whose texts may show images."""
    Standing.objects.create(user=learner, trust_level=TrustLevel.MEMBER)
    return learner


def file_of(content: bytes, name: str = "photo.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def upload(user: User, content: bytes | None = None) -> PostImage:
    return images.upload(user=user, file=file_of(image_of("PNG") if content is None else content))


def stored(image: PostImage) -> bytes:
    with default_storage.open(str(image.file.name)) as file:
        content: bytes = file.read()
        return content


def files() -> list[str]:
    """The names of all that are kept."""
    return sorted(default_storage.listdir("post_images")[1]) if default_storage.exists("post_images") else []


def showing(image: PostImage) -> str:
    return f"Look at this:\n\n![a chart]({image.name})"


def shows(text: Post | Comment, image: PostImage) -> bool:
    text.refresh_from_db()
    return f'src="/community/images/{image.name}"' in text.body_html


def is_seen(image: PostImage, user: User | None) -> bool:
    status: int = signed_in(user).get(image.get_absolute_url()).status_code
    assert status in (200, 404)
    return status == 200


def later(image: PostImage) -> None:
    """Let the time go by in which an image waits for its text, and clean."""
    PostImage.objects.filter(pk=image.pk).update(uploaded_at=timezone.now() - images.KEPT_UNUSED)
    call_command("clean_images", stdout=io.StringIO())


# -- What is taken --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (image_of("JPEG"), (640, 480)),
        (image_of("PNG", mode="RGBA"), (640, 480)),
        (image_of("PNG", (3200, 100), "P"), (1600, 50)),
        (image_of("WEBP", (1000, 2000)), (800, 1600)),
        (image_of("GIF", mode="P"), (640, 480)),
        (image_of("PNG", (1, 5000)), (1, 1600)),
    ],
)
def test_an_image_becomes_a_webp_of_at_most_1600_pixels(member: User, content: bytes, size: tuple[int, int]) -> None:
    image = upload(member, content)
    drawn = Image.open(io.BytesIO(stored(image)))
    assert (drawn.format, drawn.size, (image.width, image.height)) == ("WEBP", size, size)
    assert image.size == len(stored(image))


def test_nothing_but_the_colours_is_kept(member: User) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Marker of a camera"
    exif[0x0112] = 6  # held upright
    exif.get_ifd(0x8825)[2] = (48.2, 0.0, 0.0)
    content = image_of("JPEG", exif=exif, comment=b"Marker", icc_profile=b"Marker" * 30) + b"<script>Marker</script>"
    image = upload(member, content)
    drawn = Image.open(io.BytesIO(stored(image)))
    assert (image.width, image.height) == (480, 640)
    assert not drawn.getexif()
    assert b"Marker" not in stored(image)


def test_of_many_frames_the_first_counts(member: User) -> None:
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "lime")]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=100)
    drawn = Image.open(io.BytesIO(stored(upload(member, file.getvalue()))))
    assert getattr(drawn, "n_frames", 1) == 1


def test_nobody_guesses_a_name_and_the_same_file_is_the_same_image(member: User) -> None:
    first, other = upload(member), upload(member, image_of("JPEG"))
    assert first.name != other.name
    assert upload(member) == first
    Standing.objects.update_or_create(user=(second := make_user()), defaults={"trust_level": TrustLevel.MEMBER})
    assert upload(second) != first


# -- What is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", pictures.NOT_A_PICTURE),
        (SVG, pictures.NOT_A_PICTURE),
        (b"<!doctype html><script>alert(1)</script>", pictures.NOT_A_PICTURE),
        (b"GIF89a/*<script>*/=1;alert(1)//", pictures.NOT_A_PICTURE),
        (image_of("BMP"), pictures.NOT_A_PICTURE),
        (image_of("JPEG")[:300], pictures.NOT_A_PICTURE),
        (png_that_claims(50_000, 50_000), pictures.TOO_MANY_PIXELS),
        (png_that_claims(6325, 6325), pictures.TOO_MANY_PIXELS),
        (image_of("JPEG") + b"\0" * pictures.LARGEST_FILE, pictures.TOO_LARGE),
    ],
    ids=["empty", "svg", "html", "script", "bmp", "cut off", "a bomb", "a smaller bomb", "bytes"],
)
def test_the_same_is_refused_in_the_same_words_at_page_and_api(member: User, content: bytes, message: str) -> None:
    client, before = signed_in(member), files()
    page = client.post("/community/images/", {"file": file_of(content)})
    assert page.status_code == 200
    assert message in page.content.decode()
    assert words(client.post("/api/posts/images", {"file": file_of(content)})) == {"file": message}
    assert not PostImage.objects.exists()
    assert files() == before


def test_a_newcomer_uploads_nothing(learner: User) -> None:
    answer = signed_in(learner).post("/api/posts/images", {"file": file_of(image_of("PNG"))})
    assert faults(answer) == {("file", "no_images_yet")}
    assert words(answer) == {"file": admission.NO_IMAGES_YET}
    page = signed_in(learner).post("/community/images/", {"file": file_of(image_of("PNG"))})
    assert admission.NO_IMAGES_YET in page.content.decode()
    assert not PostImage.objects.exists()


def test_who_may_not_write_uploads_nothing(member: User) -> None:
    with pytest.raises(PermissionDenied):
        upload(make_user(confirmed=False))
    Standing.objects.update(silenced_until=timezone.now() + timedelta(hours=1))
    with pytest.raises(PermissionDenied, match="You may not write here until"):
        upload(member)
    assert signed_in(member).post("/community/images/", {"file": file_of(image_of("PNG"))}).status_code == 403
    assert not PostImage.objects.exists()


def test_a_person_uploads_so_many_in_an_hour(member: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "IMAGES_OF_ONE_PERSON", "2/h")
    for side in (10, 11):
        upload(member, image_of("PNG", (side, side)))
    with pytest.raises(Limited):
        upload(member, image_of("PNG", (12, 12)))
    assert upload(member, image_of("PNG", (10, 10))), "it is there already"


def test_images_of_one_person_have_a_size_together(member: User, monkeypatch: pytest.MonkeyPatch) -> None:
    first = upload(member)
    monkeypatch.setattr(images, "MOST_TOGETHER", first.size)
    with pytest.raises(ValidationError) as error:
        upload(member, image_of("PNG", (10, 10)))
    assert error.value.message_dict == {"file": [images.TOO_MANY]}
    images.remove(image=first)
    assert upload(member, image_of("PNG", (10, 10)))


def test_without_a_file_it_is_said_what_to_send(member: User) -> None:
    assert faults(Caller(member).post("posts/images", {})) == {("file", "required")}
    assert "Choose an image." in signed_in(member).post("/community/images/").content.decode()


# -- What texts show ------------------------------------------------------------------------------


def test_posts_comments_and_edits_show_their_authors_images(member: User) -> None:
    image = upload(member)
    post = make_post(author=member, body=showing(image))
    comment = make_comment(post, author=member, body=f"Again: {showing(image)}")
    for text in (post, comment):
        assert shows(text, image)
        for attribute in ('alt="a chart"', 'width="640"', 'height="480"', 'loading="lazy"', 'decoding="async"'):
            assert attribute in text.body_html
        assert list(text.images.all()) == [image]
    writing.edit_post(by=member, post=post, changes={"body": "Nothing to see."})
    writing.edit_comment(by=member, comment=comment, body="Nothing here either.")
    assert (shows(post, image), shows(comment, image)) == (False, False)
    assert (post.images.count(), comment.images.count()) == (0, 0)
    writing.edit_post(by=member, post=post, changes={"body": showing(image)})
    assert shows(post, image)


@pytest.mark.parametrize(
    "name", ["a%00.webp", "%00" * 27, "x.webp", "../x.webp", "https://a.example/x.webp", "A" * 999]
)
def test_what_is_no_image_of_ours_is_its_description(member: User, name: str) -> None:
    post = make_post(author=member, body=f"Look: ![a chart]({name})")
    assert "<img" not in post.body_html
    assert "a chart" in post.body_html


def test_anothers_image_is_not_shown_in_my_text(member: User, stranger: User) -> None:
    image = upload(member)
    Standing.objects.create(user=stranger, trust_level=TrustLevel.MEMBER)
    post = make_post(author=stranger, body=showing(image))
    assert not shows(post, image)
    assert "a chart" in post.body_html
    assert not is_seen(image, stranger)


def test_the_preview_shows_what_will_be_shown(member: User, stranger: User) -> None:
    image = upload(member)
    data = {"body": showing(image)}
    assert image.get_absolute_url() in signed_in(member).post("/community/preview/", data).content.decode()
    assert image.get_absolute_url() not in signed_in(stranger).post("/community/preview/", data).content.decode()


# -- Who sees it ----------------------------------------------------------------------------------


def test_an_image_is_served_as_nothing_but_an_image(member: User) -> None:
    image = upload(member)
    make_post(author=member, body=showing(image))
    answer: Any = Client().get(image.get_absolute_url())
    assert b"".join(answer) == stored(image)
    assert answer["Content-Type"] == "image/webp"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["Cache-Control"] == "private, max-age=604800, immutable"


def test_who_reads_a_text_sees_its_image(member: User, stranger: User, moderator: User) -> None:
    image = upload(member)
    assert [is_seen(image, person) for person in (member, moderator, stranger, None)] == [True, True, False, False]
    post = make_post(author=member, body=showing(image))
    assert [is_seen(image, person) for person in (stranger, None)] == [True, True]
    moderating.hide(by=moderator, text=post, reason="Not here.")
    assert [is_seen(image, person) for person in (member, moderator, stranger, None)] == [True, True, False, False]


def test_an_image_of_a_space_is_seen_there_only(
    member: User, stranger: User, space: Category, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    make_grant(member)
    image = upload(member)
    make_post(author=member, body=showing(image), category=space)
    assert [is_seen(image, person) for person in (member, stranger, None)] == [True, False, False]
    with django_capture_on_commit_callbacks(execute=True):
        make_grant(stranger)
    assert is_seen(image, User.objects.get(pk=stranger.pk))


def test_a_name_that_is_none_or_whose_file_is_gone_is_not_there(member: User) -> None:
    image = upload(member)
    default_storage.delete(str(image.file.name))
    for address in (image.get_absolute_url(), "/community/images/x.webp", "/community/images/a%00b"):
        assert signed_in(member).get(address).status_code == 404


# -- The doors ------------------------------------------------------------------------------------


def test_the_page_takes_an_image_lists_it_with_its_markdown_and_deletes_it(member: User, stranger: User) -> None:
    client = signed_in(member)
    assert client.post("/community/images/", {"file": file_of(image_of("PNG"))})["Location"] == "/community/images/"
    image = PostImage.objects.get()
    page = client.get("/community/images/").content.decode()
    assert f"![description]({image.name})" in page
    assert image.name not in signed_in(stranger).get("/community/images/").content.decode()
    assert signed_in(stranger).post(f"/community/images/{image.name}/remove/").status_code == 404
    assert client.post(f"/community/images/{image.name}/remove/").status_code == 302
    assert not PostImage.objects.exists()
    assert client.get("/community/images/?cursor=x").status_code == 400


def test_the_page_of_images_takes_the_same_queries_for_more_of_them(
    member: User, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    client = signed_in(member)
    client.get("/community/images/")
    for side in (10, 11):
        upload(member, image_of("PNG", (side, side)))
    with django_assert_max_num_queries(8) as few:
        client.get("/community/images/")
    for side in (12, 13):
        upload(member, image_of("PNG", (side, side)))
    with django_assert_num_queries(len(few)):
        client.get("/community/images/")


def test_the_api_takes_lists_and_deletes_images(member: User, stranger: User) -> None:
    client = signed_in(member)
    answer = client.post("/api/posts/images", {"file": file_of(image_of("PNG"))})
    assert answer.status_code == 201
    item = answer.json()
    image = PostImage.objects.get()
    assert answer["Location"] == item["url"] == f"http://testserver/community/images/{image.name}"
    assert (item["name"], item["markdown"]) == (image.name, f"![description]({image.name})")
    assert (item["width"], item["height"]) == (640, 480)
    assert Caller(member).get("posts/images").json()["results"] == [item]
    assert Caller(stranger).get("posts/images").json()["results"] == []
    assert refusal(Caller(stranger).delete(f"posts/images/{image.name}")) == (404, "not_found")
    assert refusal(Caller().get("posts/images"))[0] == 401
    assert Caller(member).delete(f"posts/images/{image.name}").status_code == 204
    assert refusal(Caller(member).delete(f"posts/images/{image.name}")) == (404, "not_found")


# -- When it goes ---------------------------------------------------------------------------------


def test_texts_say_in_words_what_a_deleted_image_showed(
    member: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    image = upload(member)
    file = str(image.file.name)
    post = make_post(author=member, body=showing(image))
    comment = make_comment(post, author=member, body=f"Again: {showing(image)}")
    with django_capture_on_commit_callbacks(execute=True):
        images.remove(image=image)
    for text in (post, comment):
        assert not shows(text, image)
        assert "a chart" in text.body_html
        assert text.edited_at is None
    assert not default_storage.exists(file)


def test_what_nothing_shows_goes_after_two_days_and_its_file_too(member: User) -> None:
    image = upload(member)
    call_command("clean_images", stdout=io.StringIO())
    assert PostImage.objects.exists()
    later(image)
    assert not PostImage.objects.exists()
    assert not default_storage.exists(str(image.file.name))


def test_what_a_text_or_a_draft_shows_stays(member: User) -> None:
    image = upload(member)
    post = make_post(author=member, body=showing(image))
    later(image)
    assert shows(post, image)
    writing.edit_post(by=member, post=post, changes={"body": "Nothing to see."})
    drafts.save_draft(user=member, place="post", values={"body": showing(image)})
    later(image)
    assert PostImage.objects.filter(pk=image.pk).exists()
    Draft.objects.all().delete()
    later(image)
    assert not PostImage.objects.exists()


def test_what_only_a_deleted_text_showed_goes_and_that_of_a_hidden_one_stays(member: User, moderator: User) -> None:
    hidden, deleted = upload(member), upload(member, image_of("JPEG"))
    moderating.hide(by=moderator, text=make_post(author=member, body=showing(hidden)), reason="Not here.")
    writing.delete_text(by=member, text=make_post(author=member, body=showing(deleted)))
    for image in (hidden, deleted):
        later(image)
    assert list(PostImage.objects.all()) == [hidden]


def test_uploaded_once_more_an_image_waits_anew(member: User) -> None:
    image = upload(member)
    PostImage.objects.update(uploaded_at=timezone.now() - images.KEPT_UNUSED)
    assert upload(member) == image
    call_command("clean_images", stdout=io.StringIO())
    assert PostImage.objects.exists()


def test_with_its_owner_an_image_goes_and_the_text_says_what_it_showed(
    member: User, stranger: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    image = upload(member)
    post = make_post(author=member, body=showing(image))
    User.objects.filter(pk=member.pk).update(erase_after=timezone.now())
    with django_capture_on_commit_callbacks(execute=True):
        call_command("erase_accounts", verbosity=0)
    assert not User.objects.filter(pk=member.pk).exists()
    assert not default_storage.exists(str(image.file.name))
    assert not shows(post, image)
    assert "a chart" in post.body_html
    assert post.author is None
