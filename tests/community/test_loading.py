"""A made-up community for benchmarks is as one that was written."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from community.models import Category, Comment, Post, PostTag, SearchEntry
from community.services.counting import find_drift
from community.services.loading import INDEXES, TABLES, load_community
from tests.community.members import make_post
from tests.factories import make_tutorial

pytestmark = pytest.mark.django_db


def indexes() -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(INDEXES, [list(TABLES)])
        return sorted(cursor.fetchall())


def test_what_is_loaded_agrees_with_itself(visitor: Client) -> None:
    make_tutorial()
    before = indexes()
    load_community(posts=300, comments=1500)
    assert (Post.objects.count(), Comment.objects.count()) == (300, 1500)
    assert list(find_drift()) == []
    assert indexes() == before
    published = Post.objects.published()
    assert PostTag.objects.count() == sum(len(tags) for tags in published.values_list("tags", flat=True))
    assert SearchEntry.objects.count() == published.count() + 1500
    assert Category.objects.filter(access="premium").count() == 2
    assert 'class="row__title"' in visitor.get("/community/").content.decode()
    # The next one that is written gets a number of its own.
    assert make_post().pk == 301


def test_nothing_is_loaded_where_somebody_has_posted() -> None:
    make_post()
    with pytest.raises(CommandError, match="There are posts already"):
        call_command("load_community", "--posts=10", "--comments=10", "--yes")
    assert Post.objects.count() == 1


def test_production_is_not_filled_by_mistake() -> None:
    with pytest.raises(CommandError, match="add --yes"):
        call_command("load_community", "--posts=10", "--comments=10")
