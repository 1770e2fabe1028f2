"""What background tasks cost, by their names, and the worker's own report."""

from __future__ import annotations

from dataclasses import dataclass
from threading import get_ident
from time import perf_counter
from typing import Any

from celery.signals import task_postrun, task_prerun, worker_process_init, worker_process_shutdown, worker_ready

from common.metrics import TASK_SECONDS, TASKS, Reporter, report_as

RUN_COMMAND = "ops.tasks.run_command"


@dataclass(frozen=True)
class Begun:
    name: str
    at: float


# By thread, too: one that takes longer than the broker waits is delivered again, by the same name.
begun: dict[tuple[str, int], Begun] = {}


@task_prerun.connect
def begin(task_id: str = "", task: Any = None, args: Any = (), **kwargs: Any) -> None:
    # Of those by the clock, the command; what others are called with may tell of people.
    command = f" {args[0]}" if task.name == RUN_COMMAND and args else ""
    begun[task_id, get_ident()] = Begun(task.name + command, perf_counter())


@task_postrun.connect
def end(task_id: str = "", task: Any = None, state: str | None = None, **kwargs: Any) -> None:
    TASKS.add(task.name, (state or "unknown").lower())
    if (found := begun.pop((task_id, get_ident()), None)) is not None:
        TASK_SECONDS.observe(perf_counter() - found.at, task.name)


def longest() -> dict[str, Any]:
    """Of the tasks that this process has in work, the one that began first. Nobody can end it: they are threads."""
    # A copy, since others begin and end meanwhile.
    first = min(begun.copy().values(), key=lambda each: each.at, default=None)
    return {} if first is None else {"task": first.name, "task_seconds": perf_counter() - first.at}


class Own:
    """Of this process; a child that is forked inherits its parent's, and begins one of its own."""

    reporter: Reporter | None = None


@worker_ready.connect
@worker_process_init.connect
def report(**kwargs: Any) -> None:
    """In the worker, and in each process that it forks where another pool than that of threads is chosen."""
    Own.reporter = report_as("worker", longest)


@worker_process_shutdown.connect
def end_report(**kwargs: Any) -> None:
    """Of a forked process, as after --max-tasks-per-child, which ends without what Python does at the end."""
    if Own.reporter is not None:
        Own.reporter.end()
