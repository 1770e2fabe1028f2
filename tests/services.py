"""A pytest plugin: one PostgreSQL and one Valkey for the whole run, in a temporary folder.

Loaded with `-p`, because the settings, which name the servers, are read before any conftest.py.
The process that the person started runs the servers and migrates a template; the workers of
pytest-xdist inherit the addresses and each make a database from that template.
"""

from __future__ import annotations

import gc
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest
from pyrage import x25519

ROOT = Path(__file__).resolve().parent.parent
VALKEY_DATABASES = 16
running = ExitStack()
# What is imported stays to the end, and would be looked through for garbage again and again.
gc.set_threshold(20_000, 20, 20)


def pytest_addoption() -> None:
    """The earliest hook of all, which is why the servers start here."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        start_servers()
    else:
        # Each worker has its own keys; which of Valkey's 16 databases they lie in is all it takes.
        number = (int(worker.removeprefix("gw")) + 1) % VALKEY_DATABASES
        os.environ["REDIS_URL"] = os.environ["REDIS_URL"].replace("?db=0", f"?db={number}")


def pytest_collection_finish() -> None:
    """All tests and what they import are there now, as the web server has it before its first request."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    running.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line for all the browser tests that had no browser."""
    skipped = [report for report in terminalreporter.stats.get("skipped", []) if "tests/browser/" in report.nodeid]
    if skipped:
        terminalreporter.write_line(
            f"{len(skipped)} browser tests skipped: no Chromium; on Debian: apt install chromium"
        )


def start_servers() -> None:
    folder = Path(tempfile.mkdtemp(prefix="how-to-ai-tests-"))
    running.callback(shutil.rmtree, folder, ignore_errors=True)
    # Started by root, the servers run as somebody else, who must be able to pass through.
    folder.chmod(0o711)
    # Nothing is collected, but whitenoise warns when there is no such folder.
    (folder / "var" / "static").mkdir(parents=True)
    os.environ.update(
        {
            "DEBUG": "false",
            "SECRET_KEY": secrets.token_urlsafe(64),
            "JWT_SECRET": secrets.token_urlsafe(64),
            "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
            "HTTPS": "false",
            # Without one, each test of what is wrong would find that.
            "BACKUP_KEY": str(x25519.Identity.generate()),
            # Rows of the log would come from a thread of its own, and outlive the test that caused them.
            "LOG_TO": "console",
            # So would events; tests of what is counted say so (tests/recording.py).
            "ANALYTICS": "false",
            "GITHUB_CLIENT_ID": "github-id",
            "GITHUB_CLIENT_SECRET": "github-secret",
            "GOOGLE_CLIENT_ID": "google-id",
            "GOOGLE_CLIENT_SECRET": "google-secret",
            # A developer's own .env is none of our business either.
            "ENV_FILE": os.devnull,
            "VAR_DIR": str(folder / "var"),
        }
    )
    # Not before: it reads VAR_DIR on import, and the developer's own var/ is none of our business.
    from config.embedded import Place

    try:
        os.environ.update(running.enter_context(Place(folder / "var", throwaway=True).attached()))
        # The tests' template; pytest-django would otherwise migrate once per worker.
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, check=True)
    except BaseException:
        running.close()
        raise
    os.environ["TEST_DATABASE_TEMPLATE"] = "howtoai"


def pytest_report_header() -> str:
    return f"servers: {os.environ['DATABASE_URL']}"
