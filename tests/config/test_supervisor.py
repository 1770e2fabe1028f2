"""What the supervisor hands on of its processes reads as if they wrote to the terminal themselves."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from config.env import BASE_DIR

CHILD = """
import logging
from common.logging import ConsoleFormatter
handler = logging.StreamHandler()
handler.setFormatter(ConsoleFormatter())
logging.getLogger().addHandler(handler)
logging.warning("it was said")
"""
SUPERVISOR = f"""
import os, sys
from pathlib import Path
from config.supervisor import Child, Supervisor
said = []
class Listening(Supervisor):
    def say(self, name, message):
        super().say(name, message)
        said.append(message)
supervisor = Listening(environment=os.environ, folder=Path.cwd())
supervisor.start(Child("child", [sys.executable, "-c", {CHILD!r}]))
supervisor.wait_for(lambda: any("it was said" in line for line in said), 30)
supervisor.stop()
"""
NAME, LEVEL = "\033[", "\033[33mWARNING"


def on_a_terminal(**environment: str) -> str:
    """What one sees there."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR], cwd=BASE_DIR, env=plain() | environment, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    seen = b""
    try:
        while block := os.read(ours, 4096):
            seen += block
    except OSError:
        # Linux's way to say that nobody has the other end any more.
        assert process.wait() == 0, seen.decode()
    finally:
        os.close(ours)
        process.kill()
        process.wait()
    return seen.decode()


def in_a_pipe(**environment: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", SUPERVISOR], cwd=BASE_DIR, env=plain() | environment, capture_output=True, check=True
    ).stdout.decode()


def plain() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}


def test_on_a_terminal_names_and_levels_are_coloured() -> None:
    seen = on_a_terminal()
    assert seen.startswith(NAME)
    assert LEVEL in seen


@pytest.mark.parametrize("seen", [lambda: on_a_terminal(NO_COLOR="1"), in_a_pipe], ids=["NO_COLOR", "a pipe"])
def test_whoever_wants_no_colours_or_reads_from_a_pipe_gets_none(seen: object) -> None:
    assert callable(seen)
    words = seen()
    assert "it was said" in words
    assert "\033" not in words


def test_colours_can_be_had_in_a_pipe_too() -> None:
    assert LEVEL in in_a_pipe(FORCE_COLOR="1")
