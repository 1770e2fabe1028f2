"""Mail: rendered here, delivered by a worker.

A mail leaves after commit, so none tells of what was rolled back, and it takes whoever asked for
it no time: how long an answer takes says nothing about whether an address is known.
"""

from __future__ import annotations

import logging
from email.utils import make_msgid
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template import Context, Engine

from common.queueing import BrokerAwayError, enqueue
from common.request_id import request_id
from common.tasks import Letter, deliver_mail, deliver_now, message_id, seal

logger = logging.getLogger(__name__)


def send(template: str, *, to: str, context: dict[str, Any], headers: dict[str, str] | None = None) -> None:
    """Render `emails/<template>.subject.txt`, `.txt` and `.html`, and queue the mail.

    The templates also get `site_name` and `site_url`. Raises ValueError if an address or a
    header is not fit for a mail.
    """
    context = {"site_name": settings.SITE_NAME, "site_url": settings.SITE_URL} | context
    message = EmailMultiAlternatives(
        subject=render_part(f"emails/{template}.subject.txt", context, autoescape=False),
        body=render_part(f"emails/{template}.txt", context, autoescape=False),
        to=[to],
        headers=headers,
        alternatives=[(render_part(f"emails/{template}.html", context, autoescape=True), "text/html")],
    )
    queue(message, name=template)


def queue(message: EmailMultiAlternatives, *, name: str) -> None:
    """Have a ready message delivered once the transaction is committed, or at once without one.

    `name` stands in the log for the mail. Raises ValueError (BadHeaderError is one) if an address
    or a header is not fit for a mail, or if something is attached, which no mail of ours has yet.
    """
    if message.attachments:
        raise ValueError("A mail with attachments cannot be queued.")
    message.subject = " ".join(str(message.subject).split())
    message.extra_headers = standard_headers() | message.extra_headers
    # Here, where somebody can act on it, rather than in the worker.
    message.message()
    letter: Letter = {
        "subject": str(message.subject),
        "body": str(message.body),
        "from_email": message.from_email,
        "to": list(message.to),
        "cc": list(message.cc),
        "bcc": list(message.bcc),
        "reply_to": list(message.reply_to),
        "headers": {header: str(value) for header, value in message.extra_headers.items()},
        "alternatives": [[str(content), str(mimetype)] for content, mimetype in message.alternatives],
    }
    transaction.on_commit(lambda: hand_over(name, letter))


def hand_over(name: str, letter: Letter) -> None:
    """Give a mail to a worker; without a broker send it here, which is slower, but not lost."""
    try:
        enqueue(deliver_mail, name, seal(letter))
    except BrokerAwayError as error:
        logger.error("mail %s %s is sent without the queue: %s", name, message_id(letter), error)
        deliver_now(name, letter)


def render_part(name: str, context: dict[str, Any], *, autoescape: bool) -> str:
    """Text as it stands, HTML escaped, whatever the template says: by the kind of the part, not by habit."""
    return Engine.get_default().get_template(name).render(Context(context, autoescape=autoescape)).strip() + "\n"


def standard_headers() -> dict[str, str]:
    headers = {
        # Of our own making, so that the log can name it before the mail is sent, and each attempt has the same.
        "Message-ID": make_msgid(domain=urlsplit(settings.SITE_URL).hostname),
        # No out-of-office replies, please (RFC 3834).
        "Auto-Submitted": "auto-generated",
    }
    if (current := request_id.get()) != "-":
        headers["X-Request-ID"] = current
    return headers
