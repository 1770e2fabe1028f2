"""Tracks: the paths, and how far one is on each."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from tutorials import learning
from tutorials.models import Track


@login_not_required
@require_safe
def track_list(request: HttpRequest) -> HttpResponse:
    return render(request, "tutorials/tracks.html", {"tracks": Track.objects.shown_to(request.user)})


@login_not_required
@require_safe
def track_detail(request: HttpRequest, slug: str) -> HttpResponse:
    track = get_object_or_404(Track.objects.shown_to(request.user).with_certificate_of(request.user), slug=slug)
    steps = learning.steps_with_state(track, request.user)
    todo = next((step for step in steps if not step.is_done), None)
    return render(request, "tutorials/track.html", {"track": track, "steps": steps, "todo": todo})
