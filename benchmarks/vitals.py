"""What a phone on a slow network waits for: `python benchmarks/vitals.py [address ...]`.

Chromium as a phone of 390 by 844 px whose processor is a quarter as fast as this one, on a network of 1.6 Mbit/s with
150 ms to and fro (what Lighthouse calls slow 4G), cold: nothing is kept. Of each page the largest contentful paint, how
much the layout shifts, and the bytes that came over the network, of which CSS and JavaScript. Under production
settings, behind nginx that packs pages as deploy/nginx has it, or without where nginx is not installed. Takes a minute.
"""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright
from server import ROOT, connect, free_port, served

ADDRESSES = (
    *("/", "/tutorials/", "/tutorials/retrieval-from-scratch/", "/tracks/", "/community/", "/search/?q=model"),
    *("/pricing/", "/accounts/login/", "/accounts/signup/"),
)
ROUNDS = 3
MOST_PAINT, MOST_SHIFT, MOST_ASSETS = 1_000, 0.0, 60 * 1024  # ms; share; bytes
NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8}
SLOWER = 4
NGINX = """
worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log; daemon off;
events {{ }}
http {{
  access_log off; proxy_temp_path {folder}/proxy;
  {packing}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://127.0.0.1:{behind}; proxy_http_version 1.1; proxy_set_header Host $http_host;
    }}
  }}
}}
"""
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
    with served(quiet=True) as platform, packed(platform.port) as port, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        print(f"{'page':40} {'LCP ms':>8} {'shift':>7} {'kB':>6} {'CSS+JS kB':>10}  kept")
        for address in sys.argv[1:] or ADDRESSES:
            url = f"http://127.0.0.1:{port}{address}"
            # The first makes what the server keeps.
            seen = [look(browser, url) for _ in range(ROUNDS + 1)][1:]
            paint, worst = statistics.median(each.paint for each in seen), max(each.shift for each in seen)
            size, assets = seen[-1].size, seen[-1].assets
            kept = paint <= MOST_PAINT and worst <= MOST_SHIFT and assets <= MOST_ASSETS
            print(
                f"{address:40} {paint:8.0f} {worst:7.3f} {size / 1024:6.1f} {assets / 1024:10.1f}  {kept}", flush=True
            )
        browser.close()


@contextmanager
def packed(behind: int) -> Iterator[int]:
    """The port of nginx before that of the platform; the latter itself where there is none."""
    connect(behind).close()
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        print("without nginx: pages are not packed")
        yield behind
        return
    shipped = (ROOT / "deploy" / "nginx" / "how-to-ai.conf").read_text()
    # Those of the server, four blanks deep.
    packing = " ".join(re.findall(r"^ {4}(gzip\w* [^;]+;)$", shipped, re.MULTILINE))
    with tempfile.TemporaryDirectory(prefix="how-to-ai-nginx-") as folder:
        port = free_port()
        configuration = Path(folder) / "nginx.conf"
        configuration.write_text(NGINX.format(folder=folder, packing=packing, port=port, behind=behind))
        process = subprocess.Popen([nginx, "-c", str(configuration), "-e", f"{folder}/error.log"])
        try:
            connect(port).close()
            yield port
        finally:
            process.terminate()
            process.wait()


def look(browser: Browser, url: str) -> Seen:
    context = browser.new_context(viewport={"width": 390, "height": 844}, device_scale_factor=3, is_mobile=True)
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
