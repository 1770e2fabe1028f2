"""Every read of categories that has a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import QuerySet

from billing.access import levels_open_to

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User
    from community.models import Category  # noqa: F401 - named in strings only, where the linter does not look

# Where the cache keeps all categories (community.categories).
CATEGORIES_KEY = "community:categories"


class CategoryQuerySet(QuerySet["Category"]):
    def visible_to(self, user: User | AnonymousUser) -> CategoryQuerySet:
        """Those that somebody may know of."""
        return self.filter(access__in=levels_open_to(user))
