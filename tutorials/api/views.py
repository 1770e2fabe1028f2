"""Tutorials for programs."""

from __future__ import annotations

from typing import Any

from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from accounts.permissions import Public
from common.paging import address_of
from tutorials.api.serializers import detail_of, list_item
from tutorials.forms import TutorialListForm
from tutorials.listing import list_tutorials
from tutorials.models import Tutorial


class TutorialViewSet(ViewSet):
    """Read tutorials; who may read the whole of one is said in its `may_read`."""

    permission_classes = [Public]
    area = "tutorials"
    lookup_field = "slug"
    lookup_value_regex = "[-a-zA-Z0-9_]+"

    def list(self, request: Request) -> Response:
        page = list_tutorials(TutorialListForm(request.query_params))
        path = request.build_absolute_uri(request.path)
        return Response(
            {
                "next": address_of(path, request.query_params, page.next),
                "previous": address_of(path, request.query_params, page.previous),
                "results": [list_item(row) for row in page.rows],
            }
        )

    def retrieve(self, request: Request, slug: str) -> Response:
        rows: Any = Tutorial.objects.visible_to(request.user).select_related("topic", "author").defer("body", "search")
        tutorial = get_object_or_404(rows, slug=slug)
        return Response(detail_of(tutorial, tutorial.access_for(request.user)))
