"""The stand-ins' pages lead back to the platform, by whichever name a browser on this machine knows it."""

from __future__ import annotations

import pytest

from counterparts.world import world


@pytest.mark.parametrize(
    ("url", "is_home"),
    [
        ("http://127.0.0.1:8000/billing/", True),
        ("http://localhost:8000/billing/", True),
        ("http://localhost:8001/billing/", False),
        ("https://localhost:8000/billing/", False),
        ("http://localhost.example:8000/billing/", False),
        ("http://howtoai.example//localhost:8000/", False),
        ("//localhost:8000/", False),
    ],
)
def test_loopback_is_one_home_by_both_its_names(monkeypatch: pytest.MonkeyPatch, url: str, is_home: bool) -> None:
    monkeypatch.setattr(world.outbox, "platform", "http://127.0.0.1:8000")
    assert world.outbox.is_home(url) is is_home
