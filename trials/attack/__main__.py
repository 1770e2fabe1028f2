"""`python -m trials.attack [part ...]`: smuggling, stray, slow, crawl, injection, sqlmap, wapiti; all unless told.

Attacks a production platform of its own, with the demo in it, on loopback. Prints what was found, each with why it does
not weigh, and ends with 1 if something does. Takes less than ten minutes.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from trials.attack import asking, stray, tools
from trials.attack.crawl import Walk, across, walk
from trials.attack.findings import Finding, distinct, table
from trials.attack.people import ADDRESSES, PREPARE, ROLES, Browser, come_in
from trials.attack.slow import slow
from trials.attack.smuggling import CORPUS, smuggling
from trials.platform import Platform, production

PARTS = ("smuggling", "stray", "slow", "crawl", "injection", "sqlmap", "wapiti")
# Seconds; with starting, some eight minutes in all.
ASKING, MAPPING, SCANNING = 75.0, 90.0, 90
# Ours, which are told to everybody.
PUBLIC_ADDRESSES = {"hello@howtoai.example"}


def main() -> int:
    asked = argparse.ArgumentParser(prog="make attack")
    asked.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all unless told")
    parts = asked.parse_args().parts or list(PARTS)
    began = time.monotonic()
    with production(PROXY_COUNT="1") as platform:
        tell(0, "platform", "starting it, with the demo")
        platform.run("seed_demo", "-v0", DEBUG="true", RUNS_COMMAND="true")
        platform.shell(PREPARE)
        platform.start()
        findings = distinct(attacked(platform, parts, began))
    weighing = [finding for finding in findings if finding.weighs]
    print(f"\n{table(findings)}" if findings else "\nnothing was found")
    took, explained = time.monotonic() - began, len(findings) - len(weighing)
    print(f"\n{len(weighing)} findings of weight, {explained} explained, in {took:.0f} s")
    return 1 if weighing else 0


def tell(began: float, part: str, words: str) -> None:
    print(f"{time.monotonic() - began if began else 0:4.0f} s  {part}: {words}", flush=True)


def attacked(platform: Platform, parts: list[str], began: float) -> Iterator[Finding]:
    def teller(part: str) -> object:
        return lambda words: tell(began, part, words)

    if "smuggling" in parts:
        yield from smuggling(platform.port)
        tell(began, "smuggling", f"{len(CORPUS)} requests that two could read differently")
    if "stray" in parts:
        yield from stray.stray(Browser(platform, "visitor", 2))
        tell(began, "stray files", f"{stray.asked()} addresses")
    if "slow" in parts:
        yield from slow(platform, lambda words: tell(began, "slow clients", words))
    if set(parts) & {"crawl", "injection", "sqlmap", "wapiti"}:
        yield from as_people(platform, parts, began)
    if not platform.answers():
        yield Finding("platform", "it does not answer afterwards", "/readyz")


def as_people(platform: Platform, parts: list[str], began: float) -> Iterator[Finding]:
    browsers = come_in(platform)
    addresses = set(platform.shell(ADDRESSES).split()) - PUBLIC_ADDRESSES
    secrets = {
        name: value
        for name, value in platform.environment.items()
        if name.endswith(("SECRET", "SECRETS", "KEY", "_URL")) and len(value) > 16 and not value.startswith("http")
    }
    walks: list[Walk] = []
    for browser in browsers:
        others = frozenset(addresses - {browser.email})
        done, found = walk(browser, secrets, others)
        walks.append(done)
        tell(
            began,
            "crawl",
            f"{len(done.status)} addresses as {browser.role} in {done.seconds:.0f} s, {len(done.forms)} forms",
        )
        yield from found
    if "crawl" in parts:
        yield from across(walks)
        tell(began, "cross-role", "what each found, asked for by the others")
    admin, learner = browsers[list(ROLES).index("admin")], browsers[list(ROLES).index("learner")]
    found_targets = asking.targets(walks, asking.from_schema(admin))
    folder = platform.var.parent / "tools"
    if "injection" in parts:
        yield from asking.asking(admin, found_targets, lambda words: tell(began, "injection", words), seconds=ASKING)
    yield from by_others(parts, admin, learner, found_targets, folder, began)


def by_others(
    parts: list[str], admin: Browser, learner: Browser, found: list[asking.Target], folder: Path, began: float
) -> Iterator[Finding]:
    """The programs of others, where they could be installed."""
    if "sqlmap" in parts:
        if (sqlmap := tools.tool("sqlmap")) is None:
            tell(began, "sqlmap", "LEFT OUT: it is not installed in .venv-attack")
        else:
            said = lambda words: tell(began, "sqlmap", words)  # noqa: E731 - a name for its line
            yield from asking.mapped(admin, found, sqlmap, folder, said, seconds=MAPPING)
    if "wapiti" in parts:
        if (program := tools.tool("wapiti")) is None:
            tell(began, "wapiti", "LEFT OUT: it needs Python 3.12 or newer, which `make attack` did not find here")
        else:
            said = lambda words: tell(began, "wapiti", words)  # noqa: E731
            yield from tools.wapiti(learner, program, folder, said, seconds=SCANNING)


if __name__ == "__main__":
    sys.exit(main())
