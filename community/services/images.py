"""Images for texts: uploaded, shown by what their owner writes, and gone when nothing shows them any more."""

from __future__ import annotations

import hashlib
import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from common import limits
from common.pictures import Drawn, draw_anew, upright
from community.models import PostImage
from community.services import admission, states, texts

if TYPE_CHECKING:
    from django.core.files.base import File

    from accounts.models import User

logger = logging.getLogger(__name__)

LONGEST_SIDE = 1600  # pixels
# Drawing one anew takes up to a second of a processor.
IMAGES_OF_ONE_PERSON = "30/h"
MOST_TOGETHER = 200 * 1024 * 1024  # bytes of one person
TOO_MANY = "Your images take up 200 MB, which is the most. Delete some of them first."
# Time to finish the text for which one was uploaded; drafts keep theirs for as long as they are there.
KEPT_UNUSED = timedelta(days=2)


def upload(*, user: User, file: File[bytes]) -> PostImage:
    """Take in an image that texts of theirs can show by its name; the same file once more is the same image.

    What is kept is a WebP that we have drawn ourselves. Raises PermissionDenied, in words, as
    `admission.require_may_write`; ValidationError on `file`; Limited.
    """
    admission.require_may_write(user)
    require_may_show(user)
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    image = known(user, digest.hexdigest())
    if image is not None:
        return image
    limits.spend("post image", str(user.pk), IMAGES_OF_ONE_PERSON)
    try:
        drawn = draw_anew(file, lambda picture: upright(picture, LONGEST_SIDE))
    except ValidationError as error:
        raise ValidationError({"file": error}) from error
    return keep(user, digest.hexdigest(), drawn)


def require_may_show(user: User) -> None:
    """Raises ValidationError on `file` for those whose texts may not show images yet, in the words of a text."""
    try:
        admission.require_may_show_images(user)
    except ValidationError as error:
        raise ValidationError({"file": error}) from error


@transaction.atomic
def known(user: User, digest: str) -> PostImage | None:
    """The image that was made of this file before, kept as one that has just been uploaded."""
    states.lock_standings([user])
    image = PostImage.objects.filter(user=user, digest=digest).first()
    if image is not None:
        image.uploaded_at = timezone.now()
        image.save(update_fields=["uploaded_at"])
    return image


@transaction.atomic
def keep(user: User, digest: str, drawn: Drawn) -> PostImage:
    """Raises ValidationError on `file`."""
    image = known(user, digest)
    if image is not None:
        return image
    used = PostImage.objects.filter(user=user).aggregate(bytes=Sum("size"))["bytes"] or 0
    if used + len(drawn.data) > MOST_TOGETHER:
        raise ValidationError({"file": ValidationError(TOO_MANY, code="too_many")})
    image = PostImage(user=user, digest=digest, width=drawn.width, height=drawn.height, size=len(drawn.data))
    image.file.save(image.name, ContentFile(drawn.data), save=False)
    # What is rolled back names no file, so nobody would ever find it again.
    stored = str(image.file.name)
    try:
        image.save()
    except BaseException:
        default_storage.delete(stored)
        raise
    return image


@transaction.atomic
def remove(*, image: PostImage) -> None:
    """Delete an image; the texts that show it say in words what it showed."""
    states.lock_standings([image.user])
    shown_in: list[states.Text] = [*image.posts.all(), *image.comments.all()]
    file = str(image.file.name)
    image.delete()
    for text in shown_in:
        texts.show_anew(text)
    # Not before the commit: what comes back after a failure must still have its file.
    transaction.on_commit(lambda: default_storage.delete(file), robust=True)


def clean() -> int:
    """Delete the images that nothing shows any more, with their files; returns how many.

    May be killed at any moment: a row goes after its file, so what is left over is found the next time.
    """
    since = timezone.now() - KEPT_UNUSED
    found = PostImage.objects.all().unused(since=since).values_list("pk", "user")
    return sum(clean_one(pk, user) for pk, user in list(found))


@transaction.atomic
def clean_one(pk: int, user: int) -> bool:
    # All that the owner writes waits meanwhile, so no text begins to show it.
    states.lock_standings([user])
    image = PostImage.objects.all().unused(since=timezone.now() - KEPT_UNUSED).filter(pk=pk).first()
    if image is None:
        return False
    default_storage.delete(str(image.file.name))
    image.delete()
    return True
