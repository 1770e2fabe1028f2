"""Every read of what learners did that has a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import QuerySet

from tutorials.querysets.tutorials import is_published

if TYPE_CHECKING:
    from accounts.models import User

    # Named in strings only, where the linter does not look.
    from tutorials.models import Award, Bookmark, QuizAttempt, TutorialProgress  # noqa: F401

LATEST_FIRST = ("-moved_at", "-id")
FINISHED_LATEST_FIRST = ("-completed_at", "-id")
BOOKMARKS_NEWEST_FIRST = ("-created_at", "-id")
AWARDS_NEWEST_FIRST = ("-earned_at", "-id")


class ProgressQuerySet(QuerySet["TutorialProgress"]):
    def of(self, user: User) -> ProgressQuerySet:
        """A person's, in tutorials that can still be read."""
        return self.filter(is_published("tutorial__"), user=user)

    def unfinished(self) -> ProgressQuerySet:
        return self.filter(completed_at__isnull=True)

    def finished(self) -> ProgressQuerySet:
        return self.filter(completed_at__isnull=False)


class BookmarkQuerySet(QuerySet["Bookmark"]):
    def of(self, user: User) -> BookmarkQuerySet:
        return self.filter(user=user)


class QuizAttemptQuerySet(QuerySet["QuizAttempt"]):
    def of(self, user: User) -> QuizAttemptQuerySet:
        return self.filter(user=user)

    def first_ones(self) -> QuizAttemptQuerySet:
        return self.filter(number=1)


class AwardQuerySet(QuerySet["Award"]):
    def of(self, user: User) -> AwardQuerySet:
        """A person's, the newest first, with what was earned."""
        return self.filter(user=user).select_related("achievement").order_by(*AWARDS_NEWEST_FIRST)

    def unseen(self) -> AwardQuerySet:
        """Those that their owner has not been told of."""
        return self.filter(seen_at__isnull=True)
