"""What owners and managers of an organisation see of the learning of its members: figures, and not what was read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Count, Q, Sum
from django.utils import timezone

from billing.organisation_sections import OrganisationSection, register
from tutorials.models import LearningDay, TutorialProgress

DAYS = 30
WORDS = f"how many tutorials you finished and for how many minutes you learned in the last {DAYS} days, from today on"


def learning(members: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """For each of the members on the page: `finished` and `minutes` of the last days, nothing from before they came.

    Two queries, however many there are.
    """
    if not members:
        return None
    since = timezone.now() - timedelta(days=DAYS)
    joined = {member["user_id"]: max(since, member["joined_at"]) for member in members}
    in_time = [Q(user=user, completed_at__gte=start) for user, start in joined.items()]
    finished = TutorialProgress.objects.filter(any_of(in_time)).order_by().values_list("user").annotate(Count("pk"))
    # A day is whole: that on which somebody came is told of from its beginning.
    on_days = [Q(user=user, day__gte=start.date()) for user, start in joined.items()]
    seconds = LearningDay.objects.filter(any_of(on_days)).order_by().values_list("user").annotate(Sum("seconds"))
    number, spent = dict(finished), dict(seconds)
    return {
        "days": DAYS,
        "rows": [
            {
                "name": member["name"],
                "finished": number.get(member["user_id"], 0),
                "minutes": (spent.get(member["user_id"]) or 0) // 60,
            }
            for member in members
        ],
    }


def any_of(conditions: Sequence[Q]) -> Q:
    first, *others = conditions
    for other in others:
        first |= other
    return first


register(OrganisationSection("tutorials/_organisation_learning.html", learning), words=WORDS)
