"""Work that takes up all that waits is not queued once for each that waits."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from billing.tasks import apply_events
from common.limits import counting_cache
from common.queueing import answer, ring

LATER = "it waits"


def queued() -> list[dict[str, Any]]:
    return [json.loads(each) for each in counting_cache()._cache.get_client().lrange("celery", 0, -1)]


def test_a_bell_that_nobody_has_answered_is_rung_once(worker_elsewhere: None) -> None:
    for _ in range(3):
        ring(apply_events, bells=1, otherwise=LATER)
    assert len(queued()) == 1


def test_there_are_no_more_tasks_than_bells(worker_elsewhere: None) -> None:
    for _ in range(100):
        ring(apply_events, bells=2, otherwise=LATER)
    assert len(queued()) == 2


def test_whoever_rings_after_it_was_answered_is_heard(worker_elsewhere: None) -> None:
    ring(apply_events, bells=1, otherwise=LATER)
    answer(apply_events, 0)
    ring(apply_events, bells=1, otherwise=LATER)
    assert len(queued()) == 2


def test_work_that_is_to_begin_after_some_seconds_says_so(worker_elsewhere: None) -> None:
    before = timezone.now()
    ring(apply_events, bells=1, after=5, otherwise=LATER)
    [task] = queued()
    begins = datetime.fromisoformat(task["headers"]["eta"])
    assert before + timedelta(seconds=5) <= begins <= timezone.now() + timedelta(seconds=5)


def test_without_a_cache_every_ring_is_queued(
    worker_elsewhere: None, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    broker = counting_cache()._cache.get_client()
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    for _ in range(2):
        ring(apply_events, bells=1, otherwise=LATER)
    answer(apply_events, 0)
    assert broker.llen("celery") == 2
    assert "work is queued more often than it need be" in caplog.text
    assert "a bell is not heard for a while" in caplog.text


def test_the_task_answers_before_it_looks(db: None, worker_elsewhere: None) -> None:
    ring(apply_events, bells=1, otherwise=LATER)
    apply_events(0)
    ring(apply_events, bells=1, otherwise=LATER)
    assert len(queued()) == 2
