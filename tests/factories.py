"""Small functions that make one valid thing each."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

from django.utils.text import slugify

from accounts.models import User
from tutorials.models import Topic, Tutorial

PASSWORD = "correct horse battery staple"
BODY = """\
The opening.

## First steps

The secret middle.

```python
print(1)
```

## Last words

The end.
"""
numbers = count(1)


def make_user(**fields: Any) -> User:
    number = next(numbers)
    defaults = {"email": f"person-{number}@howtoai.example", "password": PASSWORD, "name": f"Person {number}"}
    return User.objects.create_user(**defaults | fields)


def make_topic(name: str = "", **fields: Any) -> Topic:
    name = name or f"Topic {next(numbers)}"
    return Topic.objects.get_or_create(slug=slugify(name), defaults={"name": name, **fields})[0]


def make_tutorial(title: str = "", **fields: Any) -> Tutorial:
    """A published free tutorial with an opening, two sections and some code."""
    title = title or f"Tutorial {next(numbers)}"
    defaults = {
        "title": title,
        "slug": slugify(title),
        "summary": f"Why one should read {title}.",
        "body": BODY,
        "difficulty": "beginner",
        "access": "free",
        "status": "published",
        "published_at": datetime(2026, 9, 1, tzinfo=UTC),
    }
    if "topic" not in fields:
        fields["topic"] = make_topic("Foundations")
    return Tutorial.objects.create(**defaults | fields)
