"""The pages: find, call one service, respond."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import get_object_or_404

from tutorials.models import Tutorial

if TYPE_CHECKING:
    from django.http import HttpRequest


def find(request: HttpRequest, slug: str) -> Tutorial:
    """A tutorial that whoever asks may know of. Raises Http404."""
    return get_object_or_404(Tutorial.objects.visible_to(request.user).for_reading(), slug=slug)
