"""The pages: find, call one service, respond."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, cast

from django.http import Http404
from django.utils import timezone

from common.prepared import Prepared
from tutorials.models import Tutorial
from tutorials.querysets.tutorials import may_edit_all

if TYPE_CHECKING:
    from django.http import HttpRequest
    from rest_framework.request import Request

    from accounts.models import User
    from tutorials.querysets import TutorialQuerySet

# What no page of readers needs.
UNREAD = ("body", "text", "opening_text", "search", "open_search", "source")


def member(request: HttpRequest) -> User:
    """Whoever asks: these pages are closed to visitors."""
    return cast("User", request.user)


def with_people(tutorials: TutorialQuerySet) -> TutorialQuerySet:
    return tutorials.select_related("topic", "author").defer(*UNREAD)


# By whether somebody is signed in: what `find` asks for all who edit nothing of others.
FOR_READERS: dict[bool, Prepared[Tutorial]] = {
    False: Prepared(
        lambda slug, at: with_people(Tutorial.objects.visible_to_reader(None, at)).filter(slug=slug),
        slug=str,
        at=datetime,
    ),
    True: Prepared(
        lambda slug, at, reader: with_people(Tutorial.objects.visible_to_reader(reader, at)).filter(slug=slug),
        slug=str,
        at=datetime,
        reader=int,
    ),
}


def find(request: HttpRequest | Request, slug: str) -> Tutorial:
    """A tutorial that whoever asks may know of, in one query. Raises Http404."""
    user = request.user
    if may_edit_all(user):
        tutorial = with_people(Tutorial.objects.all()).filter(slug=slug).first()
    else:
        tutorial = FOR_READERS[user.is_authenticated].first(slug=slug, at=timezone.now(), reader=user.pk)
    if tutorial is None:
        raise Http404
    return tutorial
