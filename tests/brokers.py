"""Tasks that are not done on the spot, as they are in tests otherwise; and Valkey that is away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from celery import current_app
from django.test import override_settings

from common import metrics

NOBODY_LISTENS = "redis://127.0.0.1:1/0"


@pytest.fixture
def worker_elsewhere() -> Iterator[None]:
    """Tasks go to the broker, as they do outside tests."""
    with celery_has(task_always_eager=False):
        yield


@contextmanager
def broker_away(address: str = NOBODY_LISTENS) -> Iterator[None]:
    """Tasks go to a broker that takes none."""
    with celery_has(task_always_eager=False, broker_write_url=address):
        yield


@contextmanager
def celery_has(**values: object) -> Iterator[None]:
    # Celery reads its settings when it is first asked for one, and forgets what was changed before.
    current_app.conf.get("task_always_eager")
    changes = current_app.conf.changes
    assert changes is not None
    with pytest.MonkeyPatch.context() as patch:
        for name, value in values.items():
            patch.setitem(changes, name, value)
        yield


@contextmanager
def valkey_away() -> Iterator[None]:
    """What is counted, the queue and the signs of life cannot be read or written; the cache can."""
    try:
        with override_settings(REDIS_URL="unix:///nobody/listens.sock"):
            metrics.valkey.cache_clear()
            yield
    finally:
        metrics.valkey.cache_clear()
