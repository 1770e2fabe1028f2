"""Texts that were made to do harm are shown like any other.

How long they take is measured by `benchmarks/markdown_bombs.py`; a test that hangs fails by the run's own limit.
"""

from __future__ import annotations

import pytest

from common.markdown import LARGEST_POST, read_post
from tests.common.bombs import BOMBS
from tests.common.test_markdown import findings

HANDLES = {"ab": "/u/ab/"}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_neither_breaks_out_nor_grows(name: str) -> None:
    source = BOMBS[name](LARGEST_POST)
    html = read_post(source).html(handles=HANDLES)
    assert len(source) == LARGEST_POST
    assert findings(html) == []
    assert len(html) <= 20 * len(source) + 4_000
