"""Signs of life of Celery's two processes, which turn in loops that are not ours (common.signs)."""

from __future__ import annotations

import logging
import threading
from typing import Any

from celery import bootsteps
from celery.signals import beat_init, worker_init
from redis import RedisError

from common import metrics, signs

logger = logging.getLogger(__name__)


class SignOfLife(bootsteps.StartStopStep):
    """Of a worker: by the timer of the loop that takes tasks, as long as that is connected."""

    requires = ("celery.worker.consumer.tasks:Tasks",)
    entry: Any = None

    def start(self, consumer: Any) -> None:
        signs.give_sign()
        self.entry = consumer.timer.call_repeatedly(signs.EVERY, signs.give_sign)

    def stop(self, consumer: Any) -> None:
        if self.entry is not None:
            self.entry.cancel()


@worker_init.connect
@beat_init.connect
def excuse_who_waits(**_: Any) -> None:
    threading.Thread(target=excuse_while_valkey_is_away, name="signs", daemon=True).start()


def excuse_while_valkey_is_away() -> None:
    """Both loops stand still then, and nobody is to end them for it."""
    never = threading.Event()
    while not never.wait(signs.EVERY):
        try:
            metrics.valkey().ping()
        except RedisError as error:
            logger.debug("a sign of life is given for a loop that waits for Valkey: %s", error)
            signs.give_sign()
