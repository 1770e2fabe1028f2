"""/metrics tells what happened, and only those who may read it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery import current_app
from celery.signals import task_postrun, task_prerun
from django.core.cache import cache
from django.core.mail import EmailMultiAlternatives
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from accounts.models import User
from common import metrics
from common.mail import queue
from common.metrics import Tally
from config.env import BASE_DIR
from ops import problems
from ops.gateways.backups import receiver, server
from ops.metrics.tasks import longest
from ops.models import Alarm, ScheduledRun
from ops.tasks import run_command
from tests.brokers import valkey_away
from tests.community.members import make_category, make_post
from tests.config.processes import wait_until
from tests.postbox import Postbox
from tutorials.models import Tutorial

TOKEN = "a-token-for-prometheus"


@pytest.fixture(autouse=True)
def nothing_counted(settings: Any) -> Iterator[None]:
    settings.METRICS_TOKEN = TOKEN
    Tally.counts.clear()
    yield
    Tally.counts.clear()


class Scraped:
    """Each sample by its name and the values of its labels, in any order."""

    def __init__(self, text: str) -> None:
        self.samples = {
            frozenset((sample.name, *sample.labels.values())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def __getitem__(self, words: str | tuple[str, ...]) -> float:
        return self.samples[frozenset((words,) if isinstance(words, str) else words)]

    def __contains__(self, words: tuple[str, ...]) -> bool:
        return frozenset(words) in self.samples


def scraped(client: Client) -> Scraped:
    metrics.flush()
    answer = client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    return Scraped(answer.content.decode())


def test_requests_are_counted_by_view_method_and_class(visitor: Client, tutorial: Tutorial) -> None:
    visitor.get(f"/tutorials/{tutorial.slug}/")
    visitor.get("/tutorials/there-is-none/")
    visitor.get("/nowhere/")
    found = scraped(visitor)
    view = "tutorials:detail"
    assert found["howtoai_http_requests_total", view, "GET", "2xx"] == 1
    assert found["howtoai_http_requests_total", view, "GET", "4xx"] == 1
    assert found["howtoai_http_requests_total", "none", "GET", "4xx"] == 1


def test_no_label_is_made_of_what_somebody_sends(visitor: Client, db: None) -> None:
    visitor.generic("BREW", "/a/path/of/mine/?and=words")
    metrics.flush()
    answer = visitor.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"}).content.decode()
    assert 'method="other"' in answer
    assert "BREW" not in answer
    assert "mine" not in answer


def test_time_and_queries_of_a_request_are_distributions(visitor: Client, tutorial: Tutorial) -> None:
    # One that is not kept.
    address = "/tutorials/?tag=prompting"
    for _ in range(3):
        visitor.get(address)
    found = scraped(visitor)
    assert found["howtoai_http_request_seconds_count", "tutorials:list"] == 3
    assert found["howtoai_http_request_seconds_bucket", "tutorials:list", "+Inf"] == 3
    assert found["howtoai_http_request_seconds_sum", "tutorials:list"] > 0
    with CaptureQueriesContext(connection) as captured:
        visitor.get(address)
    assert found["howtoai_http_request_queries_sum", "tutorials:list"] == 3 * len(captured) > 0


def test_buckets_are_cumulative(visitor: Client, db: None) -> None:
    for seconds in (0.001, 0.002, 0.3, 100):
        metrics.REQUEST_SECONDS.observe(seconds, "x")
    found = scraped(visitor)
    name = "howtoai_http_request_seconds_bucket"
    assert [found[name, "x", bound] for bound in ("0.002", "0.25", "0.5", "10.0", "+Inf")] == [2, 2, 3, 3, 4]
    assert found["howtoai_http_request_seconds_sum", "x"] == pytest.approx(100.303)


def test_reads_of_the_cache_are_hits_and_misses(visitor: Client, db: None) -> None:
    cache.get("x")
    cache.set("x", None)
    assert cache.get("x", "default") is None
    assert cache.get("y", "default") == "default"
    found = scraped(visitor)
    assert found["howtoai_cache_reads_total", "hit"] == 1
    assert found["howtoai_cache_reads_total", "miss"] == 2


@pytest.mark.django_db
def test_tasks_are_counted_by_how_they_end(visitor: Client) -> None:
    run_command.apply(args=("clearsessions",))
    run_command.apply(args=("flush",))
    found = scraped(visitor)
    assert found["howtoai_tasks_total", "ops.tasks.run_command", "success"] == 1
    assert found["howtoai_tasks_total", "ops.tasks.run_command", "failure"] == 1
    assert found["howtoai_task_seconds_count", "ops.tasks.run_command"] == 2


@pytest.mark.django_db(transaction=True)
def test_mails_are_counted(visitor: Client, postbox: Postbox) -> None:
    postbox.answers = ["250 taken", "550 no"]
    for _ in range(2):
        queue(EmailMultiAlternatives("x", "x", to=["x@howtoai.example"]), name="x")
    found = scraped(visitor)
    assert found["howtoai_mails_total", "sent"] == 1
    assert found["howtoai_mails_total", "given up"] == 1


@pytest.mark.django_db
def test_the_age_of_commands_and_what_waits_is_told(visitor: Client) -> None:
    now = timezone.now()
    hour_ago = now - timedelta(hours=1)
    ScheduledRun.objects.create(
        command="apply_events", slot=hour_ago, task_id="x", begun_at=hour_ago, ended_at=hour_ago
    )
    metrics.valkey().rpush("celery", "a", "b")
    found = scraped(visitor)
    assert found["howtoai_command_age_seconds", "apply_events"] == pytest.approx(3600, abs=60)
    assert found["howtoai_command_late", "apply_events"] == 1
    # Never run yet: it may be new.
    assert found["howtoai_command_late", "clearsessions"] == 0
    assert found["howtoai_queue_tasks", "waiting"] == 2
    assert 0 < found["howtoai_disk_used_ratio", "VAR_DIR"] < 1


@pytest.mark.django_db
def test_each_problem_that_lasts_is_told_by_its_key(visitor: Client) -> None:
    now = timezone.now()
    Alarm.objects.create(key="backup:verdict", text="It could not be proven.", begun_at=now)
    Alarm.objects.create(key="late:apply_events", text="It is late.", begun_at=now)
    Alarm.objects.create(key="backup:failed", text="It failed.", begun_at=now, ended_at=now)
    found = scraped(visitor)
    assert found["howtoai_problem", "backup:verdict"] == 1
    assert found["howtoai_problem", "late:apply_events"] == 1
    assert ("howtoai_problem", "backup:failed") not in found


@pytest.mark.django_db
def test_the_log_that_is_kept_for_a_receiver_is_told(visitor: Client) -> None:
    assert ("howtoai_wal_kept_bytes",) not in scraped(visitor)
    with server.connected() as conn:
        receiver.make_slot(conn)
        try:
            conn.execute("SELECT pg_logical_emit_message(true, 'x', repeat('x', 100000))")
            assert scraped(visitor)["howtoai_wal_kept_bytes"] >= 100_000
        finally:
            receiver.drop_slot(conn)


def test_living_processes_say_what_memory_they_hold(visitor: Client, db: None) -> None:
    reporters = [metrics.Reporter("web"), metrics.Reporter("web"), metrics.Reporter("worker")]
    for reporter in reporters:
        reporter.say()
    found = scraped(visitor)
    assert found["howtoai_processes", "web"] == 2
    assert found["howtoai_process_memory_bytes", "worker"] > 10_000_000
    reporters[0].end()
    assert scraped(visitor)["howtoai_processes", "web"] == 1


def test_a_process_hands_on_what_it_has_counted_and_goes_with_the_rest(visitor: Client, db: None) -> None:
    reporter = metrics.Reporter("worker")
    metrics.MAILS.add("sent")
    # One round, since the end is there already.
    reporter.stopped.set()
    reporter.run()
    assert metrics.sums() == {("mails", "sent"): 1}
    assert [process.kind for process in metrics.processes()] == ["worker"]
    metrics.MAILS.add("sent")
    reporter.end()
    assert metrics.sums() == {("mails", "sent"): 2}
    assert metrics.processes() == []


def test_what_another_release_says_of_itself_is_understood_as_far_as_it_goes(visitor: Client, db: None) -> None:
    metrics.valkey().set(f"{metrics.PROCESS}newer", '{"kind": "web", "memory": 5, "threads": 2}')
    metrics.valkey().set(f"{metrics.PROCESS}older", '{"kind": "worker"}')
    found = scraped(visitor)
    assert found["howtoai_process_memory_bytes", "web"] == 5
    assert found["howtoai_process_memory_bytes", "worker"] == 0


def test_what_hands_on_lives_on_whatever_happens(
    db: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(metrics, "FLUSH_SECONDS", 0.01)
    with valkey_away("nonsense://"):
        metrics.MAILS.add("sent")
        reporter = metrics.Reporter("web")
        thread = threading.Thread(target=reporter.run)
        thread.start()
        assert wait_until(lambda: "metrics cannot be handed on" in caplog.text)
    assert wait_until(lambda: metrics.sums() == {("mails", "sent"): 1})
    reporter.stopped.set()
    thread.join()
    # Once, not each time.
    assert caplog.text.count("metrics cannot be handed on") == 1


def test_a_worker_that_forks_loses_nothing_of_children_that_end(worker_elsewhere: None) -> None:
    for _ in range(3):
        run_command.delay("flush")
    command = [sys.executable, "-m", "celery", "-A", "config", "worker", "--pool=prefork", "--concurrency=1"]
    worker = subprocess.Popen(
        [*command, "--max-tasks-per-child=1", "--without-mingle", "--without-gossip"],
        cwd=BASE_DIR,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_POOL": "false"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        refused = ("tasks", "ops.tasks.run_command", "failure")
        assert wait_until(lambda: metrics.sums().get(refused) == 3, seconds=60)
    finally:
        worker.terminate()
        worker.wait()


# Of two threads one hangs, in a task that is there for that.
HANGS = """
import sys, time
from config.celery import app
@app.task(name="hangs")
def hangs():
    time.sleep(600)
app.worker_main(sys.argv[1:])
"""


def test_a_task_that_hangs_in_a_thread_is_named_while_others_go_on(
    worker_elsewhere: None, visitor: Client, db: None, settings: Any
) -> None:
    current_app.send_task("hangs")
    run_command.delay("flush")
    options = ["worker", "--pool=threads", "--concurrency=2", "--without-mingle", "--without-gossip"]
    worker = subprocess.Popen(
        [sys.executable, "-c", HANGS, *options],
        cwd=BASE_DIR,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert wait_until(lambda: any(process.task == "hangs" for process in metrics.processes()), seconds=60)
        assert wait_until(lambda: metrics.sums().get(("tasks", "ops.tasks.run_command", "failure")) == 1)
        assert scraped(visitor)["howtoai_task_at_work_seconds", "hangs"] > 0
        assert "worker:task" not in {problem.key for problem in problems.problems()}
        settings.CELERY_TASK_TIME_LIMIT = 0
        (problem,) = [problem for problem in problems.problems() if problem.key == "worker:task"]
        assert problem.text.startswith("A worker has had hangs in work for ")
    finally:
        worker.kill()
        worker.wait()
        # Nobody else is to get what it had in work.
        metrics.valkey().flushdb()


def test_a_task_in_work_has_the_name_of_its_command_and_is_forgotten_at_its_end() -> None:
    task_prerun.send(sender=run_command, task_id="x", task=run_command, args=("clearsessions",))
    assert longest()["task"] == "ops.tasks.run_command clearsessions"
    task_postrun.send(sender=run_command, task_id="x", task=run_command, state="SUCCESS")
    assert longest() == {}


def test_counts_of_several_processes_are_added(visitor: Client, db: None) -> None:
    for _ in range(2):
        metrics.MAILS.add("sent")
        metrics.flush()
        metrics.flush()
    assert scraped(visitor)["howtoai_mails_total", "sent"] == 2


def test_what_is_counted_while_valkey_is_away_is_not_lost(
    visitor: Client, db: None, caplog: pytest.LogCaptureFixture
) -> None:
    with valkey_away():
        metrics.MAILS.add("sent")
        metrics.flush()
        metrics.MAILS.add("sent")
        metrics.flush()
        away = scraped(visitor)
    assert (away["howtoai_up", "valkey"], away["howtoai_up", "database"]) == (0, 1)
    # Once, not each time.
    assert sum("metrics wait" in record.message for record in caplog.records) == 1
    found = scraped(visitor)
    assert found["howtoai_mails_total", "sent"] == 2
    assert found["howtoai_up", "valkey"] == 1


ASK = """
import warnings
warnings.simplefilter("ignore")
import django
django.setup()
from django.test import Client
print(Client(headers={"host": "10.0.0.7", "authorization": "Bearer x"}).get("/metrics").content.decode())
"""


def test_without_a_database_the_rest_is_told() -> None:
    nowhere = "postgres://howtoai@/howtoai?host=" + os.environ["VAR_DIR"]
    environment = {"DATABASE_URL": nowhere, "METRICS_TOKEN": "x", "DJANGO_SETTINGS_MODULE": "tests.settings"}
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=BASE_DIR,
        # Of a command: its log is no part of what it says.
        env=os.environ | environment | {"RUNS_COMMAND": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = Scraped(done.stdout)
    assert (found["howtoai_up", "database"], found["howtoai_up", "valkey"]) == (0, 1)
    assert found["howtoai_queue_tasks", "waiting"] == 0


def test_each_day_has_sums_of_its_own(db: None) -> None:
    metrics.REQUEST_SECONDS.observe(0.1, "x")
    metrics.flush()
    today = datetime.now(UTC)
    assert metrics.sums_of_day(today)["http_request_seconds", "x", "sum"] == pytest.approx(0.1)
    assert metrics.sums_of_day(today - timedelta(days=1)) == {}


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer ä"]
)
def test_a_stranger_finds_nothing_at_this_address(visitor: Client, db: None, authorization: str) -> None:
    answer = visitor.get("/metrics", headers={"authorization": authorization})
    assert answer.status_code == 404
    assert b"howtoai_" not in answer.content


def test_an_empty_token_opens_nothing(visitor: Client, db: None, settings: Any) -> None:
    settings.METRICS_TOKEN = ""
    assert visitor.get("/metrics", headers={"authorization": "Bearer "}).status_code == 404


def test_staff_have_a_page_of_their_own_and_not_this(client: Client, admin: User) -> None:
    client.force_login(admin)
    assert client.get("/metrics").status_code == 404


def test_those_of_a_named_network_need_no_token(visitor: Client, db: None, settings: Any) -> None:
    settings.METRICS_NETWORKS = ["10.0.0.0/8", "fd00::/8"]
    for address, status in (("10.1.2.3", 200), ("fd00::1", 200), ("11.1.2.3", 404), ("::ffff:10.1.2.3", 200)):
        assert visitor.get("/metrics", REMOTE_ADDR=address).status_code == status
    # Not what a client claims of itself.
    assert visitor.get("/metrics", REMOTE_ADDR="11.1.2.3", headers={"x-forwarded-for": "10.1.2.3"}).status_code == 404


def test_prometheus_may_ask_by_address(visitor: Client, db: None) -> None:
    answer = visitor.get("/metrics", headers={"authorization": f"Bearer {TOKEN}", "host": "10.0.0.7:8000"})
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_a_scrape_asks_the_database_little_however_much_there_is(
    visitor: Client, learner: User, django_assert_max_num_queries: Any
) -> None:
    make_post(author=learner, category=make_category("Prompting"))
    with django_assert_max_num_queries(10):
        scraped(visitor)
