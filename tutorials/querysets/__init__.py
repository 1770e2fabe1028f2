"""Every read of this app that has a name."""

from tutorials.querysets.authoring import TutorialVersionQuerySet
from tutorials.querysets.learning import (
    AWARDS_NEWEST_FIRST,
    BOOKMARKS_NEWEST_FIRST,
    FINISHED_LATEST_FIRST,
    LATEST_FIRST,
    AwardQuerySet,
    BookmarkQuerySet,
    ProgressQuerySet,
    QuizAttemptQuerySet,
)
from tutorials.querysets.search import search_published
from tutorials.querysets.tutorials import (
    BEST_FIRST,
    MARKS,
    NEWEST_FIRST,
    TEXTS,
    TEXTS_OF_TUTORIAL,
    TOPICS_KEY,
    TOPICS_MARKED,
    TUTORIALS,
    Neighbours,
    TopicQuerySet,
    TrackQuerySet,
    TutorialQuerySet,
    is_published,
)

__all__ = [
    "AWARDS_NEWEST_FIRST",
    "BEST_FIRST",
    "BOOKMARKS_NEWEST_FIRST",
    "FINISHED_LATEST_FIRST",
    "LATEST_FIRST",
    "MARKS",
    "NEWEST_FIRST",
    "TEXTS",
    "TEXTS_OF_TUTORIAL",
    "TOPICS_KEY",
    "TOPICS_MARKED",
    "TUTORIALS",
    "AwardQuerySet",
    "BookmarkQuerySet",
    "Neighbours",
    "ProgressQuerySet",
    "QuizAttemptQuerySet",
    "TopicQuerySet",
    "TrackQuerySet",
    "TutorialQuerySet",
    "TutorialVersionQuerySet",
    "is_published",
    "search_published",
]
