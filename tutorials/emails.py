"""Mails to people about tutorials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse

from common import mail
from common.addresses import absolute

if TYPE_CHECKING:
    from accounts.models import User
    from tutorials.models import Certificate, ReviewNote


def review_answered(*, note: ReviewNote, author: User) -> None:
    """To the author: somebody has read the text, and approves it or asks for changes."""
    url = absolute(reverse("admin:tutorials_tutorial_change", args=[note.tutorial_id]))
    mail.send("review_answered", to=author.email, context={"user": author, "note": note, "url": url})


def certificate_revoked(*, certificate: Certificate) -> None:
    """To its holder: they may have shown it to others, and its page tells these nothing of why."""
    send_of_certificate("certificate_revoked", certificate)


def certificate_restored(*, certificate: Certificate) -> None:
    """To its holder, who was told that it was revoked."""
    send_of_certificate("certificate_restored", certificate)


def send_of_certificate(template: str, certificate: Certificate) -> None:
    user, url = certificate.user, absolute(certificate.get_absolute_url())
    mail.send(template, to=user.email, context={"user": user, "certificate": certificate, "url": url})
