"""What analytics is told of the community: titles of posts, and which pages belong to a category."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.db.models import F, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat

from analytics import subjects
from community.models import Category, Post

OF_POST = re.compile(r"/community/posts/(\d{1,18})/(?:[^/]+/)?")


def topics() -> Iterable[subjects.Topic]:
    return [subjects.Topic(slug, name) for slug, name in Category.objects.values_list("slug", "name")]


def page_titles(paths: Iterable[str]) -> dict[str, str]:
    """Of posts, also of what staff alone see of them: these figures are for staff."""
    posts = {path: int(found[1]) for path in paths if (found := OF_POST.fullmatch(path))}
    titles = dict(Post.objects.filter(pk__in=posts.values()).values_list("pk", "title"))
    return {path: titles[post] for path, post in posts.items() if post in titles}


def pages_of(category: str) -> QuerySet[Any, str]:
    """Of the category itself, and of its posts: without the title, which stands behind."""
    number = Cast("pk", TextField())
    posts = Post.objects.filter(category__slug=category).order_by()
    of_posts = posts.values_list(
        Concat(Value("/community/posts/"), number, Value("/"), output_field=TextField()), flat=True
    )
    own = Category.objects.filter(slug=category).order_by()
    of_category = own.values_list(
        Concat(Value("/community/c/"), F("slug"), Value("/"), output_field=TextField()), flat=True
    )
    return of_posts.union(of_category, all=True)


subjects.register(subjects.Source(subjects.PAGE, titles=page_titles, topics=topics, keys=pages_of))
