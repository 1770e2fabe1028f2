"""From what somebody wrote to what is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.urls import reverse

from accounts.models import Profile
from common.markdown import LARGEST_POST, Image, ReadPost, read_post
from common.text import clean_body
from community.models import PostImage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from community.models import Comment, Post

MOST_MENTIONS = 20
EMPTY = "Write something first."
TOO_LONG = f"Use at most {LARGEST_POST:,} characters."
TOO_MANY_MENTIONS = f"Mention at most {MOST_MENTIONS} people."


def read_body(body: str) -> tuple[str, ReadPost]:
    """The Markdown as it is stored, and as it was understood. Raises ValidationError on `body`."""
    if len(body) > LARGEST_POST:
        raise ValidationError({"body": ValidationError(TOO_LONG, code="max_length")})
    try:
        source = clean_body(body)
    except ValidationError as error:
        raise ValidationError({"body": error}) from error
    read = read_post(source)
    if not read.text and not read.images:
        raise ValidationError({"body": ValidationError(EMPTY, code="required")})
    if len(read.mentions) > MOST_MENTIONS:
        raise ValidationError({"body": ValidationError(TOO_MANY_MENTIONS, code="too_many_mentions")})
    return source, read


def put_body(text: Post | Comment, source: str, read: ReadPost) -> None:
    text.body = source
    text.body_html = html_of(read, author_id=text.author_id)
    text.text = read.text


def html_of(read: ReadPost, *, author_id: int | None) -> str:
    """With links to those of the mentioned people who are here, and its author's images. At most two queries."""
    profiles = Profile.objects.public().filter(handle__in=read.mentions) if read.mentions else []
    handles = {profile.handle: reverse("accounts:profile", args=[profile.handle]) for profile in profiles}
    own = images_of(author_id, read)
    images = {image.name: Image(image.get_absolute_url(), image.width, image.height) for image in own}
    return read.html(handles=handles, images=images)


def images_of(author_id: int | None, read: ReadPost) -> Iterable[PostImage]:
    """The images that a text names and its author owns: nobody keeps an image of others by naming it."""
    if author_id is None or not read.image_names:
        return ()
    return PostImage.objects.filter(user=author_id).named(read.image_names)


def link_images(text: Post | Comment, read: ReadPost) -> None:
    """Remember which images a text shows; it is stored, and its author's standing is locked."""
    text.images.set(images_of(text.author_id, read))


def show_anew(text: Post | Comment) -> None:
    """Make the HTML of a text again, since the images that it names are there no longer."""
    text.body_html = html_of(read_post(text.body), author_id=text.author_id)
    text.save(update_fields=["body_html"])
