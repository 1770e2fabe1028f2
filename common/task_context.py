"""A task is part of what asked for it: it says what it says under the id of that request."""

from __future__ import annotations

from typing import Any

from celery import Task
from celery.signals import before_task_publish, task_postrun, task_prerun

from common.logging import bound
from common.request_id import request_id

HEADER = "request_id"
# Of the tasks that run, by their ids, what has to be put back after them.
before: dict[str, tuple[Any, Any]] = {}


@before_task_publish.connect
def send_along(headers: dict[str, Any] | None = None, **_: Any) -> None:
    if headers is not None:
        headers[HEADER] = request_id.get()


@task_prerun.connect
def begin(task_id: str, task: Task, **_: Any) -> None:
    # One that is done where it is queued, as in tests, is in its request anyway.
    asked_by = task.request.get(HEADER) or request_id.get()
    before[task_id] = request_id.set(asked_by), bound.set({"task": task.name})


@task_postrun.connect
def end(task_id: str, **_: Any) -> None:
    if tokens := before.pop(task_id, None):
        id_token, bound_token = tokens
        request_id.reset(id_token)
        bound.reset(bound_token)
