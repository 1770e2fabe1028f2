"""Feeds of posts and comments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_not_required
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_safe

from community.feeds import NewestComments, NewestPosts

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

A_WHILE = 5 * 60  # seconds


@login_not_required
@require_safe
@cache_control(public=True, max_age=A_WHILE)
@conditional_page
def posts(request: HttpRequest) -> HttpResponse:
    return NewestPosts()(request)


@login_not_required
@require_safe
@cache_control(public=True, max_age=A_WHILE)
@conditional_page
def category(request: HttpRequest, slug: str) -> HttpResponse:
    return NewestPosts()(request, category=slug)


@login_not_required
@require_safe
@cache_control(public=True, max_age=A_WHILE)
@conditional_page
def tag(request: HttpRequest, tag: str) -> HttpResponse:
    return NewestPosts()(request, tag=tag)


@login_not_required
@require_safe
@cache_control(public=True, max_age=A_WHILE)
@conditional_page
def comments(request: HttpRequest, pk: int) -> HttpResponse:
    return NewestComments()(request, pk=pk)
