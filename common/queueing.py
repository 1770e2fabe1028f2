"""Giving work to a worker, without waiting long for a broker that is away."""

from __future__ import annotations

import logging
import random
from functools import cache as cached
from typing import Any

from celery import Task, current_app
from django.core.cache import cache
from kombu import Connection
from kombu.exceptions import LimitExceeded, OperationalError
from kombu.pools import producers
from redis import RedisError

from common.remembering import cache_may_be_away

logger = logging.getLogger(__name__)

RINGS_FOR = 30  # seconds; a task that was queued and lost keeps others from being queued no longer
BROKER_TIMEOUT = 1  # seconds to wait for the broker before the work has to wait, or is done without it
# In headers, logs and events of tasks, in place of what they are given.
HIDDEN: dict[str, Any] = {"argsrepr": "…", "kwargsrepr": "…"}


class BrokerAwayError(Exception):
    """No worker can be asked just now."""


def enqueue(task: Task, *args: Any, after: int = 0) -> None:
    """Queue a task, to begin in so many seconds; its arguments must be fit for JSON. Raises BrokerAwayError, soon."""
    try:
        with producers[broker(current_app.conf.broker_write_url)].acquire(
            block=True, timeout=BROKER_TIMEOUT
        ) as producer:
            task.apply_async(args, countdown=after, producer=producer, retry=False, **HIDDEN)
    except (OperationalError, LimitExceeded, RedisError) as error:
        raise BrokerAwayError(str(error)) from error


def offer(task: Task, *args: Any, after: int = 0, otherwise: str) -> None:
    """Queue what a command of the clock would do, too, only later: without a broker the log says `otherwise`."""
    try:
        enqueue(task, *args, after=after)
    except BrokerAwayError as error:
        logger.warning("%s: %s", otherwise, error)


def ring(task: Task, *, bells: int, after: int = 0, otherwise: str) -> None:
    """As `offer`, for work that takes up all that waits for it: however often it is asked for, few tasks are queued.

    The task is given the number of its bell, and calls `answer` with it before it looks at what waits; as many as there
    are bells may be at it at once. If it begins `after` some seconds, it finds what was asked for meanwhile, too.
    """
    bell = random.randrange(bells)  # noqa: S311 - whose name is no secret
    with cache_may_be_away("work is queued more often than it need be"):
        if not cache.add(name_of_bell(task, bell), 1, RINGS_FOR):
            # Whoever is to answer it has not looked yet, and will see this, too.
            return
    offer(task, bell, after=after, otherwise=otherwise)


def answer(task: Task, bell: int) -> None:
    """From now on whoever rings has another begin."""
    with cache_may_be_away("a bell is not heard for a while"):
        cache.delete(name_of_bell(task, bell))


def name_of_bell(task: Task, bell: int) -> str:
    return f"bell:{task.name}:{bell}"


@cached
def broker(url: str) -> Connection:
    """Celery's own connections wait for ever for a broker that fell silent, and for six seconds for one that is gone.

    What this returns opens nothing; kombu keeps a pool of open ones for all that are equal.
    """
    options = {"max_retries": 0, "socket_connect_timeout": BROKER_TIMEOUT, "socket_timeout": BROKER_TIMEOUT}
    return current_app.connection_for_write(url, transport_options=options)
