"""The posts that search engines should know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from django.contrib.sitemaps import Sitemap
from django.core.paginator import EmptyPage, Page, PageNotAnInteger, Paginator
from django.db.models import Max

from community.categories import categories_for
from community.models import Post
from tutorials.sitemaps import PAGES_A_FILE, SITEMAPS

if TYPE_CHECKING:
    from datetime import datetime


class Numbered(Paginator):
    """So many numbers of posts a file: the last of a million costs what the first does, and stays as it is."""

    @property
    def num_pages(self) -> int:
        latest = Post.objects.aggregate(latest=Max("pk"))["latest"] or 1
        return int((latest - 1) // self.per_page + 1)

    def page(self, number: int | str) -> Any:
        try:
            number = int(number)
        except ValueError:
            raise PageNotAnInteger(f"No page {number}") from None
        if not 1 <= number <= self.num_pages:
            raise EmptyPage(f"No page {number}")
        first = (number - 1) * self.per_page
        posts: Any = self.object_list
        return Page(posts.filter(pk__gt=first, pk__lte=first + self.per_page), number, self)


class Posts(Sitemap):
    """Those that visitors may read."""

    limit = PAGES_A_FILE

    def items(self) -> Any:
        public = categories_for(AnonymousUser())
        return Post.objects.published().filter(category__in=public).only("title", "active_at").order_by("pk")

    @property
    def paginator(self) -> Numbered:
        return Numbered(self.items(), self.limit)

    def lastmod(self, item: Post) -> datetime:
        return item.active_at

    def get_latest_lastmod(self) -> None:
        """Not worth reading them all for."""


SITEMAPS["posts"] = Posts
