"""`/api/users…`: oneself, one's devices and history, and other people."""

from __future__ import annotations

import uuid
from typing import Any, cast

from rest_framework import status
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import limits
from accounts.api.auth import me
from accounts.api.cookies import take_tokens
from accounts.api.serializers import (
    ChangesSerializer,
    EraseSerializer,
    history_entry,
    listed_person,
    public_profile,
    session_item,
)
from accounts.api.shapes import DeviceSession, Erasure, HistoryEntry, Me, Person, PersonListed
from accounts.forms.listing import PeopleListForm
from accounts.listing import list_history, list_people, list_sessions
from accounts.models import Profile, Session
from accounts.models.sessions import Door, EndReason
from accounts.permissions import member
from accounts.services import erasure, profiles, sessions
from accounts.visits import Visit
from common.api import PrivateView, answer, validated
from common.forms import PlaceForm
from common.openapi import Limit, Listed, described
from common.permissions import Public, Staff


def visit_of(request: Request) -> Visit:
    return Visit.of(request._request, Door.API)


def device(request: Request) -> Session:
    """The session that asks: these views have no area, so they take no API keys."""
    return cast("Session", request.auth)


class MayViewPeople(Staff):
    """Staff with the right to see people."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return super().has_permission(request, view) and request.user.has_perm("accounts.view_user")


class MeView(PrivateView):
    """Oneself: read, change, erase."""

    @property
    def area(self) -> str | None:
        # A key may change a profile, but never end the account.
        return None if self.request.method == "DELETE" else "account"

    @described("Read yourself", gives=Me)
    def get(self, request: Request) -> Response:
        return Response(me(request, member(request)))

    @described("Change yourself", takes=ChangesSerializer, gives=Me)
    def patch(self, request: Request) -> Response:
        changes: Any = validated(ChangesSerializer(data=request.data))
        profile = profiles.change(user=member(request), changes=changes)
        return Response(me(request, profile.user))

    @described(
        "Ask for your erasure",
        takes=EraseSerializer,
        gives={202: Erasure},
        limits=(Limit(limits.BY_NETWORK["account"], "with a password from one network"),),
    )
    def delete(self, request: Request) -> Response:
        """Signs out everywhere, revokes all keys, and erases the account after 14 days."""
        fields = validated(EraseSerializer(data=request.data))
        erase_after = erasure.ask(
            user=member(request), visit=visit_of(request), proved_at=device(request).authenticated_at, **fields
        )
        response = Response({"erase_after": erase_after}, status=status.HTTP_202_ACCEPTED)
        take_tokens(response)
        return response


class PersonView(APIView):
    """Somebody as they show themselves to whoever asks."""

    permission_classes = (Public,)
    area = "account"

    @described("Read somebody's profile", gives=Person)
    def get(self, request: Request, user_id: int) -> Response:
        people: Any = Profile.objects.public().with_roles()
        profile: Profile = get_object_or_404(people, pk=user_id)
        return Response(public_profile(profile, request))


class PeopleView(PrivateView):
    """Everybody, for staff."""

    permission_classes = (MayViewPeople,)
    area = "account"

    @described("List people", query=PeopleListForm, gives=Listed(PersonListed))
    def get(self, request: Request) -> Response:
        return answer(request, list_people(PeopleListForm(request.query_params)), listed_person)


class SessionsView(PrivateView):
    """One's signed-in devices."""

    @described("List your signed-in devices", query=PlaceForm, gives=Listed(DeviceSession))
    def get(self, request: Request) -> Response:
        page = list_sessions(member(request), PlaceForm(request.query_params))
        return answer(request, page, lambda row: session_item(row, here=device(request)))

    @described("Sign out everywhere else")
    def delete(self, request: Request) -> Response:
        """Sign out everywhere else."""
        sessions.end_all(user=member(request), visit=visit_of(request), reason=EndReason.REVOKED, but=device(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class SessionView(PrivateView):
    @described("Sign one device out")
    def delete(self, request: Request, session_id: uuid.UUID) -> Response:
        own: Any = Session.objects.filter(user=member(request)).select_related("user")
        session: Session = get_object_or_404(own, pk=session_id)
        here = session == device(request)
        reason = EndReason.LOGGED_OUT if here else EndReason.REVOKED
        sessions.end(session=session, reason=reason, visit=visit_of(request))
        response = Response(status=status.HTTP_204_NO_CONTENT)
        if here:
            take_tokens(response)
        return response


class HistoryView(PrivateView):
    """What happened at one's doors."""

    @described("List what happened at your doors", query=PlaceForm, gives=Listed(HistoryEntry))
    def get(self, request: Request) -> Response:
        return answer(request, list_history(member(request), PlaceForm(request.query_params)), history_entry)
