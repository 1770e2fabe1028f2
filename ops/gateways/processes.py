"""Processes of their own, for what takes longer than a task may: they outlive whoever starts them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

from django.conf import settings


def start_command(name: str, *arguments: str) -> int:
    """Run a management command by itself, and return its process id at once; it writes to `NAME.log` in LOG_FOLDER.

    What must not run twice takes a lock of its own.
    """
    log = Path(settings.LOG_FOLDER) / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    # manage.py sets the first itself. The embedded servers have to be held by whoever uses them, and it does that for
    # those who name no others.
    embedded = settings.EMBEDDED_URLS.items()
    environment = {
        key: value for key, value in os.environ.items() if key != "RUNS_COMMAND" and (key, value) not in embedded
    }
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
