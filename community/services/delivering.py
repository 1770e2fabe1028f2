"""Handing a mail about notifications to the mail server, once.

A mail server answers at the end of a mail; whoever dies before the answer cannot know what became of it. So that
moment is written down before it (`handed_over_at`): a mail without it is tried again, a mail with it is not.
"""

from __future__ import annotations

import logging
import smtplib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.core.mail import get_connection
from django.db import transaction
from django.utils import timezone

from common.tasks import describe, is_final
from community import emails
from community.models import Mailing, Notification
from community.notices import notice_of

if TYPE_CHECKING:
    from django.core.mail import EmailMultiAlternatives
    from django.core.mail.backends.base import BaseEmailBackend

logger = logging.getLogger(__name__)

FIRST_DELAY = timedelta(minutes=1)
LONGEST_DELAY = timedelta(hours=1)
GIVEN_UP_AFTER = timedelta(days=1)
# What the server answers where it has not taken a mail. Anything else may come after it has.
REFUSALS = (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused)


def deliver(pk: int, *, now: datetime | None = None) -> None:
    """Send a mail that is neither sent nor in anybody's hands; else do nothing."""
    now = now or timezone.now()
    connection = get_connection()
    try:
        message = take(pk, connection, now)
        if message is not None:
            hand_over(pk, message, connection, now)
    finally:
        connection.close()


@transaction.atomic
def take(pk: int, connection: BaseEmailBackend, now: datetime) -> EmailMultiAlternatives | None:
    """Write the mail and write down that it is handed over; None: there is nothing to send, or not now.

    With the connection open already, so that between the note and the mail there is next to no time. Whoever dies
    before the note is committed leaves the mail as it was.
    """
    mailing = Mailing.objects.to_deliver().select_for_update(skip_locked=True, of=("self",)).filter(pk=pk).first()
    if mailing is None:
        return None
    message = compose(mailing)
    if message is None:
        give_up(mailing, now)
        return None
    mailing.attempts += 1
    try:
        connection.open()
    except OSError as error:
        put_off(mailing, error, now)
        return None
    mailing.handed_over_at = now
    mailing.save(update_fields=["attempts", "handed_over_at"])
    return message


def hand_over(pk: int, message: EmailMultiAlternatives, connection: BaseEmailBackend, now: datetime) -> None:
    try:
        connection.send_messages([message])
    except REFUSALS as error:
        settle_refusal(pk, error, now)
    except OSError as error:
        # The connection broke before the answer: as if we had died.
        logger.warning("mail notifications %s: no answer from the mail server: %s", pk, describe(error))
    else:
        Mailing.objects.filter(pk=pk).update(sent_at=timezone.now())


def compose(mailing: Mailing) -> EmailMultiAlternatives | None:
    """The mail as it is now: without what was read meanwhile, or may no longer be read. None: nothing is left."""
    user = mailing.user
    if not user.is_active or user.erase_after is not None:
        return None
    own = Notification.objects.visible_to(user).unread().filter(mailing=mailing)
    notices = [notice_of(row) for row in own.as_rows().order_by("at", "id")]
    return emails.about_notifications(mailing, notices) if notices else None


@transaction.atomic
def settle_refusal(pk: int, error: OSError, now: datetime) -> None:
    mailing = Mailing.objects.select_for_update(of=("self",)).get(pk=pk)
    mailing.handed_over_at = None
    if is_final(error):
        logger.error("mail notifications %s is given up: %s", mailing.message_id, describe(error))
        give_up(mailing, now)
    else:
        put_off(mailing, error, now)


def put_off(mailing: Mailing, error: OSError, now: datetime) -> None:
    """Try again later: after a minute, two, four, up to an hour, for a day."""
    if now - mailing.made_at > GIVEN_UP_AFTER:
        logger.error("mail notifications %s is given up: %s", mailing.message_id, describe(error))
        give_up(mailing, now)
        return
    delay = min(FIRST_DELAY * 2 ** min(mailing.attempts - 1, 10), LONGEST_DELAY)
    logger.warning(
        "mail notifications %s not sent yet (attempt %d): %s", mailing.message_id, mailing.attempts, describe(error)
    )
    mailing.try_at = now + delay
    mailing.save(update_fields=["attempts", "handed_over_at", "try_at"])


def give_up(mailing: Mailing, now: datetime) -> None:
    mailing.given_up_at = now
    mailing.save(update_fields=["attempts", "handed_over_at", "given_up_at"])
