"""Marking places, with private notes."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from analytics import track
from tutorials.models import Bookmark, Tutorial
from tutorials.services.progress import NO_SUCH_BLOCK, lock_learner

MOST = 2000
TOO_MANY = f"You have {MOST:,} bookmarks, which is the most. Remove some that you do not need."


@transaction.atomic
def put_bookmark(*, user: User, tutorial: Tutorial, block: str, note: str = "") -> Bookmark:
    """Mark a block ("": the beginning) and note something there; again, to change the note.

    Raises ValidationError on `block`, `note`, or in general when there are too many.
    """
    if not tutorial.has_block(block):
        raise ValidationError({"block": NO_SUCH_BLOCK})
    lock_learner(user)
    bookmark = Bookmark.objects.filter(user=user, tutorial=tutorial, block=block).first()
    if bookmark is None:
        if Bookmark.objects.of(user).count() >= MOST:
            raise ValidationError(TOO_MANY, code="too_many")
        bookmark = Bookmark(user=user, tutorial=tutorial, block=block)
    bookmark.note = note.strip()
    bookmark.full_clean(exclude=["user", "tutorial"])
    is_new = bookmark.pk is None
    bookmark.save()
    if is_new:
        track.feature(user.pk, "bookmark", tutorial=tutorial.slug)
    return bookmark


def remove_bookmark(*, user: User, tutorial: Tutorial, block: str) -> bool:
    """Take a mark away with its note; returns whether there was one."""
    deleted, _ = Bookmark.objects.filter(user=user, tutorial=tutorial, block=block).delete()
    return bool(deleted)
