"""What is new in the community, for feed readers: what visitors may read, whoever asks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.syndication.views import Feed
from django.http import Http404
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed

from community.categories import categories_for
from community.models import Comment, Post, State
from community.models.posts import FORMER_MEMBER
from community.querysets.listing import NEWEST, Wanted, list_page

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest

NEWEST_TEXTS = 30
# XML has no way to write them.
UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True)
class Subject:
    """What a feed is about, and which posts that are."""

    title: str
    path: str
    feed_path: str
    wanted: Wanted


class TextFeed(Feed):
    """Posts or comments with their whole text."""

    feed_type = Atom1Feed

    def item_title(self, item: Any) -> str:
        return UNWRITABLE.sub(
            "", str(item.title if isinstance(item, Post) else f"{self.item_author_name(item)} answers")
        )

    def item_description(self, item: Any) -> str:
        return UNWRITABLE.sub("", item.body_html)

    def item_author_name(self, item: Any) -> str:
        return UNWRITABLE.sub("", item.author.profile.shown_name) if item.author else FORMER_MEMBER

    def item_pubdate(self, item: Any) -> datetime:
        published: datetime = item.created_at
        return published

    def item_updateddate(self, item: Any) -> datetime:
        changed: datetime = item.edited_at or item.created_at
        return changed


class NewestPosts(TextFeed):
    """Of everything, of a category or of a tag."""

    def get_object(self, request: HttpRequest, category: str = "", tag: str = "") -> Subject:
        public = categories_for(AnonymousUser())
        if tag:
            where = reverse("community:tag", args=[tag]), reverse("community:tag_feed", args=[tag])
            return Subject(f"#{tag}", *where, Wanted([each.pk for each in public], tag=tag))
        if not category:
            where = reverse("community:list"), reverse("community:feed")
            return Subject("community", *where, Wanted([each.pk for each in public]))
        found = next((each for each in public if each.slug == category), None)
        if found is None:
            raise Http404
        feed_path = reverse("community:category_feed", args=[found.slug])
        return Subject(found.name, found.get_absolute_url(), feed_path, Wanted([found.pk]))

    def title(self, subject: Subject) -> str:
        return f"{settings.SITE_NAME}: {subject.title}"

    def link(self, subject: Subject) -> str:
        return subject.path

    def feed_url(self, subject: Subject) -> str:
        return subject.feed_path

    def items(self, subject: Subject) -> list[Post]:
        rows = list_page(subject.wanted, order=NEWEST, reader=None, size=NEWEST_TEXTS).page.rows
        posts = Post.objects.published().select_related("author__profile").in_bulk([row["id"] for row in rows])
        return [posts[row["id"]] for row in rows if row["id"] in posts]

    def item_categories(self, item: Post) -> list[str]:
        return item.tags


class NewestComments(TextFeed):
    """What is said to one post."""

    def get_object(self, request: HttpRequest, pk: int) -> Post:
        found = Post.objects.published().filter(pk=pk, category__in=categories_for(AnonymousUser())).first()
        if found is None:
            raise Http404
        return found

    def title(self, post: Post) -> str:
        return UNWRITABLE.sub("", f"{settings.SITE_NAME}: {post.title}")

    def link(self, post: Post) -> str:
        return post.get_absolute_url()

    def feed_url(self, post: Post) -> str:
        return reverse("community:post_feed", args=[post.pk])

    def items(self, post: Post) -> list[Comment]:
        said = Comment.objects.filter(post=post, state=State.PUBLISHED).select_related("author__profile")
        return list(said.order_by("-id")[:NEWEST_TEXTS])
