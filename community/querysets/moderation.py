"""Every read of moderation that has a name."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Case as Choice
from django.db.models import (
    Count,
    Exists,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Now

if TYPE_CHECKING:
    from accounts.models import User

    # Some are named in strings only, where the linter does not look.
    from community.models import Case, Comment, Post, StaffAction, Standing  # noqa: F401

OLDEST_CASE_FIRST = ("opened_at", "id")
LOG_NEWEST_FIRST = ("-id",)


class Digest(Func):
    """By which two texts are the same, whatever their blanks and capitals (a function of migration 0002)."""

    function = "community_digest"
    output_field = TextField()


def texts_like(body: str, *, author: User, since: datetime) -> QuerySet[Any, dict[str, Any]]:
    """What somebody wrote that says the same, with the title of the thread."""
    from community.models import Comment, Post

    own = Q(author=author, created_at__gte=since, digest=Digest(Value(body))) & ~Q(state="deleted")
    posts: Any = Post.objects.alias(digest=Digest("body")).filter(own).order_by()
    comments: Any = Comment.objects.alias(digest=Digest("body")).filter(own).order_by()
    found: QuerySet[Any, dict[str, Any]] = posts.values("title").union(
        comments.values(title=F("post__title")), all=True
    )
    return found


def repeats_hidden(body: str, *, since: datetime) -> bool:
    """Whether a text that says the same was written since, and hidden by a moderator."""
    from community.models import Comment, Post

    same = Q(state="hidden", created_at__gte=since, digest=Digest(Value(body)))
    return any(model._default_manager.alias(digest=Digest("body")).filter(same).exists() for model in (Post, Comment))


class StandingQuerySet(QuerySet["Standing"]):
    def with_earned_level(self) -> StandingQuerySet:
        """With `earned`: the level that somebody's behaviour gives them now, by the table of community.trust."""
        from community.trust import NEEDS, REMEMBERED

        texts = F("posts_count") + F("comments_count")
        levels = [
            When(
                Q(texts__gte=needs.texts, likes_received__gte=needs.likes, accepted_count__gte=needs.accepted)
                & Q(user__date_joined__lte=Now() - timedelta(days=needs.days))
                & Q(hidden_lately__lte=F("texts") * needs.hidden_percent / 100),
                then=Value(int(level)),
            )
            for level, needs in sorted(NEEDS.items(), reverse=True)
        ]
        return self.alias(
            texts=texts,
            # Nearly nobody has any, and then nothing is looked up.
            hidden_lately=Choice(When(hidden_count=0, then=Value(0)), default=hidden_since(Now() - REMEMBERED)),
        ).annotate(earned=Choice(*levels, default=Value(0), output_field=IntegerField()))

    def out_of_step(self) -> StandingQuerySet:
        """Those whose level is not the one that they have earned, unless staff decide it."""
        return self.with_earned_level().filter(level_is_fixed=False).exclude(trust_level=F("earned"))


def hidden_since(since: Any) -> Any:
    """How many texts of OuterRef("pk") moderators have hidden since, and not brought back."""
    from community.models import Comment, Post, StaffAction

    def count(model: type[Post | Comment], name: str) -> Any:
        lately = StaffAction.objects.filter(deed="hide", at__gte=since, **{name: OuterRef("pk")})
        hidden = model._default_manager.filter(Exists(lately), author=OuterRef("pk"), state="hidden")
        counted = hidden.order_by().values("author").annotate(total=Count("pk")).values("total")
        return Coalesce(Subquery(counted, output_field=IntegerField()), 0)

    return count(Post, "post") + count(Comment, "comment")


class CaseQuerySet(QuerySet["Case"]):
    def open(self) -> CaseQuerySet:
        return self.filter(closed_at__isnull=True)

    def of(self, text: Post | Comment) -> CaseQuerySet:
        from community.models import Post

        return self.filter(post=text) if isinstance(text, Post) else self.filter(comment=text)

    def with_texts(self) -> CaseQuerySet:
        """With all that the queue shows of each, in a fixed number of queries."""
        return self.select_related(
            *("post__category", "post__author__profile"),
            *("comment__post__category", "comment__author__profile", "closed_by__profile"),
        ).prefetch_related("reports__reporter__profile")


class StaffActionQuerySet(QuerySet["StaffAction"]):
    def with_people(self) -> StaffActionQuerySet:
        """With all that the log shows of each."""
        return self.select_related(
            *("by__profile", "person__profile", "post", "comment__post", "category", "undoes", "undone_by")
        )

    def of(self, text: Post | Comment) -> StaffActionQuerySet:
        from community.models import Post

        return self.filter(post=text) if isinstance(text, Post) else self.filter(comment=text)
