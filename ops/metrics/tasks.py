"""What background tasks cost, by their names, and the worker's own report."""

from __future__ import annotations

from time import perf_counter
from typing import Any

from celery.signals import task_postrun, task_prerun, worker_process_init, worker_process_shutdown, worker_ready

from common.metrics import TASK_SECONDS, TASKS, Reporter, report_as

begun: dict[str, float] = {}


@task_prerun.connect
def begin(task_id: str = "", **kwargs: Any) -> None:
    begun[task_id] = perf_counter()


@task_postrun.connect
def end(task_id: str = "", task: Any = None, state: str | None = None, **kwargs: Any) -> None:
    TASKS.add(task.name, (state or "unknown").lower())
    if (at := begun.pop(task_id, None)) is not None:
        TASK_SECONDS.observe(perf_counter() - at, task.name)


class Own:
    """Of this process; a child that is forked inherits its parent's, and begins one of its own."""

    reporter: Reporter | None = None


@worker_ready.connect
@worker_process_init.connect
def report(**kwargs: Any) -> None:
    """In the worker, and in each process that it forks where another pool than that of threads is chosen."""
    Own.reporter = report_as("worker")


@worker_process_shutdown.connect
def end_report(**kwargs: Any) -> None:
    """Of a forked process, as after --max-tasks-per-child, which ends without what Python does at the end."""
    if Own.reporter is not None:
        Own.reporter.end()
