"""Celery's clock, for a machine whose own clock was ahead for a while."""

from __future__ import annotations

import math
import time
from typing import Any

from celery.beat import PersistentScheduler

from common.signs import give_sign

# Smaller steps back are those of a clock that is kept in time.
STEP = 60.0  # seconds


class Scheduler(PersistentScheduler):
    """Beat's own remembers when each entry ran last, and would wait until that time has come once more.

    So after a clock was a day ahead, nothing would run for a day. Whatever seems to have run in time to come, at the
    start and when the clock goes back, has run now.
    """

    seen = math.inf

    def tick(self, *args: Any, **options: Any) -> float:
        give_sign()
        now = time.time()
        if now < self.seen - STEP:
            self.forget_what_lies_ahead()
        self.seen = now
        seconds: float = super().tick(*args, **options)
        return seconds

    def forget_what_lies_ahead(self) -> None:
        for entry in self.schedule.values():
            now = entry.default_now()
            if entry.last_run_at is not None and entry.last_run_at > now:
                entry.last_run_at = now
        # Ordered by times that are none any more; it is made anew.
        self._heap = None
