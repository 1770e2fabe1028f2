"""Records in the log, as if they had been said at some time."""

from __future__ import annotations

import logging
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from common.request_id import request_id as current
from ops.logs.handler import DatabaseHandler
from ops.models import Level


def store_records(
    *said: tuple[str, Any],
    at: datetime,
    name: str = "tests",
    level: Level = Level.INFO,
    request_id: str = "-",
    **context: Any,
) -> None:
    """Through the handler and its thread, to the end."""
    with tempfile.TemporaryDirectory() as folder:
        handler = DatabaseHandler(Path(folder))
        token = current.set(request_id)
        for message, argument in said:
            record = logging.LogRecord(name, level, "", 0, message, (argument,) if argument else (), None)
            record.created, record.context = at.timestamp(), context
            handler.emit(record)
        current.reset(token)
        handler.close()
