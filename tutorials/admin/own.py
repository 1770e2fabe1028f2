"""What somebody who writes tutorials finds of their own on the first page of the admin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from analytics.days import day_of
from analytics.models.counts import Dimension
from analytics.reports import View, counts_of
from common.figures import Count
from common.moments import Moments
from tutorials.admin.tutorials import address, standing_of
from tutorials.models import Status, Tutorial

MOST = 6
DAYS = 30


@dataclass(frozen=True)
class Own:
    """One of them: `standing` is where it stands, `views` says how often it was seen in DAYS, "" if nobody could."""

    title: str
    address: str
    standing: str
    changed: str
    views: str
    readers: str


def own_tutorials(author: User) -> list[Own]:
    """Those that were changed last, the archived left out. Two queries."""
    written = Tutorial.objects.filter(author=author).exclude(status=Status.ARCHIVED).order_by("-updated_at", "-pk")
    found = list(written.only("slug", "title", "status", "published_at", "approved_at", "updated_at")[:MOST])
    now = timezone.now()
    today = day_of(now)
    pages = [each.get_absolute_url() for each in found if each.is_out(now)]
    counts = counts_of(View(today - timedelta(days=DAYS - 1), today), Dimension.PAGE, pages) if pages else {}
    moments = Moments(now)

    def shown(each: Tutorial) -> Own:
        page = each.get_absolute_url()
        seen = counts[page].events if page in counts else 0
        return Own(
            title=each.title,
            address=address(each),
            standing=standing_of(each),
            changed=str(moments.of(each.updated_at).ago),
            views=f"{Count(seen).shown} {'view' if seen == 1 else 'views'} in {DAYS} days" if page in pages else "",
            readers=reverse("admin:tutorials_tutorial_readers", args=[each.pk]),
        )

    return [shown(each) for each in found]
