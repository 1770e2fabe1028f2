"""`/api/posts/similar`: whether something was asked before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from rest_framework.response import Response

from common.api import PrivateView, Row, answer
from common.openapi import Listed, described
from common.paging import Page
from common.permissions import Public
from community.api import shapes
from community.searching import similar

if TYPE_CHECKING:
    from rest_framework.request import Request


class SimilarParameters(forms.Form):
    """For the schema: any text will do."""

    title = forms.CharField(help_text="None are found for fewer than 8 characters.")


class SimilarView(PrivateView):
    """Some posts whose titles are like `title`, the likest first."""

    permission_classes = (Public,)
    area = "community"

    @described("Find posts with a title like this", query=SimilarParameters, gives=Listed(shapes.SimilarPost))
    def get(self, request: Request) -> Response:
        rows = similar(request.query_params.get("title", ""), user=request.user)
        return answer(request, Page(rows, None, None), similar_item)


def similar_item(row: Row) -> Row:
    return {
        "id": row["id"],
        "title": row["title"],
        "category": row["category_slug"],
        "comments": row["comments_count"],
        "solved": row["solved"],
    }
