"""The images of tutorials, and the cards that are shown beside links to pages."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.templatetags.static import static
from django.utils.formats import date_format
from django.views.decorators.http import require_safe

from common import cards
from common.decorators import public_for
from common.files import open_or_404
from common.kept import kept
from tutorials.models import Certificate, Track, Tutorial
from tutorials.views import find

KEPT_BY_BROWSERS = f"private, max-age={24 * 60 * 60}, immutable"
# Seconds: how long others may keep a card, and we, for whom it costs some milliseconds to draw.
A_WHILE, KEPT = 15 * 60, 60


@login_not_required
@require_safe
def image(request: HttpRequest, slug: str, name: str) -> FileResponse:
    """An image of a tutorial; of a closed one only what its opening shows."""
    tutorial = find(request, slug)
    is_open = tutorial.access_for(request.user).allowed or name in tutorial.open_images()
    if not is_open or "\0" in name:
        raise Http404
    picture = get_object_or_404(tutorial.images, name=name)
    response = FileResponse(open_or_404(picture.file), content_type=f"image/{picture.kind}")
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = KEPT_BY_BROWSERS if request.GET.get("v") else "private, no-cache"
    return response


@public_for(A_WHILE)
def tutorial_card(request: HttpRequest, slug: str) -> HttpResponse:
    light = ("title", "difficulty", "minutes", "topic__name")
    tutorial = get_object_or_404(Tutorial.objects.published().select_related("topic").only(*light), slug=slug)
    below = f"{tutorial.get_difficulty_display()}, {tutorial.minutes} min read"
    return card(tutorial.title, above=tutorial.topic.name, below=below)


@public_for(A_WHILE)
def track_card(request: HttpRequest, slug: str) -> HttpResponse:
    track: Any = get_object_or_404(Track.objects.published().with_totals(), slug=slug)
    tutorials = "1 tutorial" if track.step_count == 1 else f"{track.step_count} tutorials"
    return card(track.title, above="Track", below=f"{tutorials}, {track.minutes} min")


@public_for(A_WHILE)
def certificate_card(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Without its holder's name, which stands on the page."""
    found = get_object_or_404(Certificate.objects.public().standing(), pk=pk)
    return card(found.title, above="Certificate", below=f"Finished on {date_format(found.finished_on, 'j F Y')}")


def card(title: str, *, above: str, below: str) -> HttpResponse:
    if not cards.can_write(title + above):
        return redirect(static("img/card.png"))
    drawn = kept(lambda: cards.draw(title, above=above, below=below), "card", title, above, below, seconds=KEPT)
    return HttpResponse(drawn, content_type="image/png")
