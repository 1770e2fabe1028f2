"""What somebody is told, and how often they want mail of it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from rest_framework import status
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import member
from common.api import PrivateView, answer_from, validated
from common.forms import PlaceForm
from common.openapi import Listed, described
from community.api import shapes
from community.api.following import CadencesSerializer, notification_item
from community.cadences import cadences_of
from community.models import Notification
from community.querysets.following import NOTIFICATIONS_NEWEST_FIRST
from community.services import preferences, reading

TRUTHS = {"": False, "false": False, "true": True}
NO_TRUTH = "Use true or false."


class NotificationParameters(PlaceForm):
    """For the schema; the view itself refuses what is neither true nor false."""

    unread = forms.BooleanField(help_text="Only what you have not read.")


class NotificationsView(PrivateView):
    """The newest first; with `unread=true` only what is not read."""

    area = "community"
    group = "Following"

    @described("List your notifications", query=NotificationParameters, gives=Listed(shapes.NotificationListed))
    def get(self, request: Request) -> Response:
        own = Notification.objects.visible_to(member(request))
        asked = request.query_params.get("unread", "")
        if asked not in TRUTHS:
            raise ValidationError({"unread": ValidationError(NO_TRUTH, code="invalid")})
        if TRUTHS[asked]:
            own = own.unread()
        return answer_from(request, own.as_rows(), order=NOTIFICATIONS_NEWEST_FIRST, item=notification_item)


class AllReadView(PrivateView):
    area = "community"
    group = "Following"

    @described("Mark all notifications as read")
    def put(self, request: Request) -> Response:
        reading.mark_all_read(user=member(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class ReadView(PrivateView):
    """Whether a notification is read: PUT makes it so, DELETE makes it unread again."""

    area = "community"
    group = "Following"

    @described("Mark a notification as read")
    def put(self, request: Request, pk: int) -> Response:
        reading.mark_read(user=member(request), notification=find(request, pk))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @described("Mark a notification as not read")
    def delete(self, request: Request, pk: int) -> Response:
        reading.mark_unread(user=member(request), notification=find(request, pk))
        return Response(status=status.HTTP_204_NO_CONTENT)


class SettingsView(PrivateView):
    """Kind → how often it is mailed."""

    area = "community"
    group = "Following"

    @described("Read how often you get mail", gives=shapes.Cadences)
    def get(self, request: Request) -> Response:
        return Response(cadences_of(member(request).pk))

    @described("Choose how often you get mail", takes=CadencesSerializer, gives=shapes.Cadences)
    def put(self, request: Request) -> Response:
        wanted: dict[str, Any] = validated(CadencesSerializer(data=request.data))
        return Response(preferences.set_cadences(user=member(request), cadences=wanted))


def find(request: Request, pk: int) -> Notification:
    """Raises Http404."""
    return get_object_or_404(Notification.objects.visible_to(member(request)), pk=pk)
