"""What takes long comes first, so that in the end no worker of pytest-xdist waits for the long ones of another."""

from __future__ import annotations

from itertools import groupby

import pytest

# Files and folders, below tests/, of what starts servers, restores databases or steers a browser.
LONG = (
    "ops/backups/",
    "config/test_up.py",
    "config/test_signs.py",
    "ops/test_demo_season.py",
    "ops/test_demo.py",
    "ops/test_maintenance.py",
    "billing/test_any_history.py",
    "billing/test_seats.py",
    "contract/test_fuzzing.py",
    "analytics/test_killing.py",
    "common/test_database_away.py",
    "browser/",
)


def deal(items: list[pytest.Item], workers: int) -> list[pytest.Item]:
    """The tests in another order: with `--dist worksteal` each worker gets one stretch of the list, all as long, and
    whoever is done takes from the ends of others. So two of three stretches begin with their share of the long files,
    which wait more than they compute; meanwhile the third keeps the processor busy."""
    stretches: list[list[pytest.Item]] = [[] for _ in range(workers)]
    first = max(1, workers * 2 // 3)
    short: list[pytest.Item] = []
    long = 0
    for file, tests in groupby(items, key=lambda item: item.nodeid.partition("::")[0]):
        if file.removeprefix("tests/").startswith(LONG):
            stretches[long % first].extend(tests)
            long += 1
        else:
            short.extend(tests)
    for stretch in stretches[:-1]:
        share = max(0, len(items) // workers - len(stretch))
        stretch.extend(short[:share])
        del short[:share]
    return [item for stretch in [*stretches, short] for item in stretch]
