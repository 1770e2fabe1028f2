"""`/api/posts`: the lists of posts, and where one begins a new one; `/api/categories`."""

from __future__ import annotations

from functools import partial

from django import forms
from django.core.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import PrivateView, Row, answer
from common.forms import PlaceForm, cleaned
from common.openapi import OF_ONE_NETWORK, Limit, Listed, described
from common.paging import Page
from common.permissions import Public, PublicToRead
from community.api import shapes
from community.api.representations import category_item, post_item
from community.api.serializers import NewPostSerializer
from community.api.views.posts import publish
from community.categories import categories_for
from community.forms.listing import ORDER_CHOICES, PostListForm
from community.forms.searching import BEST, LONGEST_QUESTION, SearchForm
from community.listing import list_posts
from community.searching import search
from community.services.admission import BY_NETWORK

FILTERS = ("category", "tag", "type", "tutorial", "author")
IN_THE_QUESTION = "In a search this stands in the words: q=answers+tag:prompting."


class PostParameters(PlaceForm):
    """What the list and the search take together, for the schema; each has a form of its own that reads them."""

    q = forms.CharField(
        max_length=LONGEST_QUESTION, help_text="A search, whose filters stand among the words; with `order` only."
    )
    order = forms.ChoiceField(
        choices=[*ORDER_CHOICES, (BEST, "Best match")],
        help_text="`latest` unless you say otherwise; of a search `best` or `newest`.",
    )
    category = forms.CharField(help_text="A slug.")
    tag = PostListForm.base_fields["tag"]
    type = PostListForm.base_fields["type"]
    tutorial = forms.CharField(max_length=200, help_text="A slug; ordered by `latest` only.")
    author = forms.CharField(
        max_length=30, help_text="The handle of somebody who lets you see what they do; ordered by `newest` only."
    )


def match_item(row: Row, request: Request) -> Row:
    """A post that was found: where its words stand (null: in the post itself), as safe HTML with <mark>."""
    return post_item(row, request) | {"comment": row["comment_id"], "marked_excerpt": row["marked_excerpt"]}


class PostsView(PrivateView):
    """Everybody reads what they may know of; members write."""

    permission_classes = (PublicToRead,)
    area = "community"

    @described("List or search posts", query=PostParameters, gives=Listed(shapes.PostListed))
    def get(self, request: Request) -> Response:
        """With `q` what is found, else a list. What you mute is left out of lists, unless you filter."""
        if request.query_params.get("q"):
            return self.search(request)
        found = list_posts(PostListForm(request.query_params, user=request.user))
        return answer(request, found.page, partial(post_item, request=request))

    def search(self, request: Request) -> Response:
        if misplaced := [name for name in FILTERS if request.query_params.get(name)]:
            raise ValidationError({name: ValidationError(IN_THE_QUESTION, code="not_here") for name in misplaced})
        asked = cleaned(SearchForm(request.query_params))
        page = search(
            asked["q"], user=request.user, order=asked["order"], cursor=asked["cursor"], size=asked["page_size"]
        )
        return answer(request, page, partial(match_item, request=request))

    @described(
        "Begin a post",
        takes=NewPostSerializer,
        gives={201: shapes.Post},
        gives_headers=("Location",),
        limits=(Limit(BY_NETWORK["post"], OF_ONE_NETWORK),),
    )
    def post(self, request: Request) -> Response:
        """How many posts one may begin an hour depends on one's trust level, too. A moderator may have to see it
        first: its `state` is then `held`."""
        return publish(request)


class CategoriesView(PrivateView):
    """Those that whoever asks may know of, in their order. They are few, and all on one page."""

    permission_classes = (Public,)
    area = "community"

    @described("List categories", gives=Listed(shapes.CategoryListed))
    def get(self, request: Request) -> Response:
        rows = [category_item(category) for category in categories_for(request.user)]
        return answer(request, Page(rows, None, None), dict)
