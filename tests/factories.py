"""Small functions that make one valid thing each."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from itertools import count
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.utils.text import slugify

from accounts.models import User
from billing.access import forget_access
from billing.models import AccessGrant
from tutorials.models import Topic, Tutorial

TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
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


def make_user(*, role: str = "learner", confirmed: bool = True, **fields: Any) -> User:
    """A person with a role whose address is confirmed; staff have a second factor. Fields of the model go on top."""
    number = next(numbers)
    defaults = {"email": f"person-{number}@howtoai.example", "password": PASSWORD, "name": f"Person {number}"}
    values: dict[str, Any] = {"is_staff": role != "learner"} | defaults | fields
    user = User.objects.create_user(role=role, **values)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=confirmed)
    if user.is_staff:
        TOTP.activate(user, TOTP_SECRET)
    return user


def totp_code() -> str:
    """What the app of every second factor in tests shows now."""
    counter = int(time.time()) // 30
    return str(format_hotp_value(hotp_value(TOTP_SECRET, counter)))


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


def make_grant(user: User, **fields: Any) -> AccessGrant:
    """Premium without an end, from this moment."""
    grant = AccessGrant.objects.create(user=user, **{"reason": "A gift."} | fields)
    forget_access(user.pk)
    return grant
