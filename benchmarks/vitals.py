"""What a phone on a slow network waits for: `python benchmarks/vitals.py [address ...]`.

Chromium as a phone of 390 by 844 px whose processor is a quarter as fast as this one, on a network of 1.6 Mbit/s with
150 ms to and fro (what Lighthouse calls slow 4G), cold: nothing is kept. Of each page the largest contentful paint, how
much the layout shifts, and the bytes that came over the network, of which CSS and JavaScript. The site is as it is
deployed: the process of deploy/systemd behind nginx with the configuration of deploy/nginx, TLS and HTTP/2 among it. As
the browser imitates a network, what it costs to connect is not in it. Takes a minute.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright
from server import databases

from tests.deploy.stage import NGINX, Stage

ADDRESSES = (
    *("/", "/tutorials/", "/tutorials/retrieval-from-scratch/", "/tracks/", "/community/", "/search/?q=model"),
    *("/pricing/", "/accounts/login/", "/accounts/signup/"),
)
ROUNDS = 3
MOST_PAINT, MOST_SHIFT, MOST_ASSETS = 1_000, 0.0, 60 * 1024  # ms; share; bytes
NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8}
SLOWER = 4
WATCH = """
window.seen = {paint: 0, shift: 0};
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) seen.paint = entry.startTime;
}).observe({type: "largest-contentful-paint", buffered: true});
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) seen.shift += entry.value;
}).observe({type: "layout-shift", buffered: true});
"""


@dataclass(frozen=True)
class Seen:
    paint: float  # ms
    shift: float
    size: int  # bytes
    assets: int  # bytes


def main() -> None:
    if NGINX is None:
        sys.exit("nginx is needed; on Debian: apt install nginx-light")
    with deployed() as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        print(f"{'page':40} {'LCP ms':>8} {'shift':>7} {'kB':>6} {'CSS+JS kB':>10}  kept")
        for address in sys.argv[1:] or ADDRESSES:
            # The first makes what the server keeps.
            seen = [look(browser, site + address) for _ in range(ROUNDS + 1)][1:]
            paint, worst = statistics.median(each.paint for each in seen), max(each.shift for each in seen)
            size, assets = seen[-1].size, seen[-1].assets
            kept = paint <= MOST_PAINT and worst <= MOST_SHIFT and assets <= MOST_ASSETS
            print(
                f"{address:40} {paint:8.0f} {worst:7.3f} {size / 1024:6.1f} {assets / 1024:10.1f}  {kept}", flush=True
            )
        browser.close()


@contextmanager
def deployed() -> Iterator[str]:
    """The address of a site with the real tutorials."""
    with tempfile.TemporaryDirectory(prefix="how-to-ai-bench-") as folder:
        # Started by root, the servers run as somebody else, who must be able to pass through.
        Path(folder).chmod(0o711)
        with databases(Path(folder) / "var") as urls:
            os.environ.update(urls)
            stage = Stage(Path(folder) / "server", urls["DATABASE_URL"])
            stage.manage("migrate", "--noinput")
            stage.manage("import_tutorials", "tutorials/content")
            stage.collect_static_files()
            try:
                with stage.proxied():
                    stage.start("web@1")
                    stage.wait_until_ready("web@1")
                    yield stage.url
            finally:
                stage.end()


def look(browser: Browser, url: str) -> Seen:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, device_scale_factor=3, is_mobile=True, ignore_https_errors=True
    )
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Network.emulateNetworkConditions", NETWORK)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    kinds: dict[str, str] = {}
    sizes: dict[str, int] = {}
    devtools.on("Network.responseReceived", lambda told: kinds.update({told["requestId"]: told["type"]}))
    devtools.on("Network.loadingFinished", lambda told: sizes.update({told["requestId"]: told["encodedDataLength"]}))
    page.add_init_script(WATCH)
    page.goto(url, wait_until="networkidle")
    seen: dict[str, Any] = page.evaluate("seen")
    context.close()
    assets = sum(size for request, size in sizes.items() if kinds.get(request) in ("Stylesheet", "Script"))
    return Seen(seen["paint"], seen["shift"], sum(sizes.values()), assets)


if __name__ == "__main__":
    main()
