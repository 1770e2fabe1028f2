"""`…/revisions`: what a text said before its edits, the latest first; for who may read what it says now."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import PrivateView, answer_from
from common.forms import PlaceForm
from common.openapi import Listed, described
from common.permissions import PublicToRead
from community.api import shapes
from community.api.representations import REVISION_COLUMNS, revision_item
from community.api.views import find_comment, find_post
from community.querysets.posts import may_read_words


class RevisionsView(PrivateView):
    permission_classes = (PublicToRead,)
    area = "community"

    def answer(self, request: Request, text: Any) -> Response:
        if not may_read_words(request.user, text):
            raise Http404
        return answer_from(request, text.revisions.values(*REVISION_COLUMNS), order=("-id",), item=revision_item)


class PostRevisionsView(RevisionsView):
    @described("List what a post said before", query=PlaceForm, gives=Listed(shapes.PostRevision))
    def get(self, request: Request, pk: int) -> Response:
        return self.answer(request, find_post(request, pk))


class CommentRevisionsView(RevisionsView):
    @described("List what a comment said before", query=PlaceForm, gives=Listed(shapes.CommentRevision))
    def get(self, request: Request, pk: int) -> Response:
        return self.answer(request, find_comment(request, pk))
