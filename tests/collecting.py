"""Another collector in place of the process's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from analytics.pipeline.collecting import Collector, Here


@contextmanager
def collected_by(collector: Collector) -> Iterator[None]:
    """It takes what is counted within this block."""
    before, Here.collector = Here.collector, collector
    try:
        yield
    finally:
        Here.collector = before
