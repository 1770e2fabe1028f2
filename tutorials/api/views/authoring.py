"""A tutorial's states (in review, published, archived), what reviewers said of it, and its earlier versions.

PUT makes a state and DELETE ends it, and both may be said again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from rest_framework import status
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.permissions import member
from common.api import PrivateView, answer_from, validated
from common.forms import PlaceForm
from common.openapi import Listed, described
from tutorials.api import shapes
from tutorials.api.representations import (
    REVIEW_NOTE_COLUMNS,
    VERSION_COLUMNS,
    review_note_item,
    review_note_row,
    version_detail,
    version_item,
)
from tutorials.api.serializers import PublicationSerializer, ReviewNoteSerializer
from tutorials.api.views import find_to_write, shown
from tutorials.models import Status, Tutorial, TutorialVersion
from tutorials.services import writing
from tutorials.views import find


class WritingView(PrivateView):
    area = "tutorials"
    group = "Writing tutorials"


class ReviewView(WritingView):
    @described("Ask for a review", gives=shapes.TutorialRead)
    def put(self, request: Request, slug: str) -> Response:
        """Ask for a review."""
        tutorial = find(request, slug)
        make(
            lambda: writing.ask_for_review(by=member(request), tutorial=tutorial),
            unless=lambda: Tutorial.objects.filter(pk=tutorial.pk, status=Status.IN_REVIEW),
        )
        return Response(shown(request, find(request, slug)))

    @described("Withdraw from review")
    def delete(self, request: Request, slug: str) -> Response:
        """Take it back."""
        writing.end_state(by=member(request), tutorial=find(request, slug), state=Status.IN_REVIEW)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ReviewNotesView(WritingView):
    @described("List what reviewers said", query=PlaceForm, gives=Listed(shapes.ReviewNote))
    def get(self, request: Request, slug: str) -> Response:
        """The oldest first."""
        rows = find_to_write(request, slug).review_notes.values(*REVIEW_NOTE_COLUMNS)
        return answer_from(request, rows, order=("at", "id"), item=review_note_item)

    @described("Say something of a draft", takes=ReviewNoteSerializer, gives={201: shapes.ReviewNote})
    def post(self, request: Request, slug: str) -> Response:
        """With `read_at`, the `updated_at` that you read, a text that has changed since is not approved."""
        tutorial = find_to_write(request, slug)
        fields = validated(ReviewNoteSerializer(data=request.data))
        note = writing.add_review_note(by=member(request), tutorial=tutorial, **fields)
        return Response(review_note_item(review_note_row(note)), status=status.HTTP_201_CREATED)


class PublicationView(WritingView):
    @described("Publish a tutorial", takes=PublicationSerializer, gives=shapes.TutorialRead)
    def put(self, request: Request, slug: str) -> Response:
        """Publish it, now or from a time on."""
        tutorial = find_to_write(request, slug)
        at = validated(PublicationSerializer(data=request.data))["at"]
        by = member(request)
        if at is None:
            make(
                lambda: writing.publish(by=by, tutorial=tutorial),
                unless=lambda: Tutorial.objects.published().filter(pk=tutorial.pk),
            )
        else:
            make(
                lambda: schedule(by, tutorial, at),
                unless=lambda: Tutorial.objects.filter(pk=tutorial.pk, status=Status.PUBLISHED, published_at=at),
            )
        return Response(shown(request, find(request, slug)))

    @described("Withdraw a tutorial")
    def delete(self, request: Request, slug: str) -> Response:
        """Back to draft."""
        writing.end_state(by=member(request), tutorial=find(request, slug), state=Status.PUBLISHED)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ArchiveView(WritingView):
    @described("Archive a tutorial", gives=shapes.TutorialRead)
    def put(self, request: Request, slug: str) -> Response:
        """Readers no longer see it."""
        tutorial = find(request, slug)
        make(
            lambda: writing.archive(by=member(request), tutorial=tutorial),
            unless=lambda: Tutorial.objects.filter(pk=tutorial.pk, status=Status.ARCHIVED),
        )
        return Response(shown(request, find(request, slug)))

    @described("Take a tutorial out of the archive")
    def delete(self, request: Request, slug: str) -> Response:
        """Back to draft."""
        writing.end_state(by=member(request), tutorial=find(request, slug), state=Status.ARCHIVED)
        return Response(status=status.HTTP_204_NO_CONTENT)


class VersionsView(WritingView):
    """What readers saw, the latest first."""

    @described("List versions", query=PlaceForm, gives=Listed(shapes.VersionListed))
    def get(self, request: Request, slug: str) -> Response:
        rows = find_to_write(request, slug).versions.values(*VERSION_COLUMNS)
        return answer_from(request, rows, order=("-number",), item=version_item)


class VersionView(WritingView):
    @described("Read a version", gives=shapes.Version)
    def get(self, request: Request, slug: str, number: int) -> Response:
        return Response(version_detail(find_version(request, slug, number)))


class RestorationView(WritingView):
    @described("Restore a version", gives=shapes.TutorialRead)
    def put(self, request: Request, slug: str, number: int) -> Response:
        """Write what this version said."""
        version = find_version(request, slug, number)
        return Response(shown(request, writing.restore_version(by=member(request), version=version)))


def make(step: Callable[[], object], *, unless: Callable[[], QuerySet[Tutorial]]) -> None:
    """Take a step; what the service refuses because the state is there already was said twice, and is no error."""
    try:
        step()
    except ValidationError:
        if not unless().exists():
            raise


def schedule(by: User, tutorial: Tutorial, at: datetime) -> None:
    """The service speaks of the date by the name that it has in a tutorial."""
    try:
        writing.schedule(by=by, tutorial=tutorial, at=at)
    except ValidationError as error:
        faults = error.update_error_dict({})
        raise ValidationError({"at" if name == "published_at" else name: faults[name] for name in faults}) from error


def find_version(request: Request, slug: str, number: int) -> TutorialVersion:
    """Raises Http404; PermissionDenied for readers."""
    versions = find_to_write(request, slug).versions.select_related("tutorial", "topic", "by")
    version: TutorialVersion = get_object_or_404(versions, number=number)
    return version
