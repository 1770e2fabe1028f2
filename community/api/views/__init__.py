"""The community for programs: find, call one service, respond."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request

from common.api import Row
from common.client import client_address
from community.api.representations import comment_item, comment_row, post_detail
from community.categories import categories_for
from community.models import Category, Comment, Like, Post
from community.querysets.posts import as_read_by, may_moderate, may_read_words
from community.services.writing import NO_SUCH_CATEGORY
from tutorials.querysets import TEXTS_OF_TUTORIAL


def find_post(request: Request, pk: int) -> Any:
    """A post that whoever asks may open, with what they have left at it. Raises Http404."""
    posts = Post.objects.visible_to(request.user).with_marks_of(request.user)
    posts = posts.select_related("category", "author__profile", "tutorial").defer(*TEXTS_OF_TUTORIAL, "tutorial__quiz")
    return as_read_by(request.user, get_object_or_404(posts, pk=pk))


def find_comment(request: Request, pk: int) -> Comment:
    """A comment that whoever asks may read. Raises Http404."""
    comments = Comment.objects.visible_to(request.user)
    comment: Comment = get_object_or_404(comments.select_related("post__category", "author__profile", "parent"), pk=pk)
    return comment


def find_category(request: Request, slug: str) -> Category:
    """Raises ValidationError on `category`."""
    category = next((each for each in categories_for(request.user) if each.slug == slug), None)
    if category is None:
        raise ValidationError({"category": ValidationError(NO_SUCH_CATEGORY, code="invalid_choice")})
    return category


def shown_post(request: Request, pk: int) -> Row:
    """A post as whoever asks may see it now."""
    post = find_post(request, pk)
    return post_detail(post, reader=request.user, shows=may_read_words(request.user, post))


def shown_comment(request: Request, comment: Comment) -> Row:
    """A comment as whoever asks may see it now."""
    liked = request.user.is_authenticated and Like.objects.filter(user=request.user, comment=comment).exists()
    row = comment_row(comment, liked=liked)
    return comment_item(row, reader=request.user, moderates=may_moderate(request.user))


def address_of(request: Request) -> str | None:
    """The network that a request comes from."""
    asked: HttpRequest = request._request
    return client_address(asked)
