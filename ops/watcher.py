"""The web server looks after the clock: where worker or beat are silent, nobody else would tell of it."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

from django.db import Error, connection
from django.utils import timezone

from ops import maintenance
from ops.models import ScheduledRun
from ops.services import watching

logger = logging.getLogger(__name__)

EVERY = 60.0  # seconds
SILENT_AFTER = timedelta(minutes=3)
CHECK = "check_system"


def begin() -> None:
    threading.Thread(target=watch, args=(threading.Event(),), name="watcher", daemon=True).start()


def watch(ended: threading.Event) -> None:
    was_silent = False
    while not ended.wait(EVERY):
        try:
            was_silent = look(was_silent)
        except Error as error:
            logger.error("the system cannot be checked without its database: %s", error)
        except Exception:
            # Whatever it is, it may be over in a minute; nothing would start this thread again.
            logger.exception("the system cannot be checked")
        finally:
            connection.close()


def look(was_silent: bool) -> bool:
    """Whether the clock has not checked the system for three minutes. The second time in a row it is done here.

    Not the first time: after maintenance, or a start of everything, the clock needs a minute. Raises django.db.Error.
    """
    if maintenance.current() is not None:
        return False
    newest = ScheduledRun.objects.filter(command=CHECK).order_by("-slot").first()
    is_silent = newest is None or timezone.now() - newest.begun_at > SILENT_AFTER
    if is_silent and was_silent:
        watching.check()
    return is_silent
