"""How long we wait for a provider: whoever waits for it holds a thread that answers nobody else meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from billing.gateways.base import ProviderAway

# A failure that took longer was one to wait for; a refused connection costs nothing.
HANGS = 2  # seconds
# A provider that kept somebody waiting for nothing is left alone for so long; then one request finds out for all. Three
# times as long as that one may wait: were it as long, a thread of each process would wait half of the time.
PAUSE = 30  # seconds
# A member's request asks nothing more of a provider after this time.
TALK = 15  # seconds

end_of_talk: ContextVar[float] = ContextVar("end_of_talk")


class Patience:
    """Of one process with one provider, shared by its threads."""

    def __init__(self, provider: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.provider, self.clock = provider, clock
        self.lock = threading.Lock()
        self.is_lost = False
        self.again_at = 0.0

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Around each request. Raises ProviderAway, at once, when it would most likely be waited for in vain."""
        began = self.begin()
        try:
            yield
        except Exception:
            if self.clock() - began > HANGS:
                self.lose()
            raise
        # Unlocked: at worst another request fails to be made for the length of a pause.
        self.is_lost = False

    def begin(self) -> float:
        now = self.clock()
        if now > end_of_talk.get(now):
            raise ProviderAway(f"{self.provider} takes too long")
        with self.lock:
            if self.is_lost:
                if now < self.again_at:
                    raise ProviderAway(f"{self.provider} hangs, and is asked again in a while")
                self.again_at = now + PAUSE
        return now

    def lose(self) -> None:
        with self.lock:
            self.is_lost, self.again_at = True, self.clock() + PAUSE


@contextmanager
def one_talk() -> Iterator[None]:
    """All that is asked within it has to be asked before TALK is over."""
    token = end_of_talk.set(time.monotonic() + TALK)
    try:
        yield
    finally:
        end_of_talk.reset(token)
