"""The pages: find, call one service, respond."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts.permissions import member
from community.models import Comment, Post
from community.querysets.posts import as_read_by
from community.services import likes

if TYPE_CHECKING:
    from django.http import HttpRequest


def page_of(request: HttpRequest) -> str:
    """Tells the page that a form stood on from all others: Django masks its token anew each time that it is shown.

    In a field of its own: what is sent as the token may be another by then (static/js/token.js).
    """
    return request.POST.get("page", "")


def find_post(request: HttpRequest, pk: int) -> Post:
    """A post that whoever asks may open. Raises Http404."""
    posts = Post.objects.visible_to(request.user).select_related("category", "author")
    return as_read_by(request.user, get_object_or_404(posts, pk=pk))


def find_comment(request: HttpRequest, pk: int) -> Comment:
    """A comment that whoever asks may read. Raises Http404."""
    comments = Comment.objects.visible_to(request.user).select_related("post__category", "author", "parent")
    comment = get_object_or_404(comments, pk=pk)
    as_read_by(request.user, comment.post)
    return comment


def find_to_like(request: HttpRequest, kind: type[Post] | type[Comment], pk: int) -> Any:
    """As `likes.find`. Raises Http404."""
    text = likes.find(kind, pk, reader=member(request))
    if text is None:
        raise Http404
    return text
