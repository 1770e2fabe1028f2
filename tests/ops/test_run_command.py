"""Beat runs management commands, and only those that are meant for it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import BrowserSession
from config.celery import app
from ops.tasks import PERIODIC_COMMANDS, run_command


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


def test_no_task_can_outlive_its_place_in_the_queue() -> None:
    """A task that runs longer than the visibility timeout would be started a second time."""
    assert app.conf.broker_transport_options["visibility_timeout"] > app.conf.task_time_limit
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost
    assert app.conf.accept_content == ["json"]
