"""Tracks: the paths, and how far one is on each."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from tutorials import learning
from tutorials.models import Track
from tutorials.querysets import TrackQuerySet


def tracks_for(request: HttpRequest) -> TrackQuerySet:
    """Those that whoever asks may see; with their own progress, if they have signed in."""
    tracks = Track.objects.visible_to(request.user)
    return tracks.with_progress_of(request.user) if request.user.is_authenticated else tracks.with_totals()


@login_not_required
@require_safe
def track_list(request: HttpRequest) -> HttpResponse:
    return render(request, "tutorials/tracks.html", {"tracks": tracks_for(request)})


@login_not_required
@require_safe
def track_detail(request: HttpRequest, slug: str) -> HttpResponse:
    track = get_object_or_404(tracks_for(request), slug=slug)
    steps = learning.steps_with_state(track, request.user)
    todo = next((step for step in steps if not step.is_done), None)
    return render(request, "tutorials/track.html", {"track": track, "steps": steps, "todo": todo})
