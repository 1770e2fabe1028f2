"""Asking for a file of everything that belongs to one."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import tasks
from accounts.models import DataExport
from accounts.models.history import Event
from accounts.services import history
from common import limits, queueing

if TYPE_CHECKING:
    import uuid

    from accounts.models import User
    from accounts.visits import Visit

logger = logging.getLogger(__name__)

EXPORTS_OF_ONE_PERSON = "5/d"
# By then a task is done, or its worker is dead and the queue has given it to another.
LOST_AFTER = timedelta(minutes=20)


@transaction.atomic
def ask(*, user: User, visit: Visit) -> DataExport:
    """Have everything that belongs to somebody collected; they get a mail when it is there.

    Raises ValidationError while another export of theirs is in the making, or Limited.
    """
    export = DataExport(user=user)
    export.file = export.archive_name
    export.full_clean()
    limits.spend("data export", str(user.pk), EXPORTS_OF_ONE_PERSON)
    try:
        with transaction.atomic():
            export.save(force_insert=True)
    except IntegrityError:
        # A second click was quicker after the check, which now finds it and says so in its words.
        export.validate_constraints()
        raise
    history.record(Event.EXPORT_ASKED, visit=visit, user=user)
    transaction.on_commit(lambda: enqueue(export.pk))
    return export


def enqueue(export_id: uuid.UUID) -> None:
    """Hand an export to a worker; without a broker it waits for `resume`."""
    try:
        queueing.enqueue(tasks.make_export, str(export_id))
    except queueing.BrokerAwayError as error:
        logger.error("the export %s is not queued yet: %s", export_id, error)


def resume() -> int:
    """Hand exports to a worker again that were asked for long ago and are not there; returns how many."""
    lost = DataExport.objects.filter(made_at__isnull=True, asked_at__lt=timezone.now() - LOST_AFTER)
    found = list(lost.order_by("asked_at").values_list("pk", flat=True))
    for export_id in found:
        enqueue(export_id)
    return len(found)
