"""Mails to people about tutorials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse

from common import mail
from common.addresses import absolute

if TYPE_CHECKING:
    from accounts.models import User
    from tutorials.models import ReviewNote


def review_answered(*, note: ReviewNote, author: User) -> None:
    """To the author: somebody has read the text, and approves it or asks for changes."""
    url = absolute(reverse("admin:tutorials_tutorial_change", args=[note.tutorial_id]))
    mail.send("review_answered", to=author.email, context={"user": author, "note": note, "url": url})
