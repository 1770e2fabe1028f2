"""What tutorials hold about people."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils import timezone

from accounts.personal_data import Holding, register
from tutorials.models import (
    Award,
    Bookmark,
    Certificate,
    Learner,
    LearningDay,
    QuizAnswer,
    QuizAttempt,
    ReviewNote,
    TrackCompletion,
    Tutorial,
    TutorialProgress,
    TutorialVersion,
)
from tutorials.models.tutorials import RENDERED

DERIVED = "it is made from the title, the summary and the body"


def forget_author(tutorials: QuerySet[Tutorial]) -> int:
    """Tutorials, drafts too, are the platform's: they stay, and nobody is named as their author.

    The time of change goes with it, so that no cached page goes on naming them.
    """
    return tutorials.update(author=None, updated_at=timezone.now())


def forget_hand(rows: QuerySet[TutorialVersion] | QuerySet[ReviewNote]) -> int:
    """What was done stays, nobody is named as the one who did it."""
    return rows.update(by=None)


register(
    Holding(
        Tutorial,
        title="Tutorials that you wrote",
        path="author",
        exported=(
            *("title", "slug", "summary", "body", "topic__name", "tags", "difficulty", "access", "pass_mark"),
            *("status", "published_at", "updated_at", "approved_at", "source_path"),
        ),
        left_out=dict.fromkeys((*RENDERED, "search", "open_search"), DERIVED)
        | {"source": "it is the file that the body came in"},
        anonymise=forget_author,
    ),
    Holding(
        TutorialVersion,
        title="Versions of tutorials that you published",
        path="by",
        exported=(
            *("tutorial__slug", "number", "at", "title", "summary", "body", "topic__name", "tags"),
            *("difficulty", "access", "pass_mark"),
        ),
        anonymise=forget_hand,
    ),
    Holding(
        ReviewNote,
        title="What you said of others' tutorials",
        path="by",
        exported=("tutorial__slug", "at", "verdict", "text"),
        anonymise=forget_hand,
    ),
    Holding(
        TutorialProgress,
        title="How far you are in tutorials",
        path="user",
        exported=("tutorial__slug", "fraction", "seconds", "block", "started_at", "moved_at", "completed_at"),
        left_out={"visits": "it holds random names of opened pages, so that nothing is counted twice"},
    ),
    Holding(
        Learner,
        title="Your learning streak and goal",
        path="user",
        exported=("streak", "longest_streak", "last_day", "daily_goal"),
        left_out=dict.fromkeys(("credit", "credited_at"), "it only keeps anybody from claiming more time than passed"),
    ),
    Holding(LearningDay, title="Days on which you learned", path="user", exported=("day", "seconds")),
    Holding(TrackCompletion, title="Tracks that you finished", path="user", exported=("track__slug", "completed_at")),
    Holding(
        Bookmark,
        title="Your bookmarks and notes",
        path="user",
        exported=("tutorial__slug", "block", "note", "created_at", "updated_at"),
    ),
    Holding(
        QuizAttempt,
        title="Quizzes that you answered",
        path="user",
        exported=("tutorial__slug", "number", "at", "score", "passed"),
    ),
    Holding(
        QuizAnswer,
        title="Your answers in quizzes",
        path="attempt__user",
        exported=("attempt__tutorial__slug", "attempt__number", "question", "chosen", "right"),
    ),
    Holding(
        Certificate,
        title="Your certificates",
        path="user",
        exported=(
            *("title", "track__slug", "name", "name_changed_at", "finished_on", "issued_at", "tutorials", "quizzes"),
            *("minutes", "seen_at", "revoked_at", "revocation"),
        ),
    ),
    Holding(
        Award,
        title="Achievements that you earned",
        path="user",
        exported=("achievement__title", "earned_at", "seen_at"),
    ),
)
