"""The community for programs: find, call one service, respond."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from rest_framework.request import Request

from accounts.permissions import member
from billing.access import levels_open_to
from common.api import Row
from common.client import client_address
from common.prepared import Prepared
from community.api.representations import comment_item, comment_row, post_detail
from community.categories import categories_for
from community.models import Category, Comment, Like, Post
from community.querysets.posts import NOBODY, as_read_by, may_moderate, may_read_words
from community.services import likes
from community.services.writing import NO_SUCH_CATEGORY
from tutorials.querysets import TEXTS_OF_TUTORIAL

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


def find_post(request: Request, pk: int) -> Any:
    """A post that whoever asks may open, with what they have left at it. Raises Http404."""
    reader = request.user
    post = prepared_posts(*rights_of(reader)).first(pk=pk, reader=reader.pk or NOBODY)
    if post is None:
        raise Http404
    return as_read_by(reader, post)


def find_comment(request: Request, pk: int) -> Comment:
    """A comment that whoever asks may read. Raises Http404."""
    comment = prepared_comments(*rights_of(request.user)).first(pk=pk, reader=request.user.pk)
    if comment is None:
        raise Http404
    return comment


def find_to_like(request: Request, kind: type[Post] | type[Comment], pk: int) -> Any:
    """As `likes.find`. Raises Http404."""
    text = likes.find(kind, pk, reader=member(request))
    if text is None:
        raise Http404
    return text


def rights_of(reader: User | AnonymousUser) -> tuple[frozenset[str], bool, bool]:
    """What a query for posts depends on beside who asks: levels open to them, may they moderate, are they signed in."""
    return levels_open_to(reader), may_moderate(reader), reader.is_authenticated


@cache
def prepared_posts(levels: frozenset[str], moderates: bool, is_member: bool) -> Prepared[Post]:
    """What `find_post` asks for everybody who has these rights."""

    def build(pk: int, reader: int) -> QuerySet[Post]:
        posts = Post.objects.visible_among(levels, moderates=moderates, reader=reader if is_member else None)
        posts = posts.with_marks_by(reader).select_related("category", "author__profile", "tutorial")
        return posts.defer(*TEXTS_OF_TUTORIAL, "tutorial__quiz").filter(pk=pk)

    return Prepared(build, pk=int, reader=int)


@cache
def prepared_comments(levels: frozenset[str], moderates: bool, is_member: bool) -> Prepared[Comment]:
    """What `find_comment` asks for everybody who has these rights."""

    def build(pk: int, reader: int | None = None) -> QuerySet[Comment]:
        comments = Comment.objects.visible_among(levels, moderates=moderates, reader=reader)
        return comments.select_related("post__category", "author__profile", "parent").filter(pk=pk)

    # Only what one may not read without it depends on who asks.
    of_reader = {"reader": int} if is_member and not moderates else {}
    return Prepared(build, pk=int, **of_reader)


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


def address_of_caller(request: Request) -> str | None:
    """As `client_address`, of a request at the API."""
    asked: HttpRequest = request._request
    return client_address(asked)
