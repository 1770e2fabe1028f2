"""Beat runs management commands, and only those that are meant for it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import BrowserSession
from config.celery import app
from ops.models import ScheduledRun
from ops.tasks import PERIODIC_COMMANDS, run_command
from tests.at_once import alone, wait_until_somebody_waits


@pytest.mark.django_db
def test_a_periodic_command_does_its_work() -> None:
    BrowserSession.objects.create(session_key="old", session_data="", expire_date=timezone.now() - timedelta(days=1))
    BrowserSession.objects.create(session_key="new", session_data="", expire_date=timezone.now() + timedelta(days=1))
    run_command("clearsessions")
    assert list(BrowserSession.objects.values_list("session_key", flat=True)) == ["new"]


# Of a table that the command writes to: it refuses whoever is in a hurry.
REFUSE_HURRY = """
CREATE FUNCTION refuse_hurry() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF current_setting('statement_timeout') <> '0' THEN
        RAISE 'a day of the log takes longer than %', current_setting('statement_timeout');
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER refuse_hurry BEFORE DELETE ON accounts_browsersession FOR EACH ROW EXECUTE FUNCTION refuse_hurry();
"""


@pytest.mark.django_db(transaction=True)
def test_its_statements_may_take_their_time() -> None:
    BrowserSession.objects.create(session_key="old", session_data="", expire_date=timezone.now() - timedelta(days=1))
    with connection.cursor() as cursor:
        cursor.execute(REFUSE_HURRY)
    try:
        run_command("clearsessions")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION refuse_hurry CASCADE")
    assert not BrowserSession.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("15s",)


def test_any_other_command_is_refused() -> None:
    with pytest.raises(ValueError, match="flush is not a periodic command"):
        run_command("flush", "--noinput")


def test_all_that_beat_runs_is_allowed() -> None:
    entries = app.conf.beat_schedule.values()
    assert {entry["task"] for entry in entries} == {"ops.tasks.run_command"}
    assert {entry["args"][0] for entry in entries} == PERIODIC_COMMANDS


@pytest.mark.django_db(transaction=True)
def test_a_message_that_is_delivered_again_runs_nothing_beside_the_first() -> None:
    """As after a quarter of an hour, when the broker takes its worker for dead."""
    BrowserSession.objects.create(session_key="old", session_data="", expire_date=timezone.now() - timedelta(days=1))

    def deliver() -> None:
        alone(lambda: run_command.apply(("clearsessions",), task_id="the same", throw=True))

    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            # It waits for this one.
            BrowserSession.objects.select_for_update().get()
            first = pool.submit(deliver)
            wait_until_somebody_waits()
            begun = ScheduledRun.objects.get().begun_at
            pool.submit(deliver).result(timeout=4)
            assert (ScheduledRun.objects.get().begun_at, first.done()) == (begun, False)
        first.result(timeout=20)
    assert ScheduledRun.objects.get().is_done
    assert not BrowserSession.objects.exists()


def test_what_a_dead_worker_had_is_done_by_another() -> None:
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost
    assert app.conf.accept_content == ["json"]
