"""What goes on while nobody asks: what is due happens, and the state is kept in a file."""

from __future__ import annotations

import json
import logging
import threading
from dataclasses import asdict
from datetime import datetime, timedelta
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

from counterparts import settings
from counterparts.webhooks import Event
from counterparts.world import world

logger = logging.getLogger(__name__)

BEAT = 1  # seconds


def keep_going() -> None:
    """Begin where the last process stopped, and let time pass from now on."""
    if settings.STATE_FILE:
        restore(Path(settings.STATE_FILE))
        # Not atexit, which a worker of granian's leaves out.
        Finalize(None, save, args=(Path(settings.STATE_FILE),), exitpriority=0)
    threading.Thread(target=let_time_pass, name="time", daemon=True).start()


def let_time_pass() -> None:
    pause = threading.Event()
    while not pause.wait(BEAT):
        try:
            with world.lock:
                world.agenda.run_due()
            if settings.STATE_FILE and world.has_changed:
                save(Path(settings.STATE_FILE))
        except Exception:
            logger.exception("What was due did not happen.")


def save(path: Path) -> None:
    with world.lock:
        world.has_changed = False
        kept = json.dumps(shown_world())
    unfinished = path.with_suffix(".new")
    unfinished.write_text(kept)
    unfinished.replace(path)


def shown_world() -> dict[str, Any]:
    clock = world.clock
    return {
        "clock": {
            "ahead": clock.ahead.total_seconds(),
            "wall_ahead": clock.wall_ahead.total_seconds(),
            "stopped_at": clock.stopped_at.isoformat() if clock.stopped_at else None,
        },
        "things": world.things,
        "answers": world.answers,
        "agenda": [(at.isoformat(), name, subject) for at, _, name, subject in sorted(world.agenda.entries)],
        "mode": world.outbox.mode,
        "events": [asdict(event) for event in world.outbox.shown()],
    }


def restore(path: Path) -> None:
    """What `save` wrote; nothing if there is no such file."""
    if not path.exists():
        return
    kept = json.loads(path.read_text())
    with world.lock:
        world.forget()
        clock = kept["clock"]
        world.clock.ahead = timedelta(seconds=clock["ahead"])
        world.clock.wall_ahead = timedelta(seconds=clock["wall_ahead"])
        world.clock.stopped_at = datetime.fromisoformat(clock["stopped_at"]) if clock["stopped_at"] else None
        for kind, things in kept["things"].items():
            world.things[kind] = things
        world.answers.update(kept["answers"])
        for at, name, subject in kept["agenda"]:
            world.agenda.add(datetime.fromisoformat(at), name, subject)
        world.outbox.mode = kept["mode"]
        for event in kept["events"]:
            world.outbox.events[event["id"]] = Event(**event)
