"""What is new, for feed readers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed

from tutorials.models import Tutorial
from tutorials.querysets import NEWEST_FIRST

NEWEST = 30


class NewestTutorials(Feed):
    """The newest published tutorials with their summaries; what is gated is not in it."""

    feed_type = Atom1Feed
    title = f"{settings.SITE_NAME}: tutorials"
    subtitle = "New tutorials on using AI."

    def link(self) -> str:
        return reverse("tutorials:list")

    def feed_url(self) -> str:
        return reverse("tutorials:feed")

    def items(self) -> Any:
        light = ("slug", "title", "summary", "tags", "published_at", "updated_at", "author__name")
        newest = Tutorial.objects.published().select_related("author").only(*light)
        return newest.order_by(*NEWEST_FIRST)[:NEWEST]

    def item_title(self, item: Any) -> str:
        return str(item.title)

    def item_description(self, item: Tutorial) -> str:
        return item.summary

    def item_author_name(self, item: Tutorial) -> str | None:
        return item.author.get_full_name() if item.author else None

    def item_categories(self, item: Tutorial) -> list[str]:
        return item.tags

    def item_pubdate(self, item: Tutorial) -> datetime | None:
        return item.published_at

    def item_updateddate(self, item: Tutorial) -> datetime:
        return item.updated_at
