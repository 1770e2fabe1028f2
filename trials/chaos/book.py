"""What was promised and found so far, so that each scenario answers for its own share."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from trials.chaos.checks import Balance, balances
from trials.chaos.load import Load
from trials.chaos.outcomes import Outcome

# A site that is not back by then has not come back by itself.
BACK_WITHIN = 90.0  # seconds
# So many of each kind are promised before and after.
MORE = 25


@dataclass
class Book:
    load: Load
    before: dict[str, Balance] = field(default_factory=dict)
    # Nobody waits for what was promised before this moment: it may be lost for good.
    lost_before: float = 0.0

    def broken(
        self, name: str, breaks: Callable[[], object], *, mended: Callable[[], object] | None = None, remark: str = ""
    ) -> Outcome:
        """Break something under load, have it come back, and see what was promised meanwhile.

        Time counts from then on, or from the end of `mended`: what somebody has to do, such as making room on a disk.
        """
        load, outcome = self.load, Outcome(name, remark=remark)
        with load.running():
            if not load.more(MORE):
                outcome.faults.append("it did not work even before")
            broke_at = time.monotonic()
            breaks()
            mended_at = broke_at
            if mended is not None:
                mended()
                mended_at = time.monotonic()
            if not load.more(MORE, seconds=BACK_WITHIN, since=mended_at):
                outcome.faults.append(f"not all of it was back within {BACK_WITHIN:.0f} s")
            outcome.back = load.first_after(mended_at)
        outcome.refused = sum(len(ledger.refused_since(broke_at)) for ledger in load.ledgers)
        self.balance(outcome)
        return outcome

    def balance(self, outcome: Outcome) -> None:
        """Add what was promised, lost and doubled since the last time."""
        for now in balances(self.load, since=self.lost_before):
            then = self.before.get(now.kind, Balance(now.kind, 0, 0, 0, 0))
            outcome.promised += now.promised - then.promised
            outcome.lost += now.lost - then.lost
            outcome.doubled += now.doubled - then.doubled
            self.before[now.kind] = now
