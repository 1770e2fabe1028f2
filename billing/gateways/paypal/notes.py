"""Why a subscription is suspended or over, written where PayPal keeps it.

That is the note of its status, which is written only as the status changes. A reason that comes later stands behind our
key in its `custom_id`, and is good as long as it is suspended.
"""

from __future__ import annotations

import re
from datetime import datetime

from billing.gateways.paypal.client import Thing, moment, stamp

AT_PERIOD_END = "Cancelled by the member at the end of the paid time."
AT_ONCE = "Ended at once by the platform."
GOES_ON = "It goes on."
UNTIL = re.compile(r"Paused by the member until (\S+Z)\.")


def reason_of(subscription: Thing) -> str:
    """The one that was given last; empty if there is none."""
    later = custom_parts(subscription)[1] if subscription["status"] == "SUSPENDED" else ""
    return later or str(subscription.get("status_change_note", ""))


def custom_parts(subscription: Thing) -> tuple[str, str]:
    """Our key, and the reason that came later; empty where there is none."""
    key, _, reason = subscription.get("custom_id", "").partition(" ")
    return key, reason


def until_note(until: datetime) -> str:
    return f"Paused by the member until {stamp(until)}."


def paused_until(note: str) -> datetime | None:
    """When a pause ends; None for any other note."""
    found = UNTIL.fullmatch(note)
    return moment(found[1]) if found else None
