"""Background work that belongs to no app: mail."""

from __future__ import annotations

import json
import logging
import smtplib
from typing import Any, TypedDict, cast

from celery import Task, shared_task
from cryptography.fernet import InvalidToken
from django.core.mail import EmailMultiAlternatives

from common.encryption import decrypt, encrypt
from common.metrics import MAILS
from common.queueing import HIDDEN

logger = logging.getLogger(__name__)

# Seconds; an hour and ten minutes in all. Each is shorter than the broker's visibility timeout,
# beyond which a waiting task would be handed out a second time.
RETRY_DELAYS = (10, 20, 40, 80, 160, 320, 600, 600, 600, 600, 600, 600)


class Letter(TypedDict):
    """What EmailMultiAlternatives is made of, fit for JSON; the headers include Message-ID."""

    subject: str
    body: str
    from_email: str
    to: list[str]
    cc: list[str]
    bcc: list[str]
    reply_to: list[str]
    headers: dict[str, str]
    # Each [content, type]: JSON has no tuples.
    alternatives: list[Any]


def seal(letter: Letter) -> str:
    """A letter as it waits in the queue: it may hold a link that opens an account to whoever reads it."""
    return encrypt("mail", json.dumps(letter))


def unseal(sealed: str) -> Letter:
    """Raises cryptography.fernet.InvalidToken if the key is gone with which it was sealed."""
    return cast("Letter", json.loads(decrypt("mail", sealed)))


@shared_task(bind=True, max_retries=len(RETRY_DELAYS))
def deliver_mail(self: Task, name: str, sealed: str) -> None:
    """Send a mail; for an hour again and again while the mail server is away or says "later".

    `name` is the template, for the log: the address and the text are nobody's business there.
    """
    try:
        letter = unseal(sealed)
    except InvalidToken:
        logger.error("mail %s is given up: SECRET_KEY has changed since, and SECRET_KEY_FALLBACKS lacks it", name)
        return
    try:
        EmailMultiAlternatives(**letter).send()
        MAILS.add("sent")
    except OSError as error:
        # smtplib's errors are OSErrors too.
        attempts = self.request.retries + 1
        if is_final(error) or attempts > len(RETRY_DELAYS):
            log_loss(name, letter, error)
            return
        MAILS.add("put off")
        logger.warning("mail %s %s not sent yet (attempt %d): %s", name, message_id(letter), attempts, describe(error))
        # Without the error, whose text Celery would log: servers quote the address.
        raise self.retry(countdown=RETRY_DELAYS[attempts - 1], **HIDDEN) from None


def deliver_now(name: str, letter: Letter) -> None:
    """Send a mail that no worker can be asked to send: one attempt, at most some seconds."""
    try:
        EmailMultiAlternatives(**letter).send()
        MAILS.add("sent")
    except OSError as error:
        log_loss(name, letter, error)


def is_final(error: OSError) -> bool:
    """Whether the server refused this very mail for good (5xx), so that asking again is no use.

    A refused login is about us, not about the mail, and somebody may mend it within the hour.
    """
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPSenderRefused | smtplib.SMTPDataError) and error.smtp_code >= 500


def describe(error: OSError) -> str:
    """The kind of error and its number; never its words, in which servers quote the address."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        numbers = sorted({code for code, _ in error.recipients.values()})
        return f"{type(error).__name__} {', '.join(map(str, numbers))}"
    number = error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else error.errno
    return type(error).__name__ + (f" {number}" if number else "")


def log_loss(name: str, letter: Letter, error: OSError) -> None:
    MAILS.add("given up")
    logger.error("mail %s %s is given up: %s", name, message_id(letter), describe(error))


def message_id(letter: Letter) -> str:
    return letter["headers"]["Message-ID"]
