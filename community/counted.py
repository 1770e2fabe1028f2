"""Pages that analytics counts by name: of posts, categories and tags that everybody may see."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser

from analytics.pages import ask_whether_there
from community.models import Category, Post, PostTag

NOBODY = AnonymousUser()


def is_post(pk: int) -> bool:
    return bool(Post.objects.visible_to(NOBODY).filter(pk=pk).exists())


def is_category(slug: str) -> bool:
    return bool(Category.objects.visible_to(NOBODY).filter(slug=slug).exists())


def is_tag(tag: str) -> bool:
    return bool(PostTag.objects.filter(tag=tag, post__in=Post.objects.visible_to(NOBODY)).exists())


ask_whether_there("community/posts/<int:pk>/", is_post)
ask_whether_there("community/c/<slug:slug>/", is_category)
ask_whether_there("community/tags/<slug:tag>/", is_tag)
