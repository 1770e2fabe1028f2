"""Tutorials for programs: find, call one service, respond."""

from __future__ import annotations

from typing import Any

from rest_framework.generics import get_object_or_404
from rest_framework.request import Request

from accounts.permissions import member
from common.api import Row
from tutorials.api.representations import detail_of
from tutorials.models import Tutorial
from tutorials.services import writing


def find(request: Request, slug: str) -> Tutorial:
    """A tutorial that whoever asks may know of, in one query. Raises Http404."""
    tutorials: Any = Tutorial.objects.visible_to(request.user).for_reading()
    tutorial: Tutorial = get_object_or_404(tutorials, slug=slug)
    return tutorial


def find_to_write(request: Request, slug: str) -> Tutorial:
    """Raises Http404; PermissionDenied for who may read it only."""
    tutorial = find(request, slug)
    writing.require_may_write(member(request), tutorial)
    return tutorial


def shown(request: Request, tutorial: Tutorial) -> Row:
    """A tutorial as whoever asks may see it."""
    for_writer = writing.may_write(request.user, tutorial)
    return detail_of(tutorial, tutorial.access_for(request.user), for_writer=for_writer)
