"""The pages: find, call one service, respond."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404

from community.models import Comment, Post
from community.querysets.posts import as_read_by

if TYPE_CHECKING:
    from django.http import HttpRequest

    from accounts.models import User


def member(request: HttpRequest) -> User:
    """Whoever asks: these pages are closed to visitors."""
    return cast("User", request.user)


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


def submitted(form: forms.Form, service: Callable[[], Any]) -> Any:
    """What the service makes of a valid form; None, with the faults in the form, where it refuses."""
    if not form.is_valid():
        return None
    try:
        return service()
    except ValidationError as error:
        put_faults(form, error)
        return None


def put_faults(form: forms.Form, error: ValidationError) -> None:
    """At their fields; those of fields that the form lacks above it."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, faults in error.error_dict.items():
        form.add_error(name if name in form.fields else None, faults)
