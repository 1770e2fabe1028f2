"""Every page that search engines should know, in files of at most PAGES_A_FILE addresses."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.sitemaps import Sitemap
from django.urls import reverse

from tutorials.models import Topic, Track, Tutorial
from tutorials.topics import topics_with_counts

PAGES_A_FILE = 5000


class Pages(Sitemap):
    """The pages that lead to tutorials."""

    limit = PAGES_A_FILE

    def items(self) -> list[Any]:
        return [
            reverse("tutorials:home"),
            reverse("tutorials:list"),
            reverse("tutorials:tracks"),
            *topics_with_counts(),
        ]

    def location(self, item: str | Topic) -> str:
        return f"{reverse('tutorials:list')}?topic={item.slug}" if isinstance(item, Topic) else item


class Tracks(Sitemap):
    limit = PAGES_A_FILE

    def items(self) -> Any:
        return Track.objects.published().only("slug", "updated_at").order_by("pk")

    def lastmod(self, item: Track) -> datetime:
        return item.updated_at

    def get_latest_lastmod(self) -> None:
        """Not worth reading them all for."""


class Tutorials(Sitemap):
    """Premium ones, too: their pages show the opening to everybody."""

    limit = PAGES_A_FILE

    def items(self) -> Any:
        return Tutorial.objects.published().only("slug", "updated_at").order_by("pk")

    def lastmod(self, item: Tutorial) -> datetime:
        return item.updated_at

    def get_latest_lastmod(self) -> None:
        """Not worth reading them all for."""


OWN: dict[str, type[Sitemap]] = {"pages": Pages, "tracks": Tracks, "tutorials": Tutorials}
# Apps above this one add theirs.
SITEMAPS: dict[str, Any] = dict(OWN)


def fits_in_one_file() -> bool:
    """Whether all pages do. Of ours the tutorials decide, and counting them further than that is idle."""
    if Tutorial.objects.published().order_by()[: PAGES_A_FILE + 1].count() > PAGES_A_FILE:
        return False
    return all(site().paginator.num_pages == 1 for name, site in SITEMAPS.items() if name not in OWN)
