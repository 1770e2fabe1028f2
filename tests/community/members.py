"""Members and what they write, made through the services."""

from __future__ import annotations

from itertools import count
from typing import Any

from django.utils.text import slugify

from accounts.models import User
from community.models import Category, Comment, Post
from community.services import writing
from tests.factories import make_user

numbers = count(1)


def make_category(name: str = "", **fields: Any) -> Category:
    """An open category; `access="premium"` makes it a space."""
    name = name or f"Category {next(numbers)}"
    return Category.objects.get_or_create(slug=slugify(name), defaults={"name": name, **fields})[0]


def make_post(title: str = "", *, author: User | None = None, **fields: Any) -> Post:
    """A published question in the category "Prompting", with a text of its own."""
    number = next(numbers)
    about = {name: fields.pop(name) for name in ("tutorial", "block", "address") if name in fields}
    values: dict[str, Any] = {
        "title": title or f"How does number {number} work?",
        "type": "question",
        "tags": [],
        "body": f"I tried number {number} and it did not answer.",
    } | fields
    if "category" not in values:
        values["category"] = make_category("Prompting")
    return writing.publish_post(author=author or make_user(), values=values, **about)


def make_comment(post: Post, *, author: User | None = None, body: str = "", parent: Comment | None = None) -> Comment:
    """A published comment with a text of its own."""
    body = body or f"Answer number {next(numbers)}: ask more precisely."
    return writing.add_comment(author=author or make_user(), post=post, body=body, parent=parent)
