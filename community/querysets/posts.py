"""Every read of posts and comments that has a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from billing.access import levels_open_to

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User

    # Some are named in strings only, where the linter does not look.
    from community.models import Comment, Like, Post  # noqa: F401


NOBODY = 0  # the key of a visitor, where one is needed
# What stands in the place of a title that is not to be read.
TAKEN_AWAY = {"held": "Held post", "hidden": "Hidden post", "deleted": "Deleted post"}


def may_moderate(user: User | AnonymousUser) -> bool:
    """Whether somebody works in the queue, and so sees what others don't."""
    return user.is_authenticated and user.acts_as_staff and user.has_perm("community.moderate")


def may_read_words(user: User | AnonymousUser, text: Post | Comment) -> bool:
    """Whether somebody who may know of a text also reads what it says, and of a post its title."""
    if text.state == "published":
        return True
    is_own = user.is_authenticated and text.author_id == user.pk
    return shows_words(text.state, is_own=is_own, moderates=may_moderate(user))


def shows_words(state: str, *, is_own: bool, moderates: bool) -> bool:
    """The rule of `may_read_words`, for those who have found out already who is reading."""
    return state == "published" or moderates or (is_own and state != "deleted")


def as_read_by(user: User | AnonymousUser, post: Post) -> Post:
    """Without its title and tags, if these were taken away with the text; never to be saved."""
    if not may_read_words(user, post):
        post.title, post.tags = TAKEN_AWAY[post.state], []
    return post


class PostQuerySet(QuerySet["Post"]):
    def visible_to(self, user: User | AnonymousUser) -> PostQuerySet:
        """Posts whose page somebody may open: in categories open to them, and published.

        Beside these the ones that were taken away but have a thread beneath them (their text is not shown), one's own,
        and all to moderators.
        """
        return self.visible_among(levels_open_to(user), moderates=may_moderate(user), reader=user.pk)

    def visible_among(self, levels: Collection[str], *, moderates: bool, reader: int | None) -> PostQuerySet:
        """As `visible_to`, for the key of a reader (None: a visitor) and what is known of their rights already."""
        posts = self.filter(category__access__in=levels)
        if moderates:
            return posts
        shown = Q(state="published") | Q(state__in=("deleted", "hidden"), comments_count__gt=0)
        if reader is not None:
            shown |= Q(author=reader, state__in=("held", "hidden"))
        return posts.filter(shown)

    def published(self) -> PostQuerySet:
        return self.filter(state="published")

    def to_like(self) -> PostQuerySet:
        """With no more columns than a like needs: whose they are, and what their address is made of."""
        return self.only("author", "state", "title")

    def with_marks_of(self, user: User | AnonymousUser) -> PostQuerySet:
        """With what this person has left at it: `liked` and `watch` ("": nothing)."""
        return self.with_marks_by(user.pk or NOBODY)

    def with_marks_by(self, reader: int) -> PostQuerySet:
        """As `with_marks_of`, for the key of a reader."""
        from community.models import Like, Watch

        own = {"user": reader, "post": OuterRef("pk")}
        return self.annotate(
            liked=Exists(Like.objects.filter(**own)),
            watch=Coalesce(Subquery(Watch.objects.filter(**own).values("level")), Value(""), output_field=CharField()),
        )


class CommentQuerySet(QuerySet["Comment"]):
    def visible_to(self, user: User | AnonymousUser) -> CommentQuerySet:
        """Comments whose text somebody may read, in posts that they may open."""
        return self.visible_among(levels_open_to(user), moderates=may_moderate(user), reader=user.pk)

    def visible_among(self, levels: Collection[str], *, moderates: bool, reader: int | None) -> CommentQuerySet:
        """As `visible_to`, for the key of a reader (None: a visitor) and what is known of their rights already."""
        from community.models import Post

        posts = Post.objects.visible_among(levels, moderates=moderates, reader=reader)
        comments = self.filter(post__in=posts)
        if moderates:
            return comments
        shown = Q(state="published")
        if reader is not None:
            shown |= Q(author=reader, state__in=("held", "hidden"))
        return comments.filter(shown)

    def to_like(self) -> CommentQuerySet:
        """With no more columns than a like needs: whose they are, and of which post."""
        return self.only("author", "post")


class LikeQuerySet(QuerySet["Like"]):
    def of(self, post: Post | None, comment: Comment | None) -> LikeQuerySet:
        """Those of the comment, if there is one, else of the post."""
        return self.filter(comment=comment) if comment is not None else self.filter(post=post)

    def untold(self) -> LikeQuerySet:
        """Those of which the author of the text has not been told yet."""
        return self.filter(is_told=False)
