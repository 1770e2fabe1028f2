"""Feeds of posts and comments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.decorators import public_for
from community.feeds import NewestComments, NewestPosts

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

A_WHILE = 5 * 60  # seconds


@public_for(A_WHILE)
def posts(request: HttpRequest) -> HttpResponse:
    return NewestPosts()(request)


@public_for(A_WHILE)
def category(request: HttpRequest, slug: str) -> HttpResponse:
    return NewestPosts()(request, category=slug)


@public_for(A_WHILE)
def tag(request: HttpRequest, tag: str) -> HttpResponse:
    return NewestPosts()(request, tag=tag)


@public_for(A_WHILE)
def comments(request: HttpRequest, pk: int) -> HttpResponse:
    return NewestComments()(request, pk=pk)
