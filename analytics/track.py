"""Count what somebody has done, in one line: `from analytics import track`, then `track.feature(user.pk, "search")`.

Within a request the event also gets the visitor, and among whom they count; and nothing is counted of whoever is kept
out. An event leaves when the transaction in progress is committed, and never if it is not. Nothing in here raises: a
call that is wrong is an error in the log. docs/analytics.md defines each name.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial, wraps
from typing import Any, ParamSpec

from django.db import transaction

from analytics import visits
from analytics.events import NOBODY_KNOWN, Event, Name
from analytics.pipeline import collect

logger = logging.getLogger(__name__)
P = ParamSpec("P")


def never_raises(function: Callable[P, None]) -> Callable[P, None]:
    @wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            function(*args, **kwargs)
        except Exception:
            # Whatever it is, no deed may fail for being counted.
            logger.exception("an event was not counted: track.%s was called wrongly", function.__name__)

    return wrapper


@never_raises
def page_view(user_id: int | None, path: str, /, **properties: Any) -> None:
    """`path` begins with a slash and has no query. Pages of ours are counted by the middleware already."""
    if not path.startswith("/"):
        raise ValueError(f"a path begins with a slash: {path!r}")
    count(Name.PAGE_VIEW, user_id, path, properties)


@never_raises
def tutorial_progress(
    user_id: int, tutorial: str, fraction: float, seconds: float, block: str = "", **properties: Any
) -> None:
    """`fraction`: how far they are now, from 0 to 1; `seconds`: since the progress before; `block`: the one reached.

    Beside it `before`, the fraction before, `started`, whether this is their first progress here, and `total` seconds.
    """
    if not 0 <= fraction <= 1 or seconds < 0:
        raise ValueError(f"a fraction is from 0 to 1, and time does not go back: {fraction}, {seconds}")
    told = {"fraction": round(fraction, 4), "seconds": round(seconds), **({"block": block} if block else {})}
    count(Name.TUTORIAL_PROGRESS, user_id, tutorial, told | properties)


@never_raises
def feature(user_id: int | None, name: str, /, **properties: Any) -> None:
    count(Name.FEATURE, user_id, named(name), properties)


@never_raises
def engagement(user_id: int, deed: str, /, **properties: Any) -> None:
    """`deed` in the community, such as "post" or "like"."""
    count(Name.ENGAGEMENT, user_id, named(deed), properties)


@never_raises
def subscription(user_id: int, what: str, /, **properties: Any) -> None:
    """`what` became of it, such as "started" or "cancelled"."""
    count(Name.SUBSCRIPTION, user_id, named(what), properties)


@never_raises
def sign_up(user_id: int, /, **properties: Any) -> None:
    count(Name.SIGN_UP, user_id, "", properties)


def named(word: str) -> str:
    """Raises ValueError for an empty one."""
    if not word:
        raise ValueError("what is counted has a name")
    return word


def count(name: Name, user_id: int | None, subject: str, properties: dict[str, Any]) -> None:
    visit = visits.current.get()
    if visit is not None and visit.kept_out:
        return
    event = Event(
        name=name.value,
        subject=subject,
        user_id=user_id,
        visitor=visit.visitor if visit else None,
        audience=visit.audience if visit else NOBODY_KNOWN,
        properties=properties,
    )
    # Asked only if there is one: on_commit would make a connection, and there may be no database.
    if transaction.get_connection().in_atomic_block:
        transaction.on_commit(partial(collect, event), robust=True)
    else:
        collect(event)
