"""Watching and muting."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import status
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Profile
from accounts.permissions import member
from common.api import PrivateView, answer_from, validated
from common.forms import PlaceForm
from common.openapi import Listed, described
from community.api import shapes
from community.api.following import WatchSerializer, watch_item
from community.models import Category, Post, Watch
from community.querysets.following import WATCHES_NEWEST_FIRST
from community.services import following


class WatchesView(PrivateView):
    """What one watches or mutes, the newest first."""

    area = "community"
    group = "Following"

    @described("List what you watch or mute", query=PlaceForm, gives=Listed(shapes.WatchListed))
    def get(self, request: Request) -> Response:
        own = Watch.objects.visible_to(member(request)).as_rows()
        return answer_from(request, own, order=WATCHES_NEWEST_FIRST, item=watch_item)


class WatchView(PrivateView):
    """`{"level": "watching"}` or `"muted"` of one thing, which a class below this one finds."""

    area = "community"
    group = "Following"
    # In the titles of the schema.
    thing: ClassVar[str]

    def find(self, request: Request, **where: Any) -> dict[str, Any]:
        """Raises Http404."""
        raise NotImplementedError

    @described("Watch or mute {thing}", takes=WatchSerializer, gives=shapes.Watching)
    def put(self, request: Request, **where: Any) -> Response:
        target = self.find(request, **where)
        fields = validated(WatchSerializer(data=request.data))
        watch = following.put_watch(user=member(request), **fields, **target)
        return Response({"level": watch.level})

    @described("Neither watch nor mute {thing}")
    def delete(self, request: Request, **where: Any) -> Response:
        following.remove_watch(user=member(request), **self.find(request, **where))
        return Response(status=status.HTTP_204_NO_CONTENT)


class PostWatchView(WatchView):
    thing = "a post"

    def find(self, request: Request, **where: Any) -> dict[str, Any]:
        return {"post": get_object_or_404(Post.objects.visible_to(member(request)), pk=where["pk"])}


class CategoryWatchView(WatchView):
    thing = "a category"

    def find(self, request: Request, **where: Any) -> dict[str, Any]:
        return {"category": get_object_or_404(Category.objects.visible_to(member(request)), slug=where["slug"])}


class TagWatchView(WatchView):
    thing = "a tag"

    def find(self, request: Request, **where: Any) -> dict[str, Any]:
        return {"tag": where["tag"]}


class PersonWatchView(WatchView):
    thing = "what somebody writes"

    def find(self, request: Request, **where: Any) -> dict[str, Any]:
        return {"person": get_object_or_404(Profile.objects.public(), user_id=where["user_id"]).user}
