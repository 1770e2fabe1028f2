"""`/api/tutorials`: finding, reading and writing them; `/api/topics`."""

from __future__ import annotations

from functools import partial

from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.urls import reverse
from rest_framework import status
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.permissions import member
from common.api import PrivateView, answer, answer_from, validated
from common.forms import PlaceForm
from common.kept import generation, kept
from common.openapi import Listed, described
from common.permissions import Public, PublicToRead
from tutorials.api.conditions import PreconditionFailed, must_match, tagged
from tutorials.api.permissions import WritersWrite
from tutorials.api.representations import TOPIC_COLUMNS, list_item, topic_item
from tutorials.api.serializers import TutorialSerializer
from tutorials.api.shapes import TopicListed, TutorialListed, TutorialRead
from tutorials.api.views import find_to_write, shown
from tutorials.forms import TutorialListForm
from tutorials.listing import KEPT, is_shelf, list_tutorials
from tutorials.models import Topic
from tutorials.querysets import TUTORIALS
from tutorials.services import writing
from tutorials.views import find

JSON = "application/json"


class TutorialsView(PrivateView):
    """What is published, for everybody; and where authors begin new ones."""

    permission_classes = (WritersWrite,)
    may_write, not_allowed = staticmethod(writing.may_write), writing.NOT_ALLOWED
    area = "tutorials"

    @described("Find tutorials", query=TutorialListForm, gives=Listed(TutorialListed))
    def get(self, request: Request) -> Response | HttpResponse:
        """The newest first; with `q` the best match first. Words that find nothing are taken for those that you are
        likely to have meant, unless `exact` is true."""
        if is_shelf(request.query_params):
            here, asked = request.build_absolute_uri(request.path), sorted(request.query_params.items())
            facts = ("api-tutorials", generation(TUTORIALS), here, asked)
            return HttpResponse(kept(partial(first_page, request), *facts, seconds=KEPT), content_type=JSON)
        found = list_tutorials(TutorialListForm(request.query_params), request.user)
        return answer(request, found.page, list_item)

    @described("Begin a tutorial", takes=TutorialSerializer, gives={201: TutorialRead}, gives_headers=("Location",))
    def post(self, request: Request) -> Response:
        """A draft of yours; for authors and administrators."""
        values = validated(TutorialSerializer(data=request.data))
        tutorial = writing.create_tutorial(by=member(request), values=values)
        address = request.build_absolute_uri(reverse("api-tutorial", args=[tutorial.slug]))
        return Response(shown(request, tutorial), status=status.HTTP_201_CREATED, headers={"Location": address})


def first_page(request: Request) -> bytes:
    """The same for everybody; with addresses of the host that was asked."""
    found = list_tutorials(TutorialListForm(request.query_params), AnonymousUser())
    rendered: bytes = JSONRenderer().render(answer(request, found.page, list_item).data)
    return rendered


class TutorialView(PrivateView):
    """One of them; who may read the whole of it is said in its `may_read`."""

    permission_classes = (PublicToRead,)
    area = "tutorials"

    @described("Read a tutorial", headers=("If-None-Match",), gives=TutorialRead, gives_headers=("ETag",))
    def get(self, request: Request, slug: str) -> Response:
        return tagged(request, shown(request, find(request, slug)))

    @described(
        "Change a tutorial",
        takes=TutorialSerializer,
        headers=("If-Match",),
        gives=TutorialRead,
        gives_headers=("ETag",),
    )
    def patch(self, request: Request, slug: str) -> Response:
        """With If-Match only what nobody has changed since."""
        tutorial = find_to_write(request, slug)
        changes = validated(TutorialSerializer(data=request.data, partial=True))
        read_at = tutorial.updated_at if must_match(request, shown(request, tutorial)) else None
        try:
            changed = writing.change_tutorial(by=member(request), tutorial=tutorial, changes=changes, read_at=read_at)
        except writing.ChangedMeanwhile as error:
            raise PreconditionFailed from error
        return tagged(request, shown(request, changed))

    @described("Delete a tutorial")
    def delete(self, request: Request, slug: str) -> Response:
        """Only what was never published and is no step of a track."""
        writing.delete_tutorial(by=member(request), tutorial=find(request, slug))
        return Response(status=status.HTTP_204_NO_CONTENT)


class TopicsView(APIView):
    """The topics that have something to read."""

    permission_classes = (Public,)
    area = "tutorials"

    @described("List topics", query=PlaceForm, gives=Listed(TopicListed))
    def get(self, request: Request) -> Response:
        rows = Topic.objects.with_tutorials().values(*TOPIC_COLUMNS)
        return answer_from(request, rows, order=("position", "name", "id"), item=topic_item)
