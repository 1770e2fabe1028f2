"""What somebody has begun to write is kept until it is published or thrown away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction

from community.models import Draft

if TYPE_CHECKING:
    from accounts.models import User

MOST = 100
TOO_MANY = f"You have {MOST} drafts, which is the most. Publish or discard some."
WRITTEN = ("title", "type", "category", "tags", "body")


@transaction.atomic
def save_draft(*, user: User, place: str, values: Mapping[str, Any]) -> Draft | None:
    """Keep what stands in a form; one without words is thrown away (None).

    Raises ValidationError by field, or in general when there are too many.
    """
    if not any(str(values.get(name) or "").strip() for name in ("title", "body")):
        discard_draft(user=user, place=place)
        return None
    draft = Draft.objects.select_for_update().filter(user=user, place=place).first()
    if draft is None:
        if Draft.objects.filter(user=user).count() >= MOST:
            raise ValidationError(TOO_MANY, code="too_many")
        draft, _ = Draft.objects.get_or_create(user=user, place=place)
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
