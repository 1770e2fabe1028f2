"""`/api/posts`: the lists of posts, and where one begins a new one; `/api/categories`."""

from __future__ import annotations

from functools import partial

from django.core.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import PrivateView, Row, answer
from common.forms import cleaned
from common.paging import Page
from common.permissions import Public, PublicToRead
from community.api.representations import category_item, post_item
from community.api.views.posts import publish
from community.categories import categories_for
from community.forms.listing import PostListForm
from community.forms.searching import SearchForm
from community.listing import list_posts
from community.searching import search

FILTERS = ("category", "tag", "type", "tutorial", "author")
IN_THE_QUESTION = "In a search this stands in the words: q=answers+tag:prompting."


def match_item(row: Row, request: Request) -> Row:
    """A post that was found: where its words stand (null: in the post itself), as safe HTML with <mark>."""
    return post_item(row, request) | {"comment": row["comment_id"], "marked_excerpt": row["marked_excerpt"]}


class PostsView(PrivateView):
    """Everybody reads what they may know of; members write."""

    permission_classes = (PublicToRead,)
    area = "community"

    def get(self, request: Request) -> Response:
        """With `q` what is found, else a list."""
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

    def post(self, request: Request) -> Response:
        return publish(request)


class CategoriesView(PrivateView):
    """Those that whoever asks may know of, in their order. They are few, and all on one page."""

    permission_classes = (Public,)
    area = "community"

    def get(self, request: Request) -> Response:
        rows = [category_item(category) for category in categories_for(request.user)]
        return answer(request, Page(rows, None, None), dict)
