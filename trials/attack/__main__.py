"""`python -m trials.attack [--times N] [part ...]`; the parts stand below, and all are tried unless some are told.

Attacks a production platform of its own, with the demo in it, on loopback. Prints what was found, each with why it does
not weigh, and ends with 1 if something does. Takes less than ten minutes.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from trials.attack import asking, stray, tools
from trials.attack.crawl import Walk, across, walk
from trials.attack.findings import Finding, distinct, table
from trials.attack.people import ADDRESSES, PREPARE, ROLES, Browser, come_in
from trials.attack.slow import slow
from trials.attack.smuggling import CORPUS, smuggling
from trials.attack.targets import TESTER, VISITOR, Target, from_schema, targets
from trials.platform import Platform, production

PARTS = ("smuggling", "stray", "slow", "crawl", "injection", "sqlmap", "wapiti")
# Those that need somebody who is signed in, and a map of the site.
WITH_PEOPLE = {"crawl", "injection", "sqlmap", "wapiti"}
# Seconds; with starting, some nine minutes in all.
ASKING, MAPPING, SCANNING = 130.0, 110.0, 90.0
# Ours, which are told to everybody.
PUBLIC_ADDRESSES = {"hello@howtoai.example"}
SECRETS = ("SECRET", "SECRETS", "KEY", "DATABASE_URL", "REDIS_URL")


@dataclass(frozen=True)
class Attack:
    platform: Platform
    parts: list[str]
    # How often the usual time questions and programs get.
    times: float
    began: float = field(default_factory=time.monotonic)

    def teller(self, part: str) -> Callable[[str], None]:
        def tell(words: str) -> None:
            print(f"{time.monotonic() - self.began:4.0f} s  {part}: {words}", flush=True)

        return tell

    def findings(self) -> Iterator[Finding]:
        if "smuggling" in self.parts:
            yield from smuggling(self.platform.port)
            self.teller("smuggling")(f"{len(CORPUS)} requests that two could read differently")
        if "stray" in self.parts:
            yield from stray.stray(Browser(self.platform, "visitor", 2))
            self.teller("stray files")(f"{stray.asked()} addresses")
        if "slow" in self.parts:
            yield from slow(self.platform, self.teller("slow clients"))
        if WITH_PEOPLE & set(self.parts):
            yield from self.with_people()
        if not self.platform.answers():
            yield Finding("platform", "it does not answer afterwards", "/readyz")

    def with_people(self) -> Iterator[Finding]:
        browsers = dict(zip(ROLES, come_in(self.platform), strict=True))
        walks: list[Walk] = []
        yield from self.walked(list(browsers.values()), walks)
        if "crawl" in self.parts:
            yield from across(walks)
            self.teller("cross-role")("what each found, asked for by those who should not get in")
        if {"injection", "sqlmap"} & set(self.parts):
            yield from self.asked(walks)
        if "wapiti" in self.parts:
            yield from self.scanned(browsers["learner"])

    def walked(self, browsers: list[Browser], walks: list[Walk]) -> Iterator[Finding]:
        """As each role; what they found is added to the walks."""
        addresses = set(self.platform.shell(ADDRESSES).split()) - PUBLIC_ADDRESSES
        given = self.platform.environment.items()
        secrets = {name: value for name, value in given if name.endswith(SECRETS) and len(value) > 16}
        for browser in browsers:
            done, findings = walk(browser, secrets, frozenset(addresses - {browser.email}))
            walks.append(done)
            words = f"{len(done.status)} addresses as {browser.role} in {done.seconds:.0f} s, {len(done.forms)} forms"
            self.teller("crawl")(words)
            yield from findings

    def asked(self, walks: list[Walk]) -> Iterator[Finding]:
        """Every parameter, by somebody of their own and by somebody who has not signed in."""
        browsers = {TESTER: Browser(self.platform, TESTER, 30), VISITOR: Browser(self.platform, VISITOR, 31)}
        browsers[TESTER].sign_in()
        browsers[VISITOR].get("/accounts/login/")
        found = targets(walks, from_schema(browsers[TESTER]))
        with asking.unlimited(self.platform):
            if "injection" in self.parts:
                yield from asking.asking(browsers, found, self.teller("injection"), seconds=ASKING * self.times)
            if "sqlmap" in self.parts:
                yield from self.mapped(browsers, found)

    def mapped(self, browsers: dict[str, Browser], found: list[Target]) -> Iterator[Finding]:
        tell, sqlmap = self.teller("sqlmap"), tools.tool("sqlmap")
        if sqlmap is None:
            tell("LEFT OUT: it is not installed in .venv-attack")
            return
        folder = self.platform.var.parent / "sqlmap"
        yield from asking.mapped(browsers, found, sqlmap, folder, tell, seconds=MAPPING * self.times)

    def scanned(self, browser: Browser) -> Iterator[Finding]:
        tell, wapiti = self.teller("wapiti"), tools.tool("wapiti")
        if wapiti is None:
            tell("LEFT OUT: it needs Python 3.12 or newer, which `make attack` did not find here")
            return
        folder = self.platform.var.parent / "wapiti"
        yield from tools.wapiti(browser, wapiti, folder, tell, seconds=round(SCANNING * self.times))


def main() -> int:
    asked = argparse.ArgumentParser(prog="make attack")
    asked.add_argument("--times", type=float, default=1.0, help="how often the usual time questions and programs get")
    asked.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all unless told")
    options = asked.parse_args()
    with production(PROXY_COUNT="1") as platform:
        attack = Attack(platform, options.parts or list(PARTS), options.times)
        attack.teller("platform")("starting it, with the demo")
        platform.run("seed_demo", "-v0", DEBUG="true", RUNS_COMMAND="true")
        platform.shell(PREPARE)
        platform.start()
        findings = distinct(attack.findings())
        took = time.monotonic() - attack.began
    weighing = [finding for finding in findings if finding.weighs]
    print(f"\n{table(findings)}" if findings else "\nnothing was found")
    print(f"\n{len(weighing)} findings of weight, {len(findings) - len(weighing)} explained, in {took:.0f} s")
    return 1 if weighing else 0


if __name__ == "__main__":
    sys.exit(main())
