"""What /metrics says: sums of what was counted, and how things stand just now."""

from __future__ import annotations

import ipaddress
import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import accumulate

from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from redis import RedisError

from analytics.models import DeadLetter
from analytics.pipeline import stream
from common import metrics
from common.client import client_address, read_address
from common.metrics import Histogram, by_labels
from ops import state
from ops.gateways.backups.receiver import slot
from ops.models import Alarm
from ops.services.backups.standing import Standing, standing
from ops.services.log_search import counts_of_late

logger = logging.getLogger(__name__)

PREFIX = "howtoai_"
LATELY = 5  # minutes


class Everything(Collector):
    """Made anew for each answer. What is away is missing, and `up` says so."""

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily(f"{PREFIX}up", "Whether a part answers.", labels=("part",))
        for part, source, away in (("valkey", of_valkey, RedisError), ("database", of_database, Error)):
            try:
                found = list(source())
            except away as error:
                logger.warning("metrics of %s are missing: %s", part, error)
                up.add_metric((part,), 0)
            else:
                up.add_metric((part,), 1)
                yield from found
        yield up
        disks = [((each.setting,), each.used) for each in state.disks() if not each.fault]
        yield gauge(
            "disk_used_ratio", "How full each disk with data of ours is, from 0 to 1.", disks, labels=("folder",)
        )


def of_valkey() -> Iterator[Metric]:
    """Raises RedisError."""
    sums = metrics.sums()
    for counter in metrics.COUNTERS:
        family = CounterMetricFamily(PREFIX + counter.name, counter.help, labels=counter.labels)
        for key, amount in sums.items():
            if key[0] == counter.name and len(key) == len(counter.labels) + 1:
                family.add_metric(key[1:], amount)
        yield family
    for histogram in metrics.HISTOGRAMS:
        distribution = HistogramMetricFamily(PREFIX + histogram.name, histogram.help, labels=histogram.labels)
        for labels, (buckets, total) in by_labels(histogram, sums).items():
            distribution.add_metric(labels, buckets=cumulative(histogram, buckets), sum_value=total)
        yield distribution
    queue = state.queue()
    tasks = [(("waiting",), queue.waiting), (("in work",), queue.in_work)]
    yield gauge("queue_tasks", "Background tasks in the queue.", tasks, labels=("state",))
    events = stream.standing()
    yield gauge("events_waiting", "Batches of events that are not in the database yet.", [((), events.waiting)])
    age = events.age.total_seconds() if events.age is not None else 0.0
    yield gauge("events_age_seconds", "For how long the oldest of them waits.", [((), age)])
    counts: defaultdict[str, int] = defaultdict(int)
    memory: defaultdict[str, int] = defaultdict(int)
    at_work: defaultdict[str, float] = defaultdict(float)
    for process in metrics.processes():
        counts[process.kind] += 1
        memory[process.kind] += process.memory
        if process.task:
            at_work[process.task] = max(at_work[process.task], process.task_seconds)
    of_kinds = [((kind,), number) for kind, number in counts.items()]
    yield gauge("processes", "Processes that live.", of_kinds, labels=("kind",))
    of_kinds = [((kind,), number) for kind, number in memory.items()]
    yield gauge("process_memory_bytes", "Memory of all processes of a kind.", of_kinds, labels=("kind",))
    of_tasks = [((task,), seconds) for task, seconds in at_work.items()]
    yield gauge("task_at_work_seconds", "For how long a worker has had its oldest task.", of_tasks, labels=("task",))


def of_database() -> Iterator[Metric]:
    """Raises django.db.Error."""
    connections = [((name,), number) for name, number in state.connections().items()]
    yield gauge("database_connections", "Connections to our database.", connections, labels=("state",))
    runs = state.commands()
    ages = [((run.command,), run.age.total_seconds()) for run in runs if run.age is not None]
    yield gauge("command_age_seconds", "Since a command of the clock last did its work.", ages, labels=("command",))
    late = [((run.command,), float(run.is_late)) for run in runs]
    yield gauge("command_late", "Whether a command of the clock is late.", late, labels=("command",))
    yield from of_backups(standing())
    lasting = [((key,), 1.0) for key in Alarm.objects.lasting().order_by("key").values_list("key", flat=True)]
    yield gauge("problem", "1 for each problem that lasts, as check_system found it.", lasting, labels=("key",))
    yield gauge("events_refused", "Lines that the database refused as events.", [((), DeadLetter.objects.count())])
    with connection.cursor() as cursor:
        found = slot(cursor)
    if found is not None:
        words = "Write-ahead log that PostgreSQL keeps for receive_wal."
        yield gauge("wal_kept_bytes", words, [((), found.kept)])
    said = [((level,), number) for level, number in counts_of_late(minutes=LATELY).items()]
    yield gauge("log_records_lately", f"What was logged within {LATELY} minutes.", said, labels=("level",))


def of_backups(now: Standing) -> Iterator[Metric]:
    """What there is none of is missing."""
    ages = {"newest": now.age, "proven": now.proven_age, "log": now.log_age}
    samples = [((which,), age.total_seconds()) for which, age in ages.items() if age is not None]
    yield gauge("backup_age_seconds", "Since what a backup holds was all there was.", samples, labels=("which",))
    if now.recovery_seconds is not None:
        words = "How long the last proof by a restore took."
        yield gauge("backup_recovery_seconds", words, [((), now.recovery_seconds)])


def gauge(
    name: str, words: str, samples: Iterable[tuple[tuple[str, ...], float]], *, labels: tuple[str, ...] = ()
) -> Metric:
    family = GaugeMetricFamily(PREFIX + name, words, labels=labels)
    for values, amount in samples:
        family.add_metric(values, amount)
    return family


def cumulative(histogram: Histogram, buckets: list[float]) -> list[tuple[str, float]]:
    bounds = [*(str(float(bound)) for bound in histogram.bounds), "+Inf"]
    return list(zip(bounds, accumulate(buckets), strict=True))


def text() -> bytes:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Everything())
    return generate_latest(registry)


def may_read(request: HttpRequest) -> bool:
    """Whoever has the token, or asks from one of the networks. Without either, nobody."""
    if settings.METRICS_TOKEN:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() == "bearer" and constant_time_compare(token.strip(), settings.METRICS_TOKEN):
            return True
    address = read_address(client_address(request) or "")
    return address is not None and any(address in ipaddress.ip_network(each) for each in settings.METRICS_NETWORKS)
