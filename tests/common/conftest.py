"""What several of these tests need."""

import pytest
from celery import current_app


@pytest.fixture
def worker_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks go to the broker, as they do outside tests."""
    changes = current_app.conf.changes
    assert changes is not None
    monkeypatch.setitem(changes, "task_always_eager", value=False)
