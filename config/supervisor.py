"""Runs several processes as one: prefixes their lines, restarts them, ends them together."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from common.logging import shows_colours
from config.embedded import describe, die_with_parent

STDOUT = 1
STOP_SECONDS = 8.0
LONGEST_BACK_OFF = 30.0
# A child that lived this long (seconds) is healthy, and its next restart is prompt again.
HEALTHY_AFTER = 60.0
COLOURS = ("36", "33", "35", "34", "32", "31")


@dataclass
class Child:
    """A process that should always run, and when it may be started (again)."""

    name: str
    command: list[str]
    process: subprocess.Popen[str] | None = None
    started_at: float = 0.0
    due_at: float = 0.0
    back_off: float = 0.5

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None


@dataclass
class Supervisor:
    """Starts children in order and keeps them running until told to stop."""

    environment: Mapping[str, str]
    folder: Path
    children: list[Child] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    def stop_on_signals(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self.stopping.set())

    def start(self, child: Child) -> None:
        """Start a child in its own process group, so that Ctrl-C reaches only us."""
        if child not in self.children:
            self.children.append(child)
        me = os.getpid()
        child.process = subprocess.Popen(
            child.command,
            cwd=self.folder,
            env=dict(self.environment) | ({"FORCE_COLOR": "1"} if shows_colours(STDOUT) else {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            preexec_fn=lambda: die_with_parent(me, signal.SIGTERM),  # noqa: PLW1509 - one call of libc, no lock of ours
        )
        child.started_at = time.monotonic()
        threading.Thread(target=self._relay, args=(child.name, child.process), daemon=True).start()

    def wait_for(self, ready: Callable[[], bool], seconds: float) -> bool:
        """Wait until `ready()` while keeping the children alive; False if it never came."""
        deadline = time.monotonic() + seconds
        while not self.stopping.is_set() and time.monotonic() < deadline:
            if ready():
                return True
            self.restart_the_dead()
            self.stopping.wait(0.05)
        return False

    def run(self, each_round: Callable[[], None]) -> None:
        """Keep the children alive, calling `each_round` five times a second, until stopped."""
        while not self.stopping.is_set():
            self.restart_the_dead()
            each_round()
            self.stopping.wait(0.2)

    def restart_the_dead(self) -> None:
        """Report each child that ended, and start it again after its back-off."""
        now = time.monotonic()
        for child in self.children:
            if child.is_running():
                continue
            if child.process is not None:
                self._bury(child, now)
            elif now >= child.due_at:
                self.start(child)

    def stop(self) -> None:
        """End all children, last started first asked, within STOP_SECONDS; none is left behind."""
        for child in reversed(self.children):
            send(child, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for child in self.children:
            if child.process is None:
                continue
            try:
                child.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                self.say(child.name, f"did not stop within {STOP_SECONDS:.0f} s; killed")
            # Also ends what the child left in its group.
            send(child, signal.SIGKILL)
            child.process.wait()

    def say(self, name: str, message: str) -> None:
        """Print one line under a name."""
        prefix = f"{name:>9} | "
        if shows_colours(STDOUT):
            colour = COLOURS[sum(name.encode()) % len(COLOURS)]
            prefix = f"\033[{colour}m{prefix}\033[0m"
        try:
            print(prefix + message, flush=True)
        except BrokenPipeError:
            # Whoever read our output has gone; that is no reason to stop serving.
            self.stopping.set()

    def follow(self, name: str, log: Path) -> Callable[[], None]:
        """A function that says what was added to `log` since its last call."""
        position = log.stat().st_size if log.exists() else 0

        def relay_new_lines() -> None:
            nonlocal position
            if not log.exists() or log.stat().st_size == position:
                return
            with log.open(errors="replace") as lines:
                lines.seek(position)
                for line in lines:
                    self.say(name, line.rstrip())
                position = lines.tell()

        return relay_new_lines

    def _bury(self, child: Child, now: float) -> None:
        assert child.process is not None
        code = child.process.returncode
        send(child, signal.SIGKILL)
        child.process = None
        child.back_off = 0.5 if now - child.started_at > HEALTHY_AFTER else min(child.back_off * 2, LONGEST_BACK_OFF)
        child.due_at = now + child.back_off
        self.say(child.name, f"ended ({describe(code)}); starting it again in {child.back_off:.0f} s")

    def _relay(self, name: str, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.say(name, line.rstrip())


def send(child: Child, number: signal.Signals) -> None:
    """Signal a child's whole process group, if any of it is left."""
    if child.process is None:
        return
    try:
        os.killpg(child.process.pid, number)
    except ProcessLookupError:
        return
