"""Forgetting what is kept for a time only."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import DataExport, LoginHistory, Session
from common.database import delete_in_batches


@dataclass(frozen=True)
class Forgotten:
    entries: int
    sessions: int
    exports: int


def forget_old() -> Forgotten:
    """Forget the login history and sessions that are over after 180 days, and exports after a week."""
    now = timezone.now()
    before = now - LoginHistory.KEPT
    over = Q(ended_at__lt=before) | Q(expires_at__lt=before)
    return Forgotten(
        entries=delete_in_batches(LoginHistory.objects.filter(at__lt=before)),
        sessions=delete_in_batches(Session.objects.filter(over)),
        exports=delete_exports(DataExport.objects.filter(made_at__lt=now - DataExport.KEPT)),
    )


def delete_exports(exports: QuerySet[DataExport]) -> int:
    """The file first: if this is cut off in between, the row still says that there is something to do."""
    count = 0
    for export in exports:
        with transaction.atomic():
            export.file.delete(save=False)
            export.delete()
        count += 1
    return count
