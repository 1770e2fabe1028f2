"""Giving work to a worker, without waiting long for a broker that is away."""

from __future__ import annotations

import logging
from functools import cache
from typing import Any

from celery import Task, current_app
from django.conf import settings
from kombu import Connection
from kombu.exceptions import LimitExceeded, OperationalError
from kombu.pools import producers
from redis import RedisError

logger = logging.getLogger(__name__)

BROKER_TIMEOUT = 1  # seconds to wait for the broker before the work has to wait, or is done without it
# In headers, logs and events of tasks, in place of what they are given.
HIDDEN: dict[str, Any] = {"argsrepr": "…", "kwargsrepr": "…"}


class BrokerAwayError(Exception):
    """No worker can be asked just now."""


def enqueue(task: Task, *args: Any) -> None:
    """Queue a task; the arguments must be fit for JSON. Raises BrokerAwayError, soon."""
    try:
        with producers[broker(settings.CELERY_BROKER_URL)].acquire(block=True, timeout=BROKER_TIMEOUT) as producer:
            task.apply_async(args, producer=producer, retry=False, **HIDDEN)
    except (OperationalError, LimitExceeded, RedisError) as error:
        raise BrokerAwayError(str(error)) from error


def offer(task: Task, *args: Any, otherwise: str) -> None:
    """Queue what a command of the clock would do, too, only later: without a broker the log says `otherwise`."""
    try:
        enqueue(task, *args)
    except BrokerAwayError as error:
        logger.warning("%s: %s", otherwise, error)


@cache
def broker(url: str) -> Connection:
    """Celery's own connections wait for ever for a broker that fell silent, and for six seconds for one that is gone.

    What this returns opens nothing; kombu keeps a pool of open ones for all that are equal.
    """
    options = {"max_retries": 0, "socket_connect_timeout": BROKER_TIMEOUT, "socket_timeout": BROKER_TIMEOUT}
    return current_app.connection_for_write(url, transport_options=options)
