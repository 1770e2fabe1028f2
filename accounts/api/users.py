"""`/api/users…`: oneself, one's devices and history, and other people."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, cast

from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from rest_framework import status
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.auth import me, validated
from accounts.api.cookies import take_tokens
from accounts.api.serializers import (
    ChangesSerializer,
    EraseSerializer,
    history_entry,
    listed_person,
    public_profile,
    session_item,
)
from accounts.forms import PeopleListForm
from accounts.listing import list_history, list_people, list_sessions
from accounts.models import Profile, Session, User
from accounts.models.sessions import Door, EndReason
from accounts.permissions import Public, Staff
from accounts.services import erasure, profiles, sessions
from accounts.visits import Visit
from common.forms import PlaceForm
from common.paging import Page, address_of


def visit_of(request: Request) -> Visit:
    return Visit.of(request._request, Door.API)


def answer(request: Request, page: Page, item: Callable[[dict[str, Any]], dict[str, Any]]) -> Response:
    """One page of a list, each row as `item` makes it."""
    path = request.build_absolute_uri(request.path)
    return Response(
        {
            "next": address_of(path, request.query_params, page.next),
            "previous": address_of(path, request.query_params, page.previous),
            "results": [item(row) for row in page.rows],
        }
    )


def member(request: Request) -> User:
    """Whoever asks: the permissions have refused everybody else."""
    return cast("User", request.user)


def device(request: Request) -> Session:
    """With what they ask: a view without an area takes no API keys, so it is a session."""
    return cast("Session", request.auth)


class MayViewPeople(Staff):
    """Staff with the right to see people."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return super().has_permission(request, view) and request.user.has_perm("accounts.view_user")


@method_decorator(never_cache, name="dispatch")
class PrivateView(APIView):
    """What it answers is for one person, and no cache keeps it."""


class MeView(PrivateView):
    """Oneself: read, change, erase."""

    @property
    def area(self) -> str | None:
        # A key may change a profile, but never end the account.
        return None if self.request.method == "DELETE" else "account"

    def get(self, request: Request) -> Response:
        return Response(me(request, member(request)))

    def patch(self, request: Request) -> Response:
        changes: Any = validated(ChangesSerializer(data=request.data))
        profile = profiles.change(user=member(request), changes=changes)
        return Response(me(request, profile.user))

    def delete(self, request: Request) -> Response:
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

    def get(self, request: Request, user_id: int) -> Response:
        people: Any = Profile.objects.public().with_roles()
        profile: Profile = get_object_or_404(people, pk=user_id)
        return Response(public_profile(profile, request))


class PeopleView(PrivateView):
    """Everybody, for staff."""

    permission_classes = (MayViewPeople,)
    area = "account"

    def get(self, request: Request) -> Response:
        return answer(request, list_people(PeopleListForm(request.query_params)), listed_person)


class SessionsView(PrivateView):
    """One's signed-in devices."""

    def get(self, request: Request) -> Response:
        page = list_sessions(member(request), PlaceForm(request.query_params))
        return answer(request, page, lambda row: session_item(row, here=device(request)))

    def delete(self, request: Request) -> Response:
        """Sign out everywhere else."""
        sessions.end_all(user=member(request), visit=visit_of(request), reason=EndReason.REVOKED, but=device(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class SessionView(PrivateView):
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

    def get(self, request: Request) -> Response:
        return answer(request, list_history(member(request), PlaceForm(request.query_params)), history_entry)
