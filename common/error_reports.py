"""Telling Sentry, or what speaks its language, of errors: only with SENTRY_DSN, and scrubbed as logs are."""

from __future__ import annotations

from typing import Any

from common.logging import REQUEST, bound
from common.request_id import request_id
from common.scrubbing import DEEPEST, scrub

# Levels of a report, of which the frames of an exception lie deep; other texts are cut as in a log.
LEVELS = 20


def start(dsn: str, *, release: str, environment: str) -> None:
    """Loading it takes half a second, so it is loaded only here. Raises sentry_sdk.utils.BadDsn."""
    import sentry_sdk

    sentry_sdk.init(
        dsn=dsn,
        release=release,
        environment=environment,
        before_send=report,
        before_breadcrumb=lambda crumb, _hint: scrubbed(without_query(crumb, "data")),
        # What is in a variable, or was sent to us, may be anything.
        include_local_variables=False,
        max_request_body_size="never",
        send_default_pii=False,
        # Errors only: how fast we are is counted by ourselves, and nobody's visits are counted elsewhere.
        traces_sample_rate=None,
        auto_session_tracking=False,
        send_client_reports=False,
        propagate_traces=False,
    )


def report(event: Any, _hint: Any) -> Any:
    """The event as it is sent, with what is known of the request or task, and without the query of its address."""
    about = bound.get() or {}
    event["tags"] = {**(event.get("tags") or {}), "request_id": request_id.get()}
    if "user_id" in about:
        event["user"] = {"id": about["user_id"]}
    (event.get("request") or {}).pop("query_string", None)
    sent: Any = scrubbed(without_query(event, "extra"))
    return sent


def without_query(told: Any, place: str) -> Any:
    """Without the request that Django's own records bring along."""
    (told.get(place) or {}).pop(REQUEST, None)
    return told


def scrubbed(told: Any) -> Any:
    return scrub(told, DEEPEST - LEVELS)
