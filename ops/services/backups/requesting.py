"""What staff may ask for; the command line does it itself."""

from __future__ import annotations

from common.queueing import enqueue
from ops.models import BackupLog
from ops.tasks import prove_backup


def request_proof(log: BackupLog) -> None:
    """Have a worker begin to verify this backup. Raises BrokerAwayError."""
    enqueue(prove_backup, log.name)
