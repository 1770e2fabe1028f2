"""`/api/posts/{id}/accepted-answer`."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import member
from common.api import PrivateView, validated
from common.openapi import described
from community.api import shapes
from community.api.serializers import AnswerSerializer
from community.api.views import find_post
from community.models import Comment
from community.services import answers


class AcceptedAnswerView(PrivateView):
    """Who asked the question accepts a comment of the first level, or a moderator does."""

    area = "community"

    @described("Accept an answer", takes=AnswerSerializer, gives=shapes.AcceptedAnswer)
    def put(self, request: Request, pk: int) -> Response:
        post = find_post(request, pk)
        named = validated(AnswerSerializer(data=request.data))["comment"]
        comment = Comment.objects.visible_to(request.user).select_related("author").filter(pk=named).first()
        if comment is None:
            raise ValidationError({"comment": ValidationError(answers.NOT_HERE, code="not_found")})
        answers.accept_answer(by=member(request), post=post, comment=comment)
        return Response({"comment": comment.pk})

    @described("Take the acceptance back", gives=shapes.AcceptedAnswer)
    def delete(self, request: Request, pk: int) -> Response:
        answers.take_back_acceptance(by=member(request), post=find_post(request, pk))
        return Response({"comment": None})
