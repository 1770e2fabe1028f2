"""Tutorials for programs: find, call one service, respond."""

from __future__ import annotations

from rest_framework.request import Request

from accounts.permissions import member
from common.api import Row
from tutorials.api.representations import detail_of
from tutorials.models import Tutorial
from tutorials.services import writing
from tutorials.views import find


def find_to_write(request: Request, slug: str) -> Tutorial:
    """Raises Http404; PermissionDenied for who may read it only."""
    tutorial = find(request, slug)
    writing.require_may_write(member(request), tutorial)
    return tutorial


def shown(request: Request, tutorial: Tutorial) -> Row:
    """A tutorial as whoever asks may see it."""
    for_writer = writing.may_write(request.user, tutorial)
    return detail_of(tutorial, tutorial.access_for(request.user), for_writer=for_writer)
