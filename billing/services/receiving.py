"""Keeping what the providers tell us: verified, stored, and only then looked at by a worker."""

from __future__ import annotations

import hashlib
import json
import logging
import math
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.db import IntegrityError, transaction

from billing.gateways import gateway_of
from billing.gateways.base import Forged, News
from billing.models import ProviderEvent
from billing.tasks import apply_events
from common.queueing import ring

logger = logging.getLogger(__name__)

BELLS = 4  # the threads of a worker: while a provider is slow about one subscription, others go on
LONGEST_KIND = 100
LONGEST_NAME = 255
# How many others still wait for it: another each time that Stripe sends it.
VOLATILE = frozenset({"pending_webhooks"})


def receive(provider: str, body: bytes, headers: Mapping[str, str]) -> ProviderEvent | None:
    """Keep an event and have a worker apply it; None if we have it already. Raises Forged."""
    event = keep(provider, gateway_of(provider).read_webhook(body, headers))
    if event is not None:
        ring(apply_events, bells=BELLS, otherwise="a provider's event waits for the next minute")
    return event


def keep(provider: str, news: News) -> ProviderEvent | None:
    """None if there is one with its id: each counts once, and the first one counts.

    Raises Forged for what the provider said and cannot be kept.
    """
    require_names(provider, news)
    try:
        digest, body = digest_of(news), storable(news.body)
    except RecursionError:
        raise unkeepable(provider, "nested too deeply") from None
    try:
        with survivable():
            return ProviderEvent.objects.create(
                provider=provider,
                event_id=news.event_id,
                kind=storable_text(news.kind)[:LONGEST_KIND],
                subject=news.subject,
                happened_at=news.happened_at,
                body=body,
                digest=digest,
            )
    except IntegrityError:
        known = ProviderEvent.objects.get(provider=provider, event_id=news.event_id)
    if bytes(known.digest) != digest:
        logger.error("%s sent event %s a second time with another content; the first one counts", provider, known.pk)
    return None


def survivable() -> AbstractContextManager[None]:
    """After an error in here the transaction goes on; one statement that stands in none needs no help for that.

    A BEGIN and a COMMIT of its own would be a sixth of what it takes to answer a webhook.
    """
    return transaction.atomic() if transaction.get_connection().in_atomic_block else nullcontext()


def require_names(provider: str, news: News) -> None:
    """Raises Forged: an altered name would be another's."""
    for name in (news.event_id, news.subject):
        if len(name) > LONGEST_NAME or storable_text(name) != name:
            raise unkeepable(provider, "the name of something in it is none")


def unkeepable(provider: str, reason: str) -> Forged:
    """A refusal that somebody should look at: the provider signed it."""
    logger.error("an event that %s signed cannot be kept: %s", provider, reason)
    return Forged(reason)


def storable(value: Any) -> Any:
    """As PostgreSQL's JSON can hold it: numbers that are none become words, and signs that are none are replaced."""
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, dict):
        return {storable_text(name): storable(each) for name, each in value.items()}
    if isinstance(value, list):
        return [storable(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def storable_text(text: str) -> str:
    """Without NUL and halves of signs (lone surrogates)."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\0", "\N{REPLACEMENT CHARACTER}")


def digest_of(news: News) -> bytes:
    said = {name: value for name, value in news.body.items() if name not in VOLATILE}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).digest()
