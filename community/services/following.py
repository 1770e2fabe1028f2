"""Watching and muting posts, categories, tags and people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction

from common.database import lock_for_transaction
from community.models import Level, Watch
from community.models.following import YOURSELF
from tutorials.models.tutorials import is_tag

if TYPE_CHECKING:
    from accounts.models import User
    from community.models import Category, Post

MOST = 1000
TOO_MANY = f"You follow {MOST:,} categories, tags and people, which is the most. Remove some that you do not need."


@transaction.atomic
def put_watch(
    *,
    user: User,
    level: str,
    post: Post | None = None,
    category: Category | None = None,
    person: User | None = None,
    tag: str = "",
) -> Watch:
    """Watch or mute one thing; again, and nothing changes.

    Raises ValidationError on `level` or `tag`, or in general for oneself or when there are too many.
    """
    target = target_of(post=post, category=category, person=person, tag=tag)
    watch = Watch(user=user, level=level, **target)
    if tag:
        refuse_no_tag(tag)
    watch.full_clean(exclude=["user", *target], validate_unique=False, validate_constraints=False)
    if person is not None and person.pk == user.pk:
        raise ValidationError(YOURSELF, code="oneself")
    if post is None and not Watch.objects.of(user).filter(**target).exists():
        refuse_too_many(user, target)
    watch, _ = Watch.objects.update_or_create(user=user, **target, defaults={"level": level})
    return watch


@transaction.atomic
def remove_watch(
    *,
    user: User,
    post: Post | None = None,
    category: Category | None = None,
    person: User | None = None,
    tag: str = "",
) -> None:
    """Neither watch nor mute it any more; where nothing was, nothing changes. Raises ValidationError on `tag`."""
    if tag:
        refuse_no_tag(tag)
    Watch.objects.of(user).filter(**target_of(post=post, category=category, person=person, tag=tag)).delete()


@transaction.atomic
def remove_watch_by_key(*, user: User, key: int) -> None:
    """As `remove_watch`, from the list of all, where a thing may be gone from sight."""
    Watch.objects.of(user).filter(pk=key).delete()


def watch_own(user: User, post: Post) -> None:
    """Whoever writes in a thread watches it, unless they muted it."""
    Watch.objects.bulk_create([Watch(user=user, post=post, level=Level.WATCHING)], ignore_conflicts=True)


def target_of(**given: Any) -> dict[str, Any]:
    """The whole of what a watch is of: the others are empty, as the constraint wants. Raises ValueError."""
    if sum(bool(value) for value in given.values()) != 1:
        raise ValueError("A watch is of one thing: a post, a category, a person or a tag.")
    return given


def refuse_no_tag(tag: str) -> None:
    try:
        is_tag(tag)
    except ValidationError as error:
        raise ValidationError({"tag": error}) from error


def refuse_too_many(user: User, target: Mapping[str, Any]) -> None:
    """One more, alone until the end of the transaction, so that of many at once no more come through than may."""
    lock_for_transaction("watches", user.pk)
    if Watch.objects.of(user).filter(post__isnull=True).exclude(**target).count() >= MOST:
        raise ValidationError(TOO_MANY, code="too_many")
