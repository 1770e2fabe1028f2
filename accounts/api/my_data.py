"""`/api/users/me/export`: a copy of everything that belongs to oneself."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.shapes import ExportAsked
from accounts.models.sessions import Door
from accounts.services import exports
from accounts.visits import Visit
from common.openapi import OF_ONE_PERSON, Limit, described

if TYPE_CHECKING:
    from accounts.models import User


@method_decorator(never_cache, name="dispatch")
class ExportView(APIView):
    """Has no area, so it takes no API keys: what it makes is everything that somebody has."""

    @described(
        "Ask for a copy of your data",
        gives={202: ExportAsked},
        limits=(Limit(exports.EXPORTS_OF_ONE_PERSON, OF_ONE_PERSON),),
    )
    def post(self, request: Request) -> Response:
        """Have it collected; a link is mailed to a page that needs signing in."""
        export = exports.ask(user=cast("User", request.user), visit=Visit.of(request._request, Door.API))
        return Response({"id": export.pk, "asked_at": export.asked_at}, status=status.HTTP_202_ACCEPTED)
