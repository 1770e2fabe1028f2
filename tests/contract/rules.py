"""How schemathesis is told to look at the API: all checks are on, and what is left out of one has its reason here."""

from __future__ import annotations

from pathlib import Path

import schemathesis
from hypothesis import strategies

FILE = Path(__file__).with_name("schemathesis.toml")


def config() -> schemathesis.Config:
    return schemathesis.Config.from_path(FILE)


def with_formats() -> None:
    """Cursors are signed, so that none can be made up but the empty one."""
    schemathesis.openapi.format("cursor", strategies.just(""))
