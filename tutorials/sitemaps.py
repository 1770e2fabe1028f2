"""Every page that engines should list, in files of at most PAGES_A_FILE addresses.

What is listed and what says "noindex" is decided page by page (templates/base.html); a test holds the map to that.
Certificates are never in it: their addresses are known to whom they were given.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.core.paginator import EmptyPage, Page, PageNotAnInteger, Paginator
from django.db.models import Max
from django.urls import reverse

from accounts.models import Profile
from common.addresses import absolute
from tutorials.models import Topic, Track, Tutorial
from tutorials.topics import address_of_topic, topics_with_counts

PAGES_A_FILE = 5000


class Numbered(Paginator):
    """So many numbers of rows a file: the last of a million costs what the first does, and stays as it is."""

    @property
    def num_pages(self) -> int:
        rows: Any = self.object_list
        latest = rows.model.objects.aggregate(latest=Max("pk"))["latest"] or 1
        return int((latest - 1) // self.per_page + 1)

    def page(self, number: int | str) -> Any:
        try:
            number = int(number)
        except ValueError:
            raise PageNotAnInteger(f"No page {number}") from None
        if not 1 <= number <= self.num_pages:
            raise EmptyPage(f"No page {number}")
        first = (number - 1) * self.per_page
        rows: Any = self.object_list
        return Page(rows.filter(pk__gt=first, pk__lte=first + self.per_page), number, self)


class OurSitemap(Sitemap):
    """Names pages as they name themselves (`common.addresses.absolute`), whatever host asks."""

    limit = PAGES_A_FILE

    def get_protocol(self, protocol: str | None = None) -> str:
        return str(urlsplit(settings.SITE_URL).scheme)

    def get_domain(self, site: Any = None) -> str:
        return str(urlsplit(settings.SITE_URL).netloc)


class LongSitemap(OurSitemap):
    """Of rows of which there may be a million; `items` are in the order of their keys."""

    @property
    def paginator(self) -> Numbered:
        rows: Any = self.items()
        return Numbered(rows, self.limit)


class Pages(OurSitemap):
    """The pages that lead to tutorials, and what they cost."""

    def items(self) -> list[Any]:
        return [
            reverse("tutorials:home"),
            reverse("tutorials:list"),
            reverse("tutorials:tracks"),
            reverse("billing:pricing"),
            reverse("billing:enterprise"),
            *topics_with_counts(),
        ]

    def location(self, item: str | Topic) -> str:
        return address_of_topic(item.slug) if isinstance(item, Topic) else item


class Tracks(OurSitemap):
    def items(self) -> Any:
        return Track.objects.published().only("slug", "updated_at").order_by("pk")

    def lastmod(self, item: Track) -> datetime:
        return item.updated_at

    def get_latest_lastmod(self) -> None:
        """Not worth reading them all for."""


class Tutorials(OurSitemap):
    """Premium ones, too: their pages show the opening to everybody."""

    def items(self) -> Any:
        return Tutorial.objects.published().only("slug", "updated_at").order_by("pk")

    def lastmod(self, item: Tutorial) -> datetime:
        return item.updated_at

    def get_latest_lastmod(self) -> None:
        """Not worth reading them all for."""


class People(LongSitemap):
    """Those who say something of themselves to everybody."""

    def items(self) -> Any:
        return Profile.objects.listed().only("handle").order_by("pk")


OWN: dict[str, type[Sitemap]] = {"pages": Pages, "tracks": Tracks, "tutorials": Tutorials}
# Of apps below this one; those above add theirs.
SITEMAPS: dict[str, Any] = {**OWN, "people": People}


def fits_in_one_file() -> bool:
    """Whether all pages do. Of ours the tutorials decide, and counting them further than that is idle."""
    if Tutorial.objects.published().order_by()[: PAGES_A_FILE + 1].count() > PAGES_A_FILE:
        return False
    return all(site().paginator.num_pages == 1 for name, site in SITEMAPS.items() if name not in OWN)


def files_of_map() -> Iterator[str]:
    """The addresses of the files, where not all fits in one."""
    for section, site in SITEMAPS.items():
        address = absolute(reverse("tutorials:sitemap_file", args=[section]))
        yield address
        yield from (f"{address}?p={number}" for number in range(2, site().paginator.num_pages + 1))
