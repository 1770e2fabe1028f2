"""Any moment can be restored, to the transaction: what was committed before it is there, and nothing else."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from django.db import connection

from accounts.models import User
from ops.gateways.backups import receiver, server
from ops.models import BackupKind, WriteAheadLog
from ops.services.backups.backing_up import back_up
from ops.services.backups.restoring import Wish, restore
from tests.factories import make_user

pytestmark = pytest.mark.usefixtures("slotless")


@pytest.fixture
def slotless(served: str) -> Iterator[None]:
    """A server that keeps a log for nobody, before and afterwards."""
    yield
    with server.connected(server.NEUTRAL) as conn:
        if receiver.slot(conn) is not None:
            receiver.drop_slot(conn)


@contextmanager
def receiving(environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """`receive_wal`, as it is run."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "receive_wal"],
        env=environment | {"BACKUP_WAL": "true", "BACKUP_WAL_SECONDS": "1"},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        _, words = process.communicate(timeout=60)
        assert process.returncode == 0, words
    finally:
        process.kill()
        process.communicate()


def now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
        return moment


def wait_until_stored(moment: datetime) -> None:
    while not WriteAheadLog.objects.filter(stored_until__gt=moment).exists():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.05)")


def emails_in(database: str) -> set[str]:
    with server.connected(database) as conn:
        return {email for (email,) in conn.execute("SELECT email FROM accounts_user").fetchall()}


def test_a_moment_between_two_rows_has_the_first_and_not_the_second(environment: dict[str, str], served: str) -> None:
    make_user(email="before@howtoai.example")
    with receiving(environment):
        wait_until_stored(now() - timedelta(days=1))
        back_up(BackupKind.PHYSICAL)
        moments = {}
        for number in range(30):
            make_user(email=f"mark-{number}@howtoai.example")
            moments[number] = now()
        wait_until_stored(moments[29])
        restored = restore(Wish(at=moments[11], into=f"{served}_then"))
    assert restored.recovery_point == moments[11].isoformat()
    marks = {f"mark-{number}@howtoai.example" for number in range(12)}
    assert emails_in(f"{served}_then") == {"before@howtoai.example", *marks}
    assert User.objects.count() == 31
