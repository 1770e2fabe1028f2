"""Every read of tutorials, topics and tracks that has a name."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.search import SearchHeadline, SearchQuery
from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    FilteredRelation,
    FloatField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Greatest, JSONObject, Left
from django.utils import timezone

from common.paging import beyond, flip

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User

    # Some are named in strings only, where the linter does not look.
    from tutorials.models import Topic, Track, Tutorial  # noqa: F401

LIST_COLUMNS = ("id", "slug", "title", "summary", "tags", "difficulty", "access", "minutes", "published_at")
NEWEST_FIRST = ("-published_at", "-id")
BEST_FIRST = ("-rank", "-id")
# Characters of a text in which an excerpt is sought: finding one takes longer than the search itself.
SEARCHED_FOR_EXCERPT = 12_000
# What begins and ends a match in an excerpt: characters that no text of ours has a use for.
MARKS = ("\ue000", "\ue001")
RELATED, LOOKED_AT = 4, 40
# What no page of readers needs, and what no page needs that only names a tutorial.
UNREAD = ("body", "text", "opening_text", "search", "open_search", "source")
TEXTS = (*UNREAD, "body_html", "opening_html")
# The same, from a row that points to a tutorial.
TEXTS_OF_TUTORIAL = tuple(f"tutorial__{name}" for name in TEXTS)
# Where the cache keeps all topics with their counts (tutorials.topics).
TOPICS_KEY = "tutorials:topics"
# Of all that lists show of tutorials and topics (common.kept.generation).
TUTORIALS = "tutorials"
# Seconds after a change in which every visit counts anew; a count may be a minute old anyway.
TOPICS_MARKED = 2


@dataclass(frozen=True)
class Neighbours:
    """What is read before and after a tutorial."""

    previous: Tutorial | None
    next: Tutorial | None


class TopicQuerySet(QuerySet["Topic"]):
    def with_counts(self) -> TopicQuerySet:
        """Topics in their order, with `tutorial_count`."""
        counted = self.annotate(tutorial_count=Count("tutorials", filter=is_published("tutorials__")))
        # Django drops a model's own ordering where rows are grouped.
        return counted.order_by("position", "name")

    def with_tutorials(self) -> TopicQuerySet:
        """Those that have something to read, with `tutorial_count`."""
        counted: Any = self.with_counts()
        found: TopicQuerySet = counted.filter(tutorial_count__gt=0)
        return found


def may_edit_all(user: User | AnonymousUser) -> bool:
    """Whether somebody sees every tutorial, whoever wrote it and whether it is out or not."""
    return user.is_authenticated and user.acts_as_staff and user.has_perm("tutorials.change_tutorial")


class TutorialQuerySet(QuerySet["Tutorial"]):
    def published(self, at: datetime | None = None) -> TutorialQuerySet:
        """Those that readers see (at that time; default now)."""
        return self.filter(is_published(at=at))

    def visible_to(self, user: User | AnonymousUser) -> TutorialQuerySet:
        """All to those who may edit them, their own to authors, else what is published."""
        return self if may_edit_all(user) else self.visible_to_reader(user.pk)

    def visible_to_reader(self, reader: int | None, at: datetime | None = None) -> TutorialQuerySet:
        """What is published, and their own, to somebody who may not edit all, by their key; None: to a visitor."""
        published = self.published(at)
        return published if reader is None else self.filter(Q(pk__in=published) | Q(author=reader))

    def for_reading(self) -> TutorialQuerySet:
        """With topic and author, and without what no page of readers needs."""
        return self.select_related("topic", "author").defer(*UNREAD)

    def with_reading_of(self, user: int) -> TutorialQuerySet:
        """With what this person (by their key) has left there, as plain values.

        `reading`: {"fraction", "seconds", "block", "completed_at"} or None; `marked`: a list of
        {"block", "note"}; `quiz_passed`: whether they ever did; `has_news`: whether they have earned
        something, anywhere, and were not told.
        """
        from tutorials.models import Bookmark, QuizAttempt, TutorialProgress
        from tutorials.querysets.learning import has_news

        own = {"user": user, "tutorial": OuterRef("pk")}

        reading = JSONObject(fraction="fraction", seconds="seconds", block="block", completed_at="completed_at")
        marked = JSONObject(block="block", note="note")
        return self.annotate(
            reading=Subquery(TutorialProgress.objects.filter(**own).values(it=reading)),
            marked=ArraySubquery(Bookmark.objects.filter(**own).order_by("created_at").values(it=marked)),
            quiz_passed=Exists(QuizAttempt.objects.filter(**own, passed=True)),
            has_news=has_news(user),
        )

    def filtered(
        self, *, topic: Topic | None = None, difficulty: str = "", access: str = "", tag: str = ""
    ) -> TutorialQuerySet:
        """Narrowed to what is given; an empty value narrows nothing."""
        given = {"topic": topic, "difficulty": difficulty, "access": access, "tags__contains": [tag] if tag else []}
        return self.filter(**{name: value for name, value in given.items() if value})

    def with_matches(self, words: str, levels: Collection[str]) -> TutorialQuerySet:
        """With `excerpt`, `marked_title` and `marked_summary`, where what was searched stands between MARKS.

        The excerpt is of what can be read with access to these levels, "" if the words stand nowhere in it.
        """
        query = SearchQuery(words, search_type="websearch", config="english")
        marks: dict[str, Any] = {"config": "english", "start_sel": MARKS[0], "stop_sel": MARKS[1]}
        text = Left(Case(When(access__in=levels, then=F("text")), default=F("opening_text")), SEARCHED_FOR_EXCERPT)
        return self.annotate(
            excerpt=SearchHeadline(
                text, query, **marks, max_fragments=2, min_words=8, max_words=18, fragment_delimiter=" … "
            ),
            marked_title=SearchHeadline("title", query, **marks, highlight_all=True),
            marked_summary=SearchHeadline("summary", query, **marks, highlight_all=True),
        )

    def with_marks_of(self, user: User | AnonymousUser) -> TutorialQuerySet:
        """With `fraction` (0..1) and `completed_at` of this person; both None where they have not begun."""
        return self.annotate(
            mine=FilteredRelation("progress", condition=Q(progress__user=user.pk)),
            fraction=F("mine__fraction"),
            completed_at=F("mine__completed_at"),
        )

    def as_rows(self, *extra: str) -> QuerySet[Tutorial, dict[str, Any]]:
        """The columns of a list, without the texts; one statement, no model instances."""
        return self.values(*LIST_COLUMNS, *extra, topic_slug=F("topic__slug"), topic_name=F("topic__name"))

    def neighbours(self, tutorial: Tutorial) -> Neighbours:
        """What stands before and after it in its topic, in the order of publication. One query."""
        # A draft without a date stands where it would if it came out now.
        place = (tutorial.published_at or timezone.now(), tutorial.pk)
        light = ("slug", "title", "summary", "minutes", "published_at")
        topic = self.published().filter(topic=tutorial.topic_id).only(*light)
        sides = [
            topic.filter(beyond(order, place)).annotate(follows=Value(follows)).order_by(*order)[:1]
            for follows, order in ((False, NEWEST_FIRST), (True, tuple(map(flip, NEWEST_FIRST))))
        ]
        found: dict[bool, Tutorial] = {row.follows: row for row in sides[0].union(sides[1], all=True)}
        return Neighbours(found.get(False), found.get(True))

    def related_to(self, tutorial: Tutorial) -> list[dict[str, Any]]:
        """Up to RELATED others, as rows: those with most tags in common, of the same topic before others, newest first.

        Of each tag and of the topic only some are looked at, so that the effort is bounded. One query.
        """
        others = self.published().exclude(pk=tutorial.pk)
        alike = [others.filter(tags__contains=[tag]).values("pk")[:LOOKED_AT] for tag in tutorial.tags]
        newest = others.filter(topic=tutorial.topic_id).order_by(*NEWEST_FIRST).values("pk")[:LOOKED_AT]
        rows = self.filter(pk__in=newest.union(*alike)).as_rows()

        def likeness(row: dict[str, Any]) -> tuple[Any, ...]:
            in_common = len(set(tutorial.tags).intersection(row["tags"]))
            return in_common, row["topic_slug"] == tutorial.topic.slug, row["published_at"], row["id"]

        return sorted(rows, key=likeness, reverse=True)[:RELATED]


class TrackQuerySet(QuerySet["Track"]):
    def published(self) -> TrackQuerySet:
        """Those that readers see: published, with something to read."""
        from tutorials.models import TrackStep

        readable = TrackStep.objects.filter(is_published("tutorial__"), track=OuterRef("pk"))
        return self.filter(Exists(readable), is_published=True)

    def visible_to(self, user: User | AnonymousUser) -> TrackQuerySet:
        """All to those who may edit them, else what is published."""
        if user.is_authenticated and user.acts_as_staff and user.has_perm("tutorials.change_track"):
            return self
        return self.published()

    def shown_to(self, user: User | AnonymousUser) -> TrackQuerySet:
        """Those that somebody may see, with totals; with their own progress, if they have signed in."""
        visible = self.visible_to(user)
        return visible.with_progress_of(user) if user.is_authenticated else visible.with_totals()

    def with_totals(self) -> TrackQuerySet:
        """With `step_count` and `minutes` of what can be read now."""
        readable = is_published("tutorials__")
        counted: TrackQuerySet = self.annotate(
            step_count=Count("tutorials", filter=readable),
            minutes=Coalesce(Sum("tutorials__minutes", filter=readable), 0),
        )
        return counted.order_by("position", "title")

    def with_progress_of(self, user: User) -> TrackQuerySet:
        """With totals, and this person's `done_count`, `fraction` (of all its tutorials, 0..1) and `completed_at`."""
        from tutorials.models import TrackCompletion, TutorialProgress

        mine = TutorialProgress.objects.filter(
            is_published("tutorial__"), user=user, tutorial__steps__track=OuterRef("pk")
        ).values("tutorial__steps__track")
        walked: TrackQuerySet = self.with_totals().annotate(
            done_count=Coalesce(Subquery(mine.values(it=Count("completed_at"))), 0),
            fraction=Coalesce(Subquery(mine.values(it=Sum("fraction"))), 0.0)
            / Cast(Greatest("step_count", 1), FloatField()),
            completed_at=Subquery(
                TrackCompletion.objects.filter(user=user, track=OuterRef("pk")).values("completed_at")
            ),
        )
        return walked

    def with_certificate_of(self, user: User | AnonymousUser) -> TrackQuerySet:
        """With `certificate`, the key of this person's that stands, or None."""
        from tutorials.models import Certificate

        own = Certificate.objects.filter(user=user.pk, track=OuterRef("pk")).standing()
        found: TrackQuerySet = self.annotate(certificate=Subquery(own.values("pk")))
        return found


def is_published(prefix: str = "", at: datetime | None = None) -> Q:
    """What readers see now, or then; `prefix` is the way to the tutorial from another model."""
    return Q((f"{prefix}status", "published"), (f"{prefix}published_at__lte", at or timezone.now()))
