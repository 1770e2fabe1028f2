"""What somebody was shown before they say yes: it comes back with their yes, signed, and nothing else is charged."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.core import signing
from django.core.exceptions import ValidationError

from billing.gateways.base import Preview

if TYPE_CHECKING:
    from accounts.models import User

SALT = "billing.agreement"
GOOD_FOR = timedelta(minutes=15)
TOO_OLD = "What it costs was reckoned a while ago. Look at it again."


def seal(preview: Preview, *, user: User, plan: str, interval: str) -> str:
    """The preview as a text that only this member can send back, for this change, within 15 minutes."""
    said = asdict(preview) | {
        "at": preview.at.isoformat(),
        "next_payment_at": preview.next_payment_at.isoformat(),
    }
    return signing.dumps([user.pk, plan, interval, said], salt=SALT)


def unseal(agreed: str, *, user: User, plan: str, interval: str) -> Preview:
    """Raises ValidationError on `agreed`."""
    try:
        *about, said = signing.loads(agreed, salt=SALT, max_age=GOOD_FOR)
    except signing.BadSignature:
        about, said = [], {}
    if about != [user.pk, plan, interval]:
        raise ValidationError({"agreed": ValidationError(TOO_OLD, code="too_old")})
    times = {name: datetime.fromisoformat(said[name]) for name in ("at", "next_payment_at")}
    return Preview(**said | times)
