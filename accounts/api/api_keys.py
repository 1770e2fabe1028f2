"""`/api/users/me/api-keys…`: a member's keys.

None of these views has an `area`: no key makes, shows or ends keys.
"""

from __future__ import annotations

from typing import cast

from rest_framework import status
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.serializers import MakeApiKeySerializer, RotateApiKeySerializer
from accounts.api.shapes import Key, KeyShownOnce
from accounts.api.users import device, visit_of
from accounts.listing import list_keys
from accounts.models import ApiKey, User
from accounts.services import api_keys
from accounts.services.api_keys import NewKey
from common.api import PrivateView, answer, validated
from common.forms import PlaceForm
from common.openapi import OF_ONE_PERSON, Limit, Listed, Refusal, described

PROVE_YOURSELF = Refusal(403, "reauthentication_required", "you signed in more than five minutes ago: sign in again")
MADE = (Limit(api_keys.MADE, OF_ONE_PERSON),)


class ApiKeysView(PrivateView):
    """All of one's keys, also those that are over; and where new ones are made."""

    @described("List your API keys", query=PlaceForm, gives=Listed(Key))
    def get(self, request: Request) -> Response:
        page = list_keys(cast("User", request.user), PlaceForm(request.query_params))
        return answer(request, page, lambda row: Key(row).data)

    @described(
        "Make an API key", takes=MakeApiKeySerializer, gives={201: KeyShownOnce}, refuses=(PROVE_YOURSELF,), limits=MADE
    )
    def post(self, request: Request) -> Response:
        fields = validated(MakeApiKeySerializer(data=request.data))
        new = api_keys.make(
            user=cast("User", request.user),
            **fields,
            proved_at=device(request).authenticated_at,
            visit=visit_of(request),
        )
        return show_once(new)


class ApiKeyView(PrivateView):
    @described("Read one of your API keys", gives=Key)
    def get(self, request: Request, key_id: int) -> Response:
        return Response(Key(find(request, key_id)).data)

    @described("Revoke an API key")
    def delete(self, request: Request, key_id: int) -> Response:
        """Revokes it; it stays in the list."""
        api_keys.revoke(key=find(request, key_id), visit=visit_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class RotateApiKeyView(PrivateView):
    """A new key with the same name, scopes and lifetime; the old one works on for a while."""

    @described(
        "Rotate an API key",
        takes=RotateApiKeySerializer,
        gives={201: KeyShownOnce},
        refuses=(PROVE_YOURSELF,),
        limits=MADE,
    )
    def post(self, request: Request, key_id: int) -> Response:
        key = find(request, key_id)
        fields = validated(RotateApiKeySerializer(data=request.data))
        proved_at = device(request).authenticated_at
        return show_once(api_keys.rotate(key=key, **fields, proved_at=proved_at, visit=visit_of(request)))


def find(request: Request, key_id: int) -> ApiKey:
    """Raises Http404 for what is not one's own."""
    return get_object_or_404(ApiKey.objects.select_related("user"), pk=key_id, user=request.user)


def show_once(new: NewKey) -> Response:
    return Response(Key(new.row).data | {"key": new.text}, status=status.HTTP_201_CREATED)
