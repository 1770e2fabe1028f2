"""What must be true afterwards, asked of the database itself: nothing promised is lost, nothing is there twice."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import psycopg

from trials.chaos.load import Ledger, Load
from trials.platform import Platform, wait_until

# The clock of the platform looks each minute what got lost on the way to a worker.
WITHIN = 150.0  # seconds
COMMENTS = r"SELECT substring(body from 'is (\S{36}),') FROM community_comment"
EVENTS = "SELECT id::text FROM analytics_useranalytics"
UNTOLD = "SELECT count(*) FROM community_comment WHERE announced_at IS NULL"
TOLD = r"""
SELECT substring(c.body from 'is (\S{36}),')
FROM community_notification n JOIN community_comment c ON c.id = n.comment_id
JOIN accounts_user u ON u.id = n.user_id WHERE u.email = 'asker@howtoai.example'
"""
TWICE_BY_THE_CLOCK = """
SELECT count(*) FROM (SELECT 1 FROM ops_scheduledrun GROUP BY command, slot HAVING count(*) > 1) twice
"""


@dataclass(frozen=True)
class Balance:
    """What became of the promises of one kind."""

    kind: str
    promised: int
    lost: int
    doubled: int
    # There without a promise: the answer did not reach whoever asked.
    unpromised: int


def rows(platform: Platform, statement: str) -> list[str]:
    with psycopg.connect(platform.environment["DATABASE_URL"], connect_timeout=5) as connection:
        return [str(value) for (value,) in connection.execute(statement.encode())]


def number(platform: Platform, statement: str) -> int:
    return int(rows(platform, statement)[0])


def balance_of(ledger: Ledger, there: list[str]) -> Balance:
    counts, promised = Counter(there), set(ledger.promised)
    ours = {name: count for name, count in counts.items() if name in ledger.sent}
    return Balance(
        ledger.kind,
        promised=len(promised),
        lost=len(promised - ours.keys()),
        doubled=sum(count - 1 for count in ours.values()),
        unpromised=len(ours.keys() - promised),
    )


def lost_of(ledger: Ledger, there: list[str]) -> list[float]:
    """When each was promised that is not there (monotonic seconds)."""
    found = set(there)
    return [promised_at for name, (_, promised_at) in ledger.promised.items() if name not in found]


def balances(load: Load, *, since: float = 0.0) -> list[Balance]:
    """Of comments and events, once all that waits has come in; what was promised before `since` may never."""
    platform = load.platform
    promised = {name for name, (_, promised_at) in load.events.promised.items() if promised_at >= since}
    wait_until(lambda: promised <= set(rows(platform, EVENTS)), WITHIN)
    return [
        balance_of(load.comments, rows(platform, COMMENTS)),
        balance_of(load.events, rows(platform, EVENTS)),
    ]


def told(load: Load) -> Balance:
    """Whether who asked is told of each comment, once, whoever was killed; of those without a promise too."""
    platform = load.platform
    wait_until(lambda: number(platform, UNTOLD) == 0, WITHIN)
    stored = [name for name in rows(platform, COMMENTS) if name in load.comments.sent]
    ledger = Ledger("notifications", sent=set(stored), promised=dict.fromkeys(stored, (0.0, 0.0)))
    return balance_of(ledger, rows(platform, TOLD))
