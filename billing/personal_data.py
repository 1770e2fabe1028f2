"""What billing holds about people."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.personal_data import Holding, register
from billing.models import AccessGrant

COLUMNS = ("level", "starts_at", "ends_at", "reason", "created_at", "revoked_at")
SOMEBODY_ELSES = "it is about somebody else"


def forget_giver(grants: QuerySet[AccessGrant]) -> int:
    """What staff gave stays with whom they gave it to."""
    return grants.update(given_by=None)


def forget_revoker(grants: QuerySet[AccessGrant]) -> int:
    return grants.update(revoked_by=None)


register(
    Holding(
        AccessGrant,
        title="Access that was given to you",
        path="user",
        exported=COLUMNS,
        left_out=dict.fromkeys(("given_by", "revoked_by"), "it is somebody of the staff"),
    ),
    Holding(
        AccessGrant,
        title="Access that you gave to others",
        path="given_by",
        left_out=dict.fromkeys((*COLUMNS, "user", "revoked_by"), SOMEBODY_ELSES),
        anonymise=forget_giver,
    ),
    Holding(
        AccessGrant,
        title="Access of others that you revoked",
        path="revoked_by",
        left_out=dict.fromkeys((*COLUMNS, "user", "given_by"), SOMEBODY_ELSES),
        anonymise=forget_revoker,
    ),
)
