"""Every read of images that has a name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Q, QuerySet

from community.querysets.posts import may_moderate

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User
    from community.models import PostImage  # noqa: F401 - named in strings only, where the linter does not look

IMAGE_COLUMNS = ("id", "name", "width", "height", "uploaded_at")
IMAGES_NEWEST_FIRST = ("-uploaded_at", "-id")
# What we call them; texts may name anything.
NAME = re.compile(r"[A-Za-z0-9]{22}\.webp", re.ASCII)


class PostImageQuerySet(QuerySet["PostImage"]):
    def named(self, names: Iterable[str]) -> PostImageQuerySet:
        """Those of these names, which may be any text."""
        return self.filter(name__in=[name for name in names if NAME.fullmatch(name)])

    def visible_to(self, user: User | AnonymousUser) -> PostImageQuerySet:
        """Images of texts that somebody may read, and one's own; all to moderators."""
        from community.models import Comment, Post

        if may_moderate(user):
            return self
        here = {"images": OuterRef("pk"), "state": "published"}
        shown = Exists(Post.objects.visible_to(user).filter(**here)) | Exists(
            Comment.objects.visible_to(user).filter(**here)
        )
        return self.filter(shown | Q(user=user.pk or 0))

    def unused(self, *, since: datetime) -> PostImageQuerySet:
        """Those uploaded before this time that no text shows (deleted ones apart) and no draft of their owner names."""
        from community.models import Comment, Draft, Post

        here = {"images": OuterRef("pk")}
        return self.filter(
            ~Exists(Post.objects.filter(**here).exclude(state="deleted")),
            ~Exists(Comment.objects.filter(**here).exclude(state="deleted")),
            ~Exists(Draft.objects.filter(user=OuterRef("user"), body__contains=OuterRef("name"))),
            uploaded_at__lt=since,
        )
