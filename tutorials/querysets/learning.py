"""Every read of what learners did that has a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from tutorials.querysets.tutorials import is_published

if TYPE_CHECKING:
    from accounts.models import User

    # Named in strings only, where the linter does not look.
    from tutorials.models import (  # noqa: F401
        Award,
        Bookmark,
        Certificate,
        QuizAttempt,
        TrackCompletion,
        TutorialProgress,
    )

LATEST_FIRST = ("-moved_at", "-id")
FINISHED_LATEST_FIRST = ("-completed_at", "-id")
BOOKMARKS_NEWEST_FIRST = ("-created_at", "-id")
AWARDS_NEWEST_FIRST = ("-earned_at", "-id")
CERTIFICATES_NEWEST_FIRST = ("-issued_at", "-id")


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


class CompletionQuerySet(QuerySet["TrackCompletion"]):
    def without_certificate(self) -> CompletionQuerySet:
        """Finished tracks for which there is no certificate, not even one that was revoked."""
        from tutorials.models import Certificate

        given = Certificate.objects.filter(user=OuterRef("user"), track=OuterRef("track"))
        return self.filter(~Exists(given))

    def with_facts(self) -> CompletionQuerySet:
        """With `tutorials` and `minutes`: what its person had finished of the track by then; and `quizzes` passed.

        A step that the track has lost since is not counted, nor one that came later.
        """
        from tutorials.models import QuizAttempt, TutorialProgress

        of_track = {"user": OuterRef("user"), "tutorial__steps__track": OuterRef("track")}
        done: Any = TutorialProgress.objects.filter(**of_track, completed_at__lte=OuterRef("completed_at"))
        passed: Any = QuizAttempt.objects.filter(**of_track, passed=True, at__lte=OuterRef("completed_at"))
        done, passed = (rows.order_by().values("tutorial__steps__track") for rows in (done, passed))
        counted: CompletionQuerySet = self.annotate(
            tutorials=Coalesce(Subquery(done.values(it=Count("tutorial"))), 0),
            minutes=Coalesce(Subquery(done.values(it=Sum("tutorial__minutes"))), 0),
            quizzes=Coalesce(Subquery(passed.values(it=Count("tutorial", distinct=True))), 0),
        )
        return counted


class CertificateQuerySet(QuerySet["Certificate"]):
    def of(self, user: User) -> CertificateQuerySet:
        """A person's, the newest first."""
        return self.filter(user=user).order_by(*CERTIFICATES_NEWEST_FIRST)

    def standing(self) -> CertificateQuerySet:
        """Those that were not revoked."""
        return self.filter(revoked_at__isnull=True)

    def unseen(self) -> CertificateQuerySet:
        """Those that their owner has not been told of."""
        return self.standing().filter(seen_at__isnull=True)

    def public(self) -> CertificateQuerySet:
        """Those of people who are here (ProfileQuerySet.public), revoked ones too: whoever has the address may look."""
        here = self.filter(user__is_active=True, user__erase_after__isnull=True)
        return here.select_related("user__profile", "track")


def has_news(user: Any) -> Q:
    """Whether somebody, by their key, has earned something and was not told."""
    from tutorials.models import Award, Certificate

    news: Q = Exists(Award.objects.filter(user=user).unseen()) | Exists(Certificate.objects.filter(user=user).unseen())
    return news
