"""The Celery application and everything that runs by the clock."""

import os
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("howtoai")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logging(**_: Any) -> None:
    """That somebody listens is enough: else Celery puts its own handlers in the place of those in LOGGING."""


# Periodic work is a management command, so that an operator can run it by hand just as well.
app.conf.beat_schedule = {
    "forget expired browser sessions": {
        "task": "ops.tasks.run_command",
        "schedule": crontab(hour="3", minute="10"),
        "args": ["clearsessions"],
    },
    "erase accounts whose time has come": {
        "task": "ops.tasks.run_command",
        "schedule": crontab(minute="20"),
        "args": ["erase_accounts"],
    },
    "forget old logins and exports": {
        "task": "ops.tasks.run_command",
        "schedule": crontab(hour="3", minute="40"),
        "args": ["forget_old_logins"],
    },
    "look what is wrong": {
        "task": "ops.tasks.run_command",
        "schedule": crontab(),
        "args": ["check_system", "--catch-up"],
    },
    "forget when commands ran": {
        "task": "ops.tasks.run_command",
        "schedule": crontab(hour="3", minute="20"),
        "args": ["forget_runs"],
    },
    "resume lost exports": {
        "task": "ops.tasks.run_command",
        "schedule": crontab(minute="*/20"),
        "args": ["resume_exports"],
    },
    "count the words of searches": {
        "task": "ops.tasks.run_command",
        "schedule": crontab(hour="4", minute="20"),
        "args": ["count_search_words"],
    },
    "delete images that no text shows": {
        "task": "ops.tasks.run_command",
        "schedule": crontab(hour="2", minute="20"),
        "args": ["clean_images"],
    },
    "forget what was told long ago": {
        "task": "ops.tasks.run_command",
        "schedule": crontab(hour="2", minute="30"),
        "args": ["forget_notifications"],
    },
    "bring trust levels up to date": {
        "task": "ops.tasks.run_command",
        "schedule": crontab(hour="2", minute="40"),
        "args": ["raise_trust"],
    },
    "send mail about notifications": {
        "task": "ops.tasks.run_command",
        "schedule": crontab(),
        "args": ["send_notifications"],
    },
    # Before achievements are given out, which read what is counted.
    "count anew what drifted in the community": {
        "task": "ops.tasks.run_command",
        "schedule": crontab(hour="3", minute="50"),
        "args": ["check_counters", "--repair"],
    },
    "give out achievements that are due": {
        "task": "ops.tasks.run_command",
        "schedule": crontab(hour="4", minute="0"),
        "args": ["award_achievements"],
    },
    "apply what the providers told": {
        "task": "ops.tasks.run_command",
        "schedule": crontab(),
        "args": ["apply_events"],
    },
    "follow subscriptions by the clock": {
        "task": "ops.tasks.run_command",
        "schedule": crontab(minute="*/10"),
        "args": ["follow_subscriptions"],
    },
    "forget what the providers told long ago": {
        "task": "ops.tasks.run_command",
        "schedule": crontab(hour="2", minute="50"),
        "args": ["forget_events"],
    },
    "copy Stripe's objects for staff": {
        "task": "ops.tasks.run_command",
        "schedule": crontab(minute="5-59/10"),
        "args": ["mirror_stripe"],
    },
    # Last of the night, when what the others change is done. It only starts a process.
    "take a backup, prove it, and delete old ones": {
        "task": "ops.tasks.run_command",
        "schedule": crontab(hour="4", minute="40"),
        "args": ["backup", "--nightly"],
    },
    "look whether backups are in order": {
        "task": "ops.tasks.run_command",
        "schedule": crontab(minute="25"),
        "args": ["check_backups", "--exit-zero"],
    },
    # It ends well before a task has to; the rest comes first the next night.
    "compare subscriptions with the providers": {
        "task": "ops.tasks.run_command",
        "schedule": crontab(hour="1", minute="30"),
        "args": ["reconcile_billing", "--seconds=360"],
    },
    "archive days of the log that are over for long": {
        "task": "ops.tasks.run_command",
        "schedule": crontab(hour="0", minute="40"),
        "args": ["archive_logs"],
    },
}
