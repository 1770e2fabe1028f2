"""Processes of their own, for what takes longer than a task may: they outlive whoever starts them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

from django.conf import settings


def start_command(name: str, *arguments: str) -> int:
    """Run a management command by itself, and return its process id at once; it writes to `log/NAME.log` in VAR_DIR.

    What must not run twice takes a lock of its own.
    """
    log = Path(settings.VAR_DIR) / "log" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    # manage.py sets it itself; a worker must not look like a command to what it starts, nor the other way round.
    environment = {key: value for key, value in os.environ.items() if key != "RUNS_COMMAND"}
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), name, *arguments],
            cwd=settings.BASE_DIR,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    # In a worker, which lives long, somebody has to take note of its end.
    threading.Thread(target=process.wait, name=f"end of {name}", daemon=True).start()
    return process.pid
