"""What counting for /metrics, and looking for maintenance, add to the CPU time of a request.

Within one process, for the thread of fifty comments that cpu.py asks for: the chain of middleware with and without
ours take turns, and each figure is the least of many rounds, which is what the machine does when nothing disturbs it.
Beside it the same counts with prometheus_client's own values in files, as several processes need them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile

from discussing import PREPARE, load
from server import ROOT, manage, served

POSTS = 500
IN_PROCESS = """
import json, time
from django.conf import settings
from django.db import connection
from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory
from common import metrics
from common.cache import CountingCache
from django.core.cache.backends.redis import RedisCache
from ops.metrics.requests import count_query

ROUNDS, EACH_ROUND = 300, 15
OURS = ("ops.metrics.requests.MetricsMiddleware", "ops.middleware.MaintenanceMiddleware")
prepared = json.loads(PREPARED)
factory = RequestFactory(SERVER_NAME="127.0.0.1", HTTP_COOKIE=prepared["cookie"])
counting = CountingCache.get

def handler(without=()):
    everything = settings.MIDDLEWARE
    settings.MIDDLEWARE = [each for each in everything if each not in without]
    made = WSGIHandler()
    settings.MIDDLEWARE = everything
    return made

def least(chain, counts):
    CountingCache.get = counting if counts else RedisCache.get
    del connection.execute_wrappers[:]
    # Once for each chain, so that the first of them does not pay for what the others find warm.
    chain.get_response(factory.get(prepared["thread"])).close()
    begun = time.process_time()
    for _ in range(EACH_ROUND):
        answer = chain.get_response(factory.get(prepared["thread"]))
        assert answer.status_code == 200, answer.status_code
        answer.close()
    return (time.process_time() - begun) / EACH_ROUND

chains = {"without": (handler(OURS), False), "with": (handler(), True)}
best = dict.fromkeys(chains, 1.0)
for _ in range(ROUNDS):
    for name, (chain, counts) in chains.items():
        best[name] = min(best[name], least(chain, counts))
metrics.Tally.counts.clear()

def cost(call, times=20_000):
    found = 1.0
    for _ in range(20):
        begun = time.process_time()
        for _ in range(times):
            call()
        found = min(found, (time.process_time() - begun) / times)
    return found

def count():
    metrics.REQUESTS.add("community:thread", "GET", "2xx")
    metrics.REQUEST_SECONDS.observe(0.002, "community:thread")
    metrics.REQUEST_QUERIES.observe(4, "community:thread")

best["three counts"] = cost(count)

# Ours alone, around four statements and a read of the cache that do nothing: the page itself varies by more than this.
from django.core.handlers.exception import convert_exception_to_response
from django.db.backends.utils import CursorWrapper
from django.http import HttpResponse
from django.urls import resolve
from ops import maintenance
from ops.metrics.requests import MetricsMiddleware
from ops.middleware import MaintenanceMiddleware

answer, request = HttpResponse(), factory.get(prepared["thread"])
request.resolver_match = resolve(prepared["thread"])
cursor = CursorWrapper(None, connection)

def nothing(*arguments):
    return None

def view(request):
    for _ in range(4):
        cursor._execute_with_wrappers("SELECT 1", None, many=False, executor=nothing)
    return answer

def counted(request):
    metrics.CACHE_READS.add("hit")
    return view(request)

inner = convert_exception_to_response(MaintenanceMiddleware(convert_exception_to_response(counted)))
ours = convert_exception_to_response(MetricsMiddleware(inner))
plain = convert_exception_to_response(view)
del connection.execute_wrappers[:]
bare = cost(lambda: plain(request), 5_000)
best["ours alone"] = cost(lambda: ours(request), 5_000) - bare
best["a look for maintenance"] = cost(maintenance.current)
for number in range(200):
    metrics.REQUEST_SECONDS.observe(0.002, f"view-{number}")
begun = time.process_time()
metrics.flush()
best["handing on 200 views"] = time.process_time() - begun
print(json.dumps(best))
"""
WITH_FILES = """
import json, time
from prometheus_client import Counter, Histogram
from common import metrics
requests = Counter("requests", "x", ("view", "method", "status"))
seconds = Histogram("seconds", "x", ("view",), buckets=metrics.REQUEST_SECONDS.bounds)
queries = Histogram("queries", "x", ("view",), buckets=metrics.REQUEST_QUERIES.bounds)
found = 1.0
for _ in range(20):
    begun = time.process_time()
    for _ in range(5_000):
        requests.labels("community:thread", "GET", "2xx").inc()
        seconds.labels("community:thread").observe(0.002)
        queries.labels("community:thread").observe(4)
    found = min(found, (time.process_time() - begun) / 5_000)
print(json.dumps(found))
"""


def main() -> None:
    with served() as platform:
        load(platform, POSTS)
        prepared = json.dumps(manage(platform, PREPARE))
        best = json.loads(manage(platform, f"PREPARED = {prepared}\n{IN_PROCESS}"))
        with tempfile.TemporaryDirectory() as folder:
            environment = platform.environment | {"PROMETHEUS_MULTIPROC_DIR": folder, "PYTHONPATH": str(ROOT)}
            command = [sys.executable, "-c", WITH_FILES]
            with_files = subprocess.run(
                command, cwd=ROOT, env=os.environ | environment, check=True, capture_output=True, text=True
            )
    more = best["with"] - best["without"]
    print(f"a page: {best['without'] * 1e3:.3f} ms; with ours {more * 1e6:.1f} µs more, {more / best['without']:.2%}")
    alone = best["ours alone"]
    print(f"ours alone, around four statements: {alone * 1e6:.1f} µs, {alone / best['without']:.2%} of that page")
    print(f"three counts: {best['three counts'] * 1e6:.2f} µs; with files {float(with_files.stdout) * 1e6:.2f} µs")
    print(f"a look for maintenance: {best['a look for maintenance'] * 1e6:.2f} µs")
    print(f"handing on the counts of 200 views, every five seconds: {best['handing on 200 views'] * 1e3:.1f} ms")


if __name__ == "__main__":
    main()
