"""List and search among 1,000 and among 100,000 tutorials: `python benchmarks/finding.py [count ...]`.

Pages are timed to the first byte, warm, under production settings; queries are PostgreSQL's own times.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys

from pages import measure
from server import ROOT, served

COUNTS = (1_000, 100_000)
PAGES = (
    *("/", "/tutorials/", "/tutorials/?topic=building", "/tutorials/?tag=tag-0"),
    *("/tutorials/loaded-500/", "/api/tutorials"),
)
SEARCHES = (
    "/tutorials/?q=text",
    "/tutorials/?q=quokka",
    "/tutorials/?q=sentense+everry",
    "/api/tutorials?q=every+reply",
)


def main() -> None:
    counts = [int(count) for count in sys.argv[1:]] or list(COUNTS)
    pages: dict[int, dict[str, float]] = {}
    for count in counts:
        with served() as platform:
            run(platform.environment, "manage.py", "load_tutorials", str(count))
            pages[count] = {
                address: statistics.median(measure(platform.port, address)[0]) for address in (*PAGES, *SEARCHES)
            }
            asked = json.loads(run(platform.environment, "benchmarks/search_times.py"))
        print(f"\n{count} tutorials, in PostgreSQL (a sequential scan: {asked['sequential scan']})")
        for name, milliseconds in asked["milliseconds"].items():
            print(f"{name:40} {milliseconds:8.1f} ms")
    print(f"\n{'page, median':40}" + "".join(f"{count:>10}" for count in counts) + f"{'ratio':>8}")
    for address in (*PAGES, *SEARCHES):
        times = [pages[count][address] for count in counts]
        print(f"{address:40}" + "".join(f"{time:10.1f}" for time in times) + f"{times[-1] / times[0]:8.2f}")


def run(environment: dict[str, str], *command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout.strip()


if __name__ == "__main__":
    main()
