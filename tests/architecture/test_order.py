"""In whichever order the tests are dealt out, each of them is there once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.order import LONG, deal


@dataclass(frozen=True)
class Collected:
    nodeid: str


FILES = [*(f"tests/{place.removesuffix('.py')}.py" for place in LONG), *(f"tests/common/test_{n}.py" for n in range(9))]
ITEMS: Any = [Collected(f"{file}::test_{number}") for file in FILES for number in range(7)]


@pytest.mark.parametrize("workers", [1, 2, 3, 4, 8, 200])
@pytest.mark.parametrize("count", [0, 1, 5, len(ITEMS)])
def test_none_is_lost_and_none_done_twice(workers: int, count: int) -> None:
    dealt = deal(ITEMS[:count], workers)
    assert len(dealt) == count
    assert set(dealt) == set(ITEMS[:count])


def test_two_of_three_workers_begin_with_what_is_long() -> None:
    dealt = deal(ITEMS, 3)
    share = len(ITEMS) // 3
    begins = [dealt[place].nodeid.removeprefix("tests/").startswith(LONG) for place in (0, share, 2 * share)]
    assert begins == [True, True, False]
