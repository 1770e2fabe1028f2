"""Every read of tutorials that has a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.postgres.search import SearchQuery, SearchRank, TrigramWordSimilarity
from django.db.models import Count, F, FloatField, Func, Q, QuerySet
from django.db.models.functions import Cast
from django.utils import timezone

from common.paging import beyond

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User
    from tutorials.models import Topic, Tutorial

LIST_COLUMNS = ("id", "slug", "title", "summary", "difficulty", "access", "minutes", "published_at")
NEWEST_FIRST = ("-published_at", "-id")
BEST_FIRST = ("-rank", "-id")


class TopicQuerySet(QuerySet["Topic"]):
    def with_tutorials(self) -> TopicQuerySet:
        """Topics in their order that have something to read, with `tutorial_count`."""
        counted = self.annotate(tutorial_count=Count("tutorials", filter=is_published("tutorials__")))
        # Django drops a model's own ordering where rows are grouped.
        return counted.filter(tutorial_count__gt=0).order_by("position", "name")


class TutorialQuerySet(QuerySet["Tutorial"]):
    def published(self) -> TutorialQuerySet:
        """Those that readers see now."""
        return self.filter(is_published())

    def visible_to(self, user: User | AnonymousUser) -> TutorialQuerySet:
        """All to those who may edit them, their own to authors, else what is published."""
        if user.is_authenticated and user.acts_as_staff and user.has_perm("tutorials.change_tutorial"):
            return self
        if user.is_authenticated:
            return self.filter(Q(pk__in=self.published()) | Q(author=user))
        return self.published()

    def filtered(self, *, topic: Topic | None = None, difficulty: str = "", access: str = "") -> TutorialQuerySet:
        """Narrowed to what is given; an empty value narrows nothing."""
        given = {"topic": topic, "difficulty": difficulty, "access": access}
        return self.filter(**{name: value for name, value in given.items() if value})

    def search(self, words: str) -> TutorialQuerySet:
        """Those about `words`, with their `rank`; likely misspellings if nothing else fits."""
        query = SearchQuery(words, search_type="websearch", config="english")
        exact = self.filter(search=query).annotate(rank=precise(SearchRank(F("search"), query)))
        if exact.exists():
            return exact
        alike = self.filter(title__trigram_word_similar=words)
        return alike.annotate(rank=precise(TrigramWordSimilarity(words, "title")))

    def as_rows(self, *extra: str) -> QuerySet[Tutorial, dict[str, Any]]:
        """The columns of a list, without the texts; one statement, no model instances."""
        return self.values(*LIST_COLUMNS, *extra, topic_slug=F("topic__slug"), topic_name=F("topic__name"))

    def next_after(self, tutorial: Tutorial) -> Tutorial | None:
        """The one that follows in the same topic, oldest first."""
        return self._beside(tutorial, ("published_at", "id"))

    def last_before(self, tutorial: Tutorial) -> Tutorial | None:
        """The one that precedes in the same topic."""
        return self._beside(tutorial, NEWEST_FIRST)

    def _beside(self, tutorial: Tutorial, order: tuple[str, str]) -> Tutorial | None:
        # A draft without a date stands where it would if it came out now.
        place = (tutorial.published_at or timezone.now(), tutorial.pk)
        neighbours = self.published().filter(beyond(order, place), topic=tutorial.topic_id).order_by(*order)
        return neighbours.only("id", "slug", "title", "summary", "minutes").first()


def is_published(prefix: str = "") -> Q:
    """What readers see now; `prefix` is the way to the tutorial from another model."""
    return Q((f"{prefix}status", "published"), (f"{prefix}published_at__lte", timezone.now()))


def precise(rank: Func) -> Cast:
    """PostgreSQL ranks in 4 bytes, which do not survive the way through Python and back."""
    return Cast(rank, FloatField())
