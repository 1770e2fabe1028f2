"""What engines should list of the community."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from django.urls import reverse

from billing.access import FREE
from community.categories import all_categories, categories_for
from community.models import Post
from tutorials.sitemaps import SITEMAPS, LongSitemap, OurSitemap

if TYPE_CHECKING:
    from datetime import datetime


class Lists(OurSitemap):
    """The lists of posts that visitors may read."""

    def items(self) -> list[str]:
        free = [category.get_absolute_url() for category in all_categories() if category.access == FREE]
        return [reverse("community:list"), *free]

    def location(self, item: str) -> str:
        return item


class Posts(LongSitemap):
    """Those that visitors may read."""

    def items(self) -> Any:
        public = categories_for(AnonymousUser())
        return Post.objects.published().filter(category__in=public).only("title", "active_at").order_by("pk")

    def lastmod(self, item: Post) -> datetime:
        return item.active_at

    def get_latest_lastmod(self) -> None:
        """Not worth reading them all for."""


SITEMAPS["community"] = Lists
SITEMAPS["posts"] = Posts
