"""Steps of a long deed: told to whoever watches, and timed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

# The name of a step, and how many bytes have passed in it.
Watcher = Callable[[str, int], None]


def nobody(step: str, size: int) -> None:
    """When nobody watches."""


@dataclass
class Step:
    name: str
    watcher: Watcher
    size: int | None = None

    def tell(self, size: int) -> None:
        self.size = size
        self.watcher(self.name, size)


@dataclass
class Steps:
    watcher: Watcher = nobody
    # As BackupLog.steps keeps them.
    done: list[dict[str, Any]] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """One that fails is noted too."""
        step, begun = Step(name, self.watcher), time.monotonic()
        self.watcher(name, 0)
        noted: dict[str, Any] = {"step": name}
        try:
            yield step
        except BaseException:
            noted["failed"] = True
            raise
        finally:
            noted["seconds"] = round(time.monotonic() - begun, 3)
            if step.size is not None:
                noted["bytes"] = step.size
            self.done.append(noted)
