"""The slowest of the texts that were made to be slow: `python benchmarks/markdown_bombs.py [count]`.

Each as long as a member's post may be, read and rendered. Processor time, so that others on the machine do not matter.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from django.conf import settings

HANDLES = {"ab": "/u/ab/"}
ROUNDS = 3


def main() -> None:
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    settings.configure()
    from common.markdown import LARGEST_POST
    from tests.common.bombs import BOMBS

    count = int(sys.argv[1]) if sys.argv[1:] else 20
    rows = sorted((measured(bomb(LARGEST_POST)), name) for name, bomb in BOMBS.items())
    print(f"{len(rows)} texts of {LARGEST_POST:,} characters; the slowest:")
    for (milliseconds, growth), name in reversed(rows[-count:]):
        print(f"{milliseconds:6.0f} ms  {growth:5.1f} times its length  {name}")
    print(f"the largest: {max(growth for (_, growth), _ in rows):.1f} times its length")


def measured(source: str) -> tuple[float, float]:
    """Milliseconds, the best of some rounds, and the length of the HTML as a multiple of the source's."""
    from common.markdown import read_post

    best, html = float("inf"), ""
    for _ in range(ROUNDS):
        began = time.process_time()
        html = read_post(source).html(handles=HANDLES)
        best = min(best, time.process_time() - began)
    return best * 1000, len(html) / len(source)


if __name__ == "__main__":
    main()
