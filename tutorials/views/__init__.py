"""The pages: find, call one service, respond."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import get_object_or_404

from tutorials.models import Tutorial

if TYPE_CHECKING:
    from django.http import HttpRequest

# What no page of readers needs.
UNREAD = ("body", "text", "opening_text", "search", "open_search", "source")


def find(request: HttpRequest, slug: str) -> Tutorial:
    """A tutorial that whoever asks may know of. Raises Http404."""
    tutorials = Tutorial.objects.visible_to(request.user).select_related("topic", "author")
    return get_object_or_404(tutorials.defer(*UNREAD), slug=slug)
