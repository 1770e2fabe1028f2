"""`/api/tracks`."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework import status
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import member
from common.api import PrivateView, Row, answer_from, validated
from common.forms import PlaceForm
from common.openapi import Listed, described
from tutorials.api.permissions import WritersWrite
from tutorials.api.representations import OWN_TRACK_COLUMNS, TRACK_COLUMNS, step_item, track_item, track_row
from tutorials.api.serializers import TrackSerializer
from tutorials.api.shapes import TrackListed, TrackRead
from tutorials.learning import steps_with_state
from tutorials.models import Track
from tutorials.services import tracks


class TracksView(PrivateView):
    permission_classes = (WritersWrite,)
    may_write, not_allowed = staticmethod(tracks.may_write), tracks.NOT_ALLOWED
    area = "tutorials"
    group = "Learning"

    @described("List tracks", query=PlaceForm, gives=Listed(TrackListed))
    def get(self, request: Request) -> Response:
        columns = (*TRACK_COLUMNS, *OWN_TRACK_COLUMNS) if request.user.is_authenticated else TRACK_COLUMNS
        rows = Track.objects.shown_to(request.user).values(*columns)
        return answer_from(request, rows, order=("position", "title", "id"), item=track_item)

    @described("Make a track", takes=TrackSerializer, gives={201: TrackRead}, gives_headers=("Location",))
    def post(self, request: Request) -> Response:
        fields = validated(TrackSerializer(data=request.data, context={"user": request.user}))
        steps = fields.pop("tutorials", None)
        track = tracks.write_track(by=member(request), track=None, values=fields, tutorials=steps)
        address = request.build_absolute_uri(reverse("api-track", args=[track.slug]))
        return Response(shown(request, track.slug), status=status.HTTP_201_CREATED, headers={"Location": address})


class TrackView(PrivateView):
    permission_classes = (WritersWrite,)
    may_write, not_allowed = staticmethod(tracks.may_write), tracks.NOT_ALLOWED
    area = "tutorials"
    group = "Learning"

    @described("Read a track", gives=TrackRead)
    def get(self, request: Request, slug: str) -> Response:
        return Response(shown(request, slug))

    @described("Change a track", takes=TrackSerializer, gives=TrackRead)
    def patch(self, request: Request, slug: str) -> Response:
        track = find(request, slug)
        fields = validated(TrackSerializer(data=request.data, partial=True, context={"user": request.user}))
        steps = fields.pop("tutorials", None)
        written = tracks.write_track(by=member(request), track=track, values=fields, tutorials=steps)
        return Response(shown(request, written.slug))

    @described("Delete a track")
    def delete(self, request: Request, slug: str) -> Response:
        tracks.delete_track(by=member(request), track=find(request, slug))
        return Response(status=status.HTTP_204_NO_CONTENT)


def find(request: Request, slug: str) -> Track:
    """Raises Http404."""
    visible: Any = Track.objects.visible_to(request.user)
    track: Track = get_object_or_404(visible, slug=slug)
    return track


def shown(request: Request, slug: str) -> Row:
    """A track with its steps; for those who may change it also what readers do not see. Raises Http404."""
    found: Any = Track.objects.shown_to(request.user)
    track: Track = get_object_or_404(found, slug=slug)
    own = request.user.is_authenticated
    steps = [step_item(step, own=own) for step in steps_with_state(track, request.user)]
    detail = track_item(track_row(track)) | {"quizzes_required": track.quizzes_required, "steps": steps}
    if not tracks.may_write(request.user, track):
        return detail
    slugs = list(track.steps.values_list("tutorial__slug", flat=True))
    return detail | {"is_published": track.is_published, "position": track.position, "tutorials": slugs}
