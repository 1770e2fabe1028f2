"""`/api/posts`: one's own and others'; likes of posts; what a post said before."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.urls import reverse
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import member
from common.api import PrivateView, validated
from common.openapi import OF_ONE_PERSON, Limit, described
from common.permissions import PublicToRead
from community.api import shapes
from community.api.serializers import NewPostSerializer, PostSerializer
from community.api.views import address_of_caller, find_category, find_post, find_to_like, shown_post
from community.models import Post
from community.services import likes, writing
from community.services.admission import EDITS
from community.services.likes import RATE
from tutorials.models import Tutorial

NO_SUCH_TUTORIAL = "There is no such tutorial."


class PostView(PrivateView):
    """One post; its comments have a list of their own."""

    permission_classes = (PublicToRead,)
    area = "community"

    @described("Read a post", gives=shapes.Post)
    def get(self, request: Request, pk: int) -> Response:
        return Response(shown_post(request, pk))

    @described("Edit a post", takes=PostSerializer, gives=shapes.Post, limits=(Limit(EDITS, OF_ONE_PERSON),))
    def patch(self, request: Request, pk: int) -> Response:
        """What it said is kept as a revision."""
        post = find_post(request, pk)
        changes = validated(PostSerializer(data=request.data, partial=True))
        if "category" in changes:
            changes["category"] = find_category(request, changes["category"])
        writing.edit_post(by=member(request), post=post, changes=changes)
        return Response(shown_post(request, pk))

    @described("Delete a post")
    def delete(self, request: Request, pk: int) -> Response:
        """Take it back: nobody reads it any more, and its thread stays."""
        writing.delete_text(by=member(request), text=find_post(request, pk))
        return Response(status=status.HTTP_204_NO_CONTENT)


def publish(request: Request) -> Response:
    """Begin a post, which `POST /api/posts` is for."""
    values = validated(NewPostSerializer(data=request.data))
    slug, block = values.pop("tutorial"), values.pop("block")
    values["category"] = find_category(request, values["category"])
    tutorial = Tutorial.objects.visible_to(request.user).filter(slug=slug).first() if slug else None
    if slug and tutorial is None:
        raise ValidationError({"tutorial": ValidationError(NO_SUCH_TUTORIAL, code="invalid_choice")})
    post = writing.publish_post(
        author=member(request), values=values, tutorial=tutorial, block=block, address=address_of_caller(request)
    )
    address = request.build_absolute_uri(reverse("api-post", args=[post.pk]))
    return Response(shown_post(request, post.pk), status=status.HTTP_201_CREATED, headers={"Location": address})


class LikeView(PrivateView):
    area = "community"

    @described("Like a post", gives=shapes.Liking, limits=(Limit(RATE, OF_ONE_PERSON),))
    def put(self, request: Request, pk: int) -> Response:
        liking = likes.like(user=member(request), text=find_to_like(request, Post, pk))
        return Response({"likes": liking.likes, "liked": liking.liked})

    @described("Take a like of a post back", gives=shapes.Liking)
    def delete(self, request: Request, pk: int) -> Response:
        liking = likes.unlike(user=member(request), text=find_to_like(request, Post, pk))
        return Response({"likes": liking.likes, "liked": liking.liked})
