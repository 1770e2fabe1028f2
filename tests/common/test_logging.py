"""Saying something: with context, bound to the request or task at hand, for people and for machines."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery import shared_task
from celery.app.log import Logging
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import clear_url_caches, path
from hypothesis import given
from hypothesis import strategies as st

import config.urls
from accounts.models import User
from common.limits import counting_cache
from common.logging import ConsoleFormatter, JsonFormatter, bind, binding, entry_of, logger, time_of
from common.middleware import RequestIdMiddleware
from common.request_id import request_id
from config.celery import app


class Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        # Made at once, as every handler of ours does: what is bound is bound now.
        entry_of(record)
        self.records.append(record)

    def entries(self, name: str = "") -> list[dict[str, Any]]:
        return [entry for entry in map(entry_of, self.records) if entry["logger"].startswith(name)]


@pytest.fixture
def kept() -> Iterator[Kept]:
    handler, root = Kept(), logging.getLogger()
    root.addHandler(handler)
    yield handler
    root.removeHandler(handler)


def only(kept: Kept, name: str = "howtoai") -> dict[str, Any]:
    (entry,) = kept.entries(name)
    return entry


def test_context_is_given_as_keywords(kept: Kept) -> None:
    logger.error("Payment failed", user_id=7, error=ValueError("no money"), attempt=2)
    entry = only(kept)
    assert (entry["level"], entry["message"], entry["user_id"]) == ("error", "Payment failed", 7)
    assert entry["context"] == {"error": "no money", "attempt": 2}


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error", "critical"])
def test_there_are_five_levels(kept: Kept, level: str) -> None:
    logging.getLogger("howtoai").setLevel(logging.DEBUG)
    getattr(logger, level)("said")
    logging.getLogger("howtoai").setLevel(logging.NOTSET)
    assert only(kept)["level"] == level


def test_what_libraries_say_arrives_too(kept: Kept) -> None:
    logging.getLogger("some.library").warning("%s of %s", 1, 2, extra={"place": "here", "password": "x"})
    entry = only(kept, "some.library")
    assert (entry["message"], entry["context"]) == ("1 of 2", {"place": "here", "password": "[masked]"})


def test_arguments_that_do_not_fit_lose_nothing(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = entry_of(logging.makeLogRecord({"msg": "%d of %d", "args": ("one",), "levelname": "INFO"}))
    assert "%d of %d ('one',)" in entry["message"]


def test_a_value_of_another_kind_has_no_place_of_its_own(kept: Kept) -> None:
    logger.info("said", user_id="Ada", status="fine")
    assert only(kept)["context"] == {"user_id": "Ada", "status": "fine"}


def test_an_exception_is_told_without_its_secrets(kept: Kept) -> None:
    key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----"
    try:
        raise ValueError(f"password=correct-horse\n{key}")
    except ValueError:
        logger.exception("it failed")
    assert "ValueError: password=[masked]\n[masked]" in only(kept)["exception"]
    assert "MIIEvQIBADANBg" not in only(kept)["exception"]
    assert "test_an_exception_is_told" in only(kept)["exception"]


def test_what_is_bound_belongs_to_one_request() -> None:
    bind(user_id=1)  # nothing is going on: it is about nothing
    with binding(path="/a"):
        bind(user_id=2)
        with binding(path="/b"):
            assert "user_id" not in entry_of(logging.makeLogRecord({}))
        assert entry_of(logging.makeLogRecord({}))["user_id"] == 2
    assert "path" not in entry_of(logging.makeLogRecord({}))


def test_each_request_is_one_line_with_who_what_and_how(client: Client, learner: User, kept: Kept) -> None:
    client.force_login(learner)
    response = client.get("/billing/?secret=1")
    entry = only(kept, "howtoai.requests")
    assert entry["message"] == "GET /billing/: 200"
    assert (entry["user_id"], entry["method"], entry["path"]) == (learner.pk, "GET", "/billing/")
    assert (entry["status"], entry["request_id"]) == (200, response["X-Request-ID"])
    assert entry["duration_ms"] > 0


def test_probes_and_files_are_not_told(client: Client, db: None, kept: Kept) -> None:
    client.get("/healthz")
    client.get("/static/img/favicon.svg").close()
    assert kept.entries("howtoai.requests") == []


def test_a_failed_request_is_a_warning_beside_the_error(rf: RequestFactory, kept: Kept) -> None:
    def fail(request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=500)

    RequestIdMiddleware(fail)(rf.get("/x/"))
    assert only(kept, "howtoai.requests")["level"] == "warning"


def test_the_line_of_a_request_holds_no_secret_of_its_address(client: Client, db: None, kept: Kept) -> None:
    client.get("/unsubscribe/eyJ1Ijo1fQ:1abcde:0123456789/")
    entries = kept.entries()
    assert any("/unsubscribe/" in json.dumps(entry) for entry in entries)
    assert not any("0123456789" in json.dumps(entry) for entry in entries)


@login_not_required
def fail(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("nothing said of the address")


def test_what_django_says_of_a_request_leaves_out_the_query(
    db: None, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Google sends people back with a code in it."""
    monkeypatch.setattr(config.urls, "urlpatterns", [path("fails/", fail), *config.urls.urlpatterns])
    clear_url_caches()
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    assert client.get("/fails/?code=4/0AX-secret&state=abcdef").status_code == 500
    assert client.post("/accounts/login/?code=4/0AX-secret").status_code == 403
    monkeypatch.undo()
    clear_url_caches()
    (failed,), (refused,) = kept.entries("django.request"), kept.entries("django.security.csrf")
    assert (failed["method"], failed["path"], refused["path"]) == ("GET", "/fails/", "/accounts/login/")
    assert "0AX-secret" not in json.dumps(kept.entries())


@shared_task
def speak() -> None:
    logger.info("from the task")


def test_a_task_speaks_under_the_id_of_the_request_that_queued_it(kept: Kept) -> None:
    token = request_id.set("of-the-request")
    speak.delay()
    assert request_id.get() == "of-the-request"
    request_id.reset(token)
    entry = only(kept)
    assert (entry["request_id"], entry["task"]) == ("of-the-request", speak.name)


def test_the_id_goes_with_the_task_to_another_process(worker_elsewhere: None) -> None:
    token = request_id.set("of-the-request")
    speak.delay()
    request_id.reset(token)
    (message,) = counting_cache()._cache.get_client().lrange("celery", 0, -1)
    assert json.loads(message)["headers"]["request_id"] == "of-the-request"


def test_a_worker_keeps_our_handlers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Logging, "_setup", False)
    monkeypatch.setattr(logging.getLogger(), "handlers", list(logging.getLogger().handlers))
    before = list(logging.getLogger().handlers)
    app.log.setup_logging_subsystem(loglevel="INFO")
    assert logging.getLogger().handlers == before


@given(st.floats(0, 4_000_000_000))
def test_a_time_is_told_to_the_microsecond(moment: float) -> None:
    told = datetime.fromisoformat(time_of(moment))
    assert abs(told - datetime.fromtimestamp(moment, UTC)) <= timedelta(microseconds=1)
    assert len(time_of(moment)) == len("2026-11-30T06:20:40.000000+00:00")


def test_what_is_told_of_each_request_can_be_turned_off(client: Client, db: None, kept: Kept) -> None:
    logging.getLogger("howtoai.requests").setLevel(logging.ERROR)
    client.get("/billing/")
    logging.getLogger("howtoai.requests").setLevel(logging.NOTSET)
    assert kept.entries("howtoai.requests") == []


def test_machines_get_one_object_on_one_line() -> None:
    record = logging.makeLogRecord({"name": "x", "msg": "a\nb", "levelname": "INFO", "context": {"n": 1}})
    line = JsonFormatter().format(record)
    assert "\n" not in line
    told = json.loads(line)
    assert (told["message"], told["context"], told["logger"]) == ("a\nb", {"n": 1}, "x")
    assert next(iter(told)) == "time"


@pytest.mark.parametrize(("colours", "painted"), [(True, "\033[33mWARNING"), (False, "WARNING")])
def test_people_get_a_readable_one(colours: bool, painted: str) -> None:
    record = logging.makeLogRecord({"name": "x", "msg": "said", "levelname": "WARNING", "context": {"n": 1}})
    line = ConsoleFormatter(colours=colours).format(record)
    assert painted in line
    assert "said n=1" in line
    assert ("\033" in line) == colours
