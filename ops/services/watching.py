"""Alarms: each problem is told once when it begins, and once when it is over."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.utils import timezone
from redis import RedisError

from common.addresses import absolute
from common.database import only_one
from common.mail import standard_headers
from common.queueing import BrokerAwayError, enqueue
from common.scrubbing import scrub_text
from common.tasks import describe
from ops import maintenance, schedule, state
from ops.gateways.backups.errors import BusyError
from ops.models import Alarm, Problem, ScheduledRun
from ops.problems import DEEP_QUEUE, is_unknown, problems
from ops.schedule import Entry
from ops.services.backups import standing
from ops.services.backups.swapping import put_right_if_need_be
from ops.tasks import run_command

logger = logging.getLogger(__name__)

LOCK = "check_system"
# After its time, before a command of which there is no run is queued again.
MISSED_AFTER = timedelta(minutes=2)
KEPT = timedelta(days=90)


def check(*, caught_up: Sequence[str] = ()) -> list[Problem] | None:
    """Look what is wrong, and tell of what has begun or ended; None if another is about to do so.

    A mail that cannot be sent is tried again at the next check. Those of the worker, of a web server and of an
    operator may come together, so only one at a time looks.
    """
    with connection.cursor() as cursor, only_one(cursor, LOCK) as is_ours:
        if not is_ours:
            return None
        with transaction.atomic():
            # Before one looks: check_backups may note one meanwhile, which is then among the problems.
            known = list(Alarm.objects.lasting())
            found = problems(caught_up=caught_up)
            note(found, known, caught_up)
            Alarm.objects.filter(ended_at__lt=timezone.now() - KEPT).delete()
        # Outside it: a mail server may take longer than a transaction may be idle, and its mail cannot be rolled back.
        tell()
    return found


def note(found: Sequence[Problem], known: Sequence[Alarm], caught_up: Sequence[str]) -> None:
    known_keys = {alarm.key for alarm in known}
    for problem in found:
        if problem.key not in known_keys:
            begin(problem)
    present = {problem.key for problem in found}
    for alarm in known:
        if alarm.key not in present and not is_unknown(alarm.key, present, caught_up):
            end(alarm)


def begin(problem: Problem) -> None:
    """Of one that has begun already, the words are renewed. Without secrets: they are mailed."""
    words = {"text": scrub_text(f"{problem.text}\n{problem.remedy}")}
    _, is_new = Alarm.objects.update_or_create(
        key=problem.key, ended_at=None, defaults=words, create_defaults=words | {"begun_at": timezone.now()}
    )
    if is_new:
        logger.error("system: %s", problem)


def end(alarm: Alarm) -> None:
    alarm.ended_at = timezone.now()
    alarm.save(update_fields=["ended_at"])
    logger.warning("system: over: %s", alarm.headline)


def tell() -> None:
    """One mail about all that has begun, one about all that is over."""
    for untold, what, told in (
        (Alarm.objects.begin_untold(), "begun", {"told_begin": True}),
        (Alarm.objects.end_untold(), "over", {"told_end": True}),
    ):
        alarms = list(untold)
        if mail(alarms, what):
            # Not one that was noted meanwhile.
            Alarm.objects.filter(pk__in=[alarm.pk for alarm in alarms]).update(**told)


def mail(alarms: Sequence[Alarm], what: str) -> bool:
    """Whether it has left. By itself, since the queue may be what is amiss."""
    if not alarms or not settings.ADMINS:
        return False
    more = f" (and {len(alarms) - 1} more)" if len(alarms) > 1 else ""
    message = EmailMessage(
        subject=f"[{settings.SITE_NAME}] {'Over: ' if what == 'over' else ''}{alarms[0].headline}{more}",
        body="\n\n".join(paragraph(alarm) for alarm in alarms) + f"\n\n{absolute('/admin/ops/system/')}\n",
        from_email=settings.SERVER_EMAIL,
        to=[address for _, address in settings.ADMINS],
        headers=standard_headers(),
    )
    try:
        message.send()
    except OSError as error:
        logger.error("a mail about %d problems (%s) could not be sent: %s", len(alarms), what, describe(error))
        return False
    return True


def paragraph(alarm: Alarm) -> str:
    begun = f"Since {alarm.begun_at:%Y-%m-%d %H:%M} UTC"
    if alarm.ended_at is None:
        return f"{alarm.text}\n{begun}."
    return f"{alarm.headline}\n{begun}, over at {alarm.ended_at:%H:%M} UTC."


def check_backups() -> list[Problem]:
    """All that is wrong with the backups, also in their storage, which nothing else looks into.

    What is found there is noted here, and told of by the next check. What a killed restore left is put right.
    """
    # One is at work: then there is nothing to put right.
    with suppress(BusyError):
        put_right_if_need_be()
    in_storage = standing.of_the_storage()
    for problem in in_storage:
        begin(problem)
    if not in_storage:
        for alarm in Alarm.objects.lasting().filter(key=standing.STORAGE):
            end(alarm)
    return [*standing.problems(), *in_storage]


def catch_up() -> list[str]:
    """Queue again what has no run for its last time, as after maintenance; returns the commands.

    A command that has never run is new, and begins with its next time. However often it is queued, it runs once.
    """
    if maintenance.current() is not None:
        return []
    now = timezone.now()
    queued = []
    try:
        if state.queue().waiting > DEEP_QUEUE:
            return []
        for entry in missed(now - MISSED_AFTER):
            enqueue(run_command, entry.command, *entry.arguments)
            queued.append(entry.command)
    except (BrokerAwayError, RedisError) as error:
        logger.warning("what was missed is not caught up: %s", error)
    return queued


def missed(moment: datetime) -> list[Entry]:
    """What has run before, but not for the last of its times before this moment."""
    newest = dict(ScheduledRun.objects.last_of_each().values_list("command", "slot"))
    return [
        entry
        for name, entry in schedule.entries().items()
        if name in newest and newest[name] < entry.latest_slot(moment)
    ]
