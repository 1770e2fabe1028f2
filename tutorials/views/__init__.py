"""The pages: find, call one service, respond."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from django.core.exceptions import BadRequest, ValidationError
from django.shortcuts import get_object_or_404

from common.forms import in_words
from tutorials.models import Tutorial

if TYPE_CHECKING:
    from django.http import HttpRequest

    from accounts.models import User

# What no page of readers needs.
UNREAD = ("body", "text", "opening_text", "search", "open_search", "source")


@contextmanager
def faults_in_words() -> Iterator[None]:
    """For what no form of ours sends: a page that says what is wrong (400), where no form could say it."""
    try:
        yield
    except ValidationError as error:
        raise BadRequest(in_words(error)) from error


def member(request: HttpRequest) -> User:
    """Whoever asks: these pages are closed to visitors."""
    return cast("User", request.user)


def find(request: HttpRequest, slug: str) -> Tutorial:
    """A tutorial that whoever asks may know of. Raises Http404."""
    tutorials = Tutorial.objects.visible_to(request.user).select_related("topic", "author")
    return get_object_or_404(tutorials.defer(*UNREAD), slug=slug)
