"""`/api/drafts`: what one has begun to write, by the place where it will stand."""

from __future__ import annotations

from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import member
from common.api import PrivateView, answer_from, validated
from common.forms import PlaceForm, cleaned
from common.openapi import Listed, described
from community.api import shapes
from community.api.representations import DRAFT_COLUMNS, draft_item, draft_row
from community.api.serializers import DraftSerializer
from community.categories import categories_for
from community.forms.composing import DraftForm
from community.models import Draft
from community.services import drafts


class DraftsView(PrivateView):
    area = "community"

    @described("List your drafts", query=PlaceForm, gives=Listed(shapes.DraftListed))
    def get(self, request: Request) -> Response:
        rows = Draft.objects.filter(user=member(request)).values(*DRAFT_COLUMNS)
        return answer_from(request, rows, order=("-saved_at", "-id"), item=draft_item)


class DraftView(PrivateView):
    area = "community"

    @described("Save a draft", takes=DraftSerializer, gives={200: shapes.DraftListed, 204: None})
    def put(self, request: Request, place: str) -> Response:
        """Keep it; one without words is thrown away, and answered by 204."""
        fields = validated(DraftSerializer(data=request.data))
        form = DraftForm({**fields, "place": place}, categories=categories_for(request.user))
        values = cleaned(form)
        draft = drafts.save_draft(user=member(request), place=values.pop("place"), values=values)
        if draft is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        return Response(draft_item(draft_row(draft)))

    @described("Throw a draft away")
    def delete(self, request: Request, place: str) -> Response:
        drafts.discard_draft(user=member(request), place=place)
        return Response(status=status.HTTP_204_NO_CONTENT)
