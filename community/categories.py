"""All categories, which nearly every page asks for: few, seldom changed, kept in the cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.access import levels_open_to
from common.remembering import remembered
from community.models import Category
from community.querysets.categories import CATEGORIES_KEY
from community.querysets.posts import may_moderate

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User

KEPT = 60  # seconds


def all_categories() -> list[Category]:
    """In their order."""
    return remembered(CATEGORIES_KEY, lambda: list(Category.objects.all()), seconds=KEPT)


def categories_for(user: User | AnonymousUser) -> list[Category]:
    """Those that somebody may know of, in their order. At most one query beside the cache."""
    levels = levels_open_to(user)
    return [category for category in all_categories() if category.access in levels]


def categories_to_begin_in(user: User, *, besides: int | None = None) -> list[Category]:
    """Those that somebody may choose for a post; `besides` is the key of the one that it is in."""
    return [each for each in categories_for(user) if each.pk == besides or may_begin_in(user, each)]


def may_begin_in(user: User, category: Category) -> bool:
    """Whether somebody who may know of a category may begin posts there, or move theirs to it."""
    return not category.staff_only or may_moderate(user)
