"""What somebody has begun to write is kept until it is published or thrown away."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import transaction

from common.database import lock_for_transaction
from common.remembering import cache_may_be_away
from community.models import Draft

if TYPE_CHECKING:
    from accounts.models import User

MOST = 100
TOO_MANY = f"You have {MOST} drafts, which is the most. Publish or discard some."
# How long what a page sent before its text was published may be on its way.
LATE = 10 * 60  # seconds
WRITTEN = ("title", "type", "category", "tags", "body")


@transaction.atomic
def save_draft(*, user: User, place: str, values: Mapping[str, Any], page: str = "") -> Draft | None:
    """Keep what stands in a form; one without words is thrown away (None).

    `page` tells the page that the form stands on from all others: where its text was published meanwhile, nothing is
    kept (None). Raises ValidationError by field, or in general when there are too many.
    """
    if not any(str(values.get(name) or "").strip() for name in ("title", "body")):
        discard_draft(user=user, place=place)
        return None
    draft = lock_draft(user, place)
    if draft is None:
        # Whoever begins or ends one does it alone, so that of many at once no more come through than may.
        lock_for_transaction("drafts", user.pk)
        draft = lock_draft(user, place) or Draft(user=user, place=place)
    if page and is_published(user, page):
        return None
    if draft._state.adding and Draft.objects.filter(user=user).count() >= MOST:
        raise ValidationError(TOO_MANY, code="too_many")
    for name in WRITTEN:
        if name in values:
            setattr(draft, name, values[name])
    draft.full_clean(exclude=["user"], validate_unique=False, validate_constraints=False)
    draft.save()
    return draft


def discard_draft(*, user: User, place: str) -> bool:
    """Returns whether there was one."""
    deleted, _ = Draft.objects.filter(user=user, place=place).delete()
    return bool(deleted)


@transaction.atomic
def end_draft(*, user: User, place: str, page: str) -> None:
    """Its text is published: the draft goes, and what `page` has sent before and comes only now is not kept."""
    lock_for_transaction("drafts", user.pk)
    with cache_may_be_away("a draft may come back after its text was published"):
        cache.set(key_of(user, page), "published", LATE)
    discard_draft(user=user, place=place)


def lock_draft(user: User, place: str) -> Draft | None:
    return Draft.objects.select_for_update().filter(user=user, place=place).first()


def is_published(user: User, page: str) -> bool:
    found = None
    with cache_may_be_away("a draft may come back after its text was published"):
        found = cache.get(key_of(user, page))
    return found is not None


def key_of(user: User, page: str) -> str:
    return f"published-from:{user.pk}:{sha256(page.encode()).hexdigest()}"
