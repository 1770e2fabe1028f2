"""The Celery application and everything that runs by the clock."""

import os
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import setup_logging

from config.signs import SignOfLife

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("howtoai")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["consumer"].add(SignOfLife)


@setup_logging.connect
def keep_our_logging(**_: Any) -> None:
    """That somebody listens is enough: else Celery puts its own handlers in the place of those in LOGGING."""


def runs(when: crontab, command: str, *arguments: str) -> dict[str, Any]:
    """The entry of a management command, so that an operator can run it by hand just as well; times are UTC."""
    return {"task": "ops.tasks.run_command", "schedule": when, "args": [command, *arguments]}


app.conf.beat_schedule = {
    "forget expired browser sessions": runs(crontab(hour="3", minute="10"), "clearsessions"),
    "erase accounts whose time has come": runs(crontab(minute="20"), "erase_accounts"),
    "forget old logins and exports": runs(crontab(hour="3", minute="40"), "forget_old_logins"),
    "count what people do": runs(crontab(), "roll_up_analytics", "--again", "30"),
    "look what is wrong": runs(crontab(), "check_system", "--catch-up"),
    "forget when commands ran": runs(crontab(hour="3", minute="20"), "forget_runs"),
    "resume lost exports": runs(crontab(minute="*/20"), "resume_exports"),
    "count the words of searches": runs(crontab(hour="4", minute="20"), "count_search_words"),
    "delete images that no text shows": runs(crontab(hour="2", minute="20"), "clean_images"),
    "forget what was told long ago": runs(crontab(hour="2", minute="30"), "forget_notifications"),
    "bring trust levels up to date": runs(crontab(hour="2", minute="40"), "raise_trust"),
    "send mail about notifications": runs(crontab(), "send_notifications"),
    # Before achievements are given out, which read what is counted.
    "count anew what drifted in the community": runs(crontab(hour="3", minute="50"), "check_counters", "--repair"),
    "give out achievements that are due": runs(crontab(hour="4", minute="0"), "award_achievements"),
    "apply what the providers told": runs(crontab(), "apply_events"),
    "follow subscriptions by the clock": runs(crontab(minute="*/10"), "follow_subscriptions"),
    "forget what the providers told long ago": runs(crontab(hour="2", minute="50"), "forget_events"),
    "copy Stripe's objects for staff": runs(crontab(minute="5-59/10"), "mirror_stripe"),
    # Last of the night, when what the others change is done. It only starts a process.
    "take a backup, prove it, and delete old ones": runs(crontab(hour="4", minute="40"), "backup", "--nightly"),
    # One that was sound when it was new may have rotted since.
    "prove that the oldest backup can still be restored": runs(
        crontab(day_of_week="sun", hour="5", minute="40"), "verify_backup", "--oldest", "--background"
    ),
    "look whether backups are in order": runs(crontab(minute="25"), "check_backups", "--exit-zero"),
    # It ends well before a task has to; the rest comes first the next night.
    "compare subscriptions with the providers": runs(
        crontab(hour="1", minute="30"), "reconcile_billing", "--seconds=360"
    ),
    # Each is told once; the later times are for those to whom it is still Sunday at the first.
    "tell staff of the week that is over": runs(
        crontab(day_of_week="mon", hour="6-12", minute="10"), "send_weekly_analytics"
    ),
    "tell of metrics that are not as they should be": runs(crontab(minute="3-59/5"), "check_metrics"),
    "archive days of the log that are over for long": runs(crontab(hour="0", minute="40"), "archive_logs"),
}
