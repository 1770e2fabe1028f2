"""`/api/posts/{id}/comments` and `/api/comments/{id}`."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.urls import reverse
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import member
from common.api import PrivateView, answer, validated
from common.forms import PlaceForm, asked_place
from common.openapi import OF_ONE_NETWORK, OF_ONE_PERSON, Limit, Listed, described
from common.permissions import PublicToRead
from community.api import shapes
from community.api.representations import comment_item
from community.api.serializers import CommentSerializer, NewCommentSerializer
from community.api.views import address_of_caller, find_comment, find_post, find_to_like, shown_comment
from community.models import Comment
from community.querysets.posts import may_moderate
from community.querysets.threads import comments_of
from community.services import likes, writing
from community.services.admission import BY_NETWORK, EDITS
from community.services.likes import RATE

COMMENTS = (Limit(BY_NETWORK["comment"], OF_ONE_NETWORK),)


class CommentsView(PrivateView):
    """What was said to a post, in the order of the thread: the accepted answer with its replies first."""

    permission_classes = (PublicToRead,)
    area = "community"

    @described("List the comments of a post", query=PlaceForm, gives=Listed(shapes.Comment))
    def get(self, request: Request, pk: int) -> Response:
        moderates = may_moderate(request.user)
        place = asked_place(PlaceForm(request.query_params))
        page = comments_of(find_post(request, pk), request.user, moderates=moderates, **place)
        return answer(request, page, lambda row: comment_item(row, reader=request.user, moderates=moderates))

    @described(
        "Write a comment",
        takes=NewCommentSerializer,
        gives={201: shapes.Comment},
        gives_headers=("Location",),
        limits=COMMENTS,
    )
    def post(self, request: Request, pk: int) -> Response:
        """How many comments one may write an hour depends on one's trust level, too. A moderator may have to see it
        first: its `state` is then `held`."""
        post = find_post(request, pk)
        fields = validated(NewCommentSerializer(data=request.data))
        comment = writing.add_comment(
            author=member(request),
            post=post,
            body=fields["body"],
            parent=find_parent(request, fields["parent"]),
            address=address_of_caller(request),
        )
        address = request.build_absolute_uri(reverse("api-comment", args=[comment.pk]))
        shown = shown_comment(request, find_comment(request, comment.pk))
        return Response(shown, status=status.HTTP_201_CREATED, headers={"Location": address})


def find_parent(request: Request, pk: int | None) -> Comment | None:
    """The comment that is replied to. Raises ValidationError on `parent`."""
    if pk is None:
        return None
    parent = Comment.objects.visible_to(request.user).select_related("parent").filter(pk=pk).first()
    if parent is None:
        raise ValidationError({"parent": ValidationError(writing.NOT_READABLE, code="not_found")})
    return parent


class CommentView(PrivateView):
    permission_classes = (PublicToRead,)
    area = "community"

    @described("Read a comment", gives=shapes.Comment)
    def get(self, request: Request, pk: int) -> Response:
        return Response(shown_comment(request, find_comment(request, pk)))

    @described("Edit a comment", takes=CommentSerializer, gives=shapes.Comment, limits=(Limit(EDITS, OF_ONE_PERSON),))
    def patch(self, request: Request, pk: int) -> Response:
        comment = find_comment(request, pk)
        body = validated(CommentSerializer(data=request.data))["body"]
        writing.edit_comment(by=member(request), comment=comment, body=body)
        return Response(shown_comment(request, find_comment(request, pk)))

    @described("Delete a comment")
    def delete(self, request: Request, pk: int) -> Response:
        """Take it back; what was said to it stays."""
        writing.delete_text(by=member(request), text=find_comment(request, pk))
        return Response(status=status.HTTP_204_NO_CONTENT)


class LikeView(PrivateView):
    area = "community"

    @described("Like a comment", gives=shapes.Liking, limits=(Limit(RATE, OF_ONE_PERSON),))
    def put(self, request: Request, pk: int) -> Response:
        liking = likes.like(user=member(request), text=find_to_like(request, Comment, pk))
        return Response({"likes": liking.likes, "liked": liking.liked})

    @described("Take a like of a comment back", gives=shapes.Liking)
    def delete(self, request: Request, pk: int) -> Response:
        liking = likes.unlike(user=member(request), text=find_to_like(request, Comment, pk))
        return Response({"likes": liking.likes, "liked": liking.liked})
