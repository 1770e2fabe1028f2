"""`/api/posts/similar`: whether something was asked before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.response import Response

from common.api import PrivateView, Row, answer
from common.paging import Page
from common.permissions import Public
from community.searching import similar

if TYPE_CHECKING:
    from rest_framework.request import Request


class SimilarView(PrivateView):
    """Some posts whose titles are like `title`, the likest first."""

    permission_classes = (Public,)
    area = "community"

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
