"""Which notifications go into which mail. A mail is first a row, made with what it tells in one transaction."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from email.utils import make_msgid
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from accounts.models import User
from common import queueing
from community import tasks
from community.cadences import cadences_of
from community.models import Cadence, Mailing, Notification

if TYPE_CHECKING:
    from datetime import datetime

logger = logging.getLogger(__name__)

# After a mail the next waits for so long, that what comes meanwhile goes into one.
BETWEEN_MAILS = timedelta(minutes=10)
# By then a worker has delivered a mail, or the queue has lost it.
LOST_AFTER = timedelta(minutes=5)
# Handed over, and no word since: longer than any conversation with a mail server takes.
SILENT_AFTER = timedelta(minutes=15)
MOST_PEOPLE = 5000
MOST_MAILINGS = 1000


@dataclass(frozen=True)
class Sent:
    """What one run did: mails made, mails given to a worker again, and mails whose fate nobody knows."""

    made: int
    resumed: int
    unclear: int


def send_due(now: datetime) -> Sent:
    """Make the mails that are due, give workers again what they lost, and close what nobody can know of."""
    waiting = Notification.objects.waiting_for_mail().filter(mail_at__lte=now)
    people = waiting.order_by().values_list("user", flat=True).distinct()[:MOST_PEOPLE]
    made = sum(make_mailing(person, now=now) is not None for person in list(people))
    return Sent(made=made, resumed=resume(now), unclear=close_unclear(now))


@transaction.atomic
def make_mailing(person: int, *, now: datetime) -> Mailing | None:
    """The mail that is due to somebody now, with all that goes into it; None: nothing does.

    Of several at once one makes it; the others find the person taken, or nothing left.
    """
    user = User.objects.select_for_update(no_key=True, skip_locked=True, of=("self",)).filter(pk=person).first()
    if user is None:
        return None
    own = Notification.objects.of(user).waiting_for_mail()
    if not (user.is_active and user.erase_after is None and user.is_confirmed):
        # Nobody gets mail who is gone, nor at an address that may be a stranger's.
        own.update(mail_at=None)
        return None
    due = due_now(user, now)
    if not due:
        return None
    readable = set(Notification.objects.visible_to(user).unread().filter(pk__in=due).values_list("pk", flat=True))
    own.filter(pk__in=due).update(mail_at=None)
    if not readable:
        return None
    mailing = Mailing.objects.create(
        user=user,
        message_id=make_msgid(domain=urlsplit(settings.SITE_URL).hostname),
        made_at=now,
        try_at=now + LOST_AFTER,
    )
    Notification.objects.filter(pk__in=readable).update(mailing=mailing)
    transaction.on_commit(lambda: enqueue(mailing.pk))
    return mailing


def due_now(user: User, now: datetime) -> list[int]:
    """What goes into a mail now: digests when it is time, what is to go at once as soon as no mail went lately.

    Whenever a mail goes, it takes along all that is to go at once.
    """
    at_once = [kind for kind, cadence in cadences_of(user.pk).items() if cadence == Cadence.AT_ONCE]
    waiting = Notification.objects.of(user).waiting_for_mail()
    due = waiting.filter(mail_at__lte=now)
    if not due.exclude(kind__in=at_once).exists():
        lately = Mailing.objects.filter(user=user, made_at__gt=now - BETWEEN_MAILS)
        if lately.exists() or not due.exists():
            return []
    return [*due.values_list("pk", flat=True), *waiting.filter(kind__in=at_once).values_list("pk", flat=True)]


def resume(now: datetime) -> int:
    """Give mails to a worker again whose time has come; returns how many."""
    found = list(Mailing.objects.forgotten(now).order_by("try_at").values_list("pk", flat=True)[:MOST_MAILINGS])
    for mailing in found:
        enqueue(mailing)
    return len(found)


def close_unclear(now: datetime) -> int:
    """Give up mails that were handed over by a worker who then died; returns how many.

    They may have arrived: sent again, some would come twice.
    """
    silent = Mailing.objects.open().filter(handed_over_at__lt=now - SILENT_AFTER)
    found = list(silent.values_list("pk", "message_id"))
    for _, message_id in found:
        logger.warning("mail notifications %s was handed over, and nobody knows what became of it", message_id)
    return Mailing.objects.open().filter(pk__in=[pk for pk, _ in found]).update(given_up_at=now)


def enqueue(mailing: int) -> None:
    queueing.offer(tasks.deliver_mailing, mailing, otherwise=f"the mail {mailing} of notifications waits for a worker")
