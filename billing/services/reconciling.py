"""Comparing each live subscription with its provider's truth, and repairing what has drifted.

Nothing is reckoned a second time here: the truth is recorded as always (billing.services.recording), and what that
changes is the difference. A rehearsal takes the record back.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from billing.gateways.base import Forged, Gateway, News, NotThere, ProviderAway, ProviderError
from billing.models import Cause, EventState, Provider, ProviderEvent, Subscription
from billing.services import applying, receiving
from billing.services.comparing import differences, picture_of
from billing.services.recording import SecondSubscription, Why, record
from billing.services.truth import find_own, follow, locked

logger = logging.getLogger(__name__)

REMEMBERED = timedelta(days=30)  # how long Stripe and PayPal keep what they told
ON_ITS_WAY = timedelta(minutes=10)  # what has happened just now may still come
BATCH = 500
BY_COMPARISON = Why(Cause.RECONCILING)
SECOND = "second subscription of a member who has another: it is to be ended and paid back"
GONE = "alive here and unknown to the provider: somebody has to look"
NOT_OURS = "alive at the provider and none of ours: somebody has to look"


@dataclass
class Report:
    """What came of the comparison with one provider. Each line is one difference, in words."""

    provider: Provider
    lines: list[str] = field(default_factory=list[str])
    compared: int = 0
    drifted: int = 0
    not_ours: int = 0
    lost_events: int = 0
    failed: int = 0
    # There was no time for these: they are the first ones of the next run.
    left: int = 0
    # Why the provider could not be asked to the end; empty if it could.
    away: str = ""

    def note(self, who: str, found: list[str]) -> None:
        for difference in found:
            line = f"{who}: {difference}"
            self.lines.append(line)
            logger.warning("drift at %s: %s", self.provider, line)


def reconcile(gateway: Gateway, *, rehearse: bool, seconds: float | None = None) -> Report:
    """Compare all that is alive here or there, and repair what differs, or with `rehearse` only tell of it.

    `seconds`: begin no other subscription after that. One that fails is counted and stops no other.
    """
    began, deadline = timezone.now(), time.monotonic() + seconds if seconds is not None else None
    report, compared = Report(gateway.provider), set[str]()
    try:
        for ours, reference in all_alive(gateway):
            if deadline is not None and time.monotonic() > deadline:
                report.left += 1
            elif ours is None:
                report.not_ours += 1
                report.note(reference, [NOT_OURS])
            elif compare(gateway, ours, reference, report, rehearse=rehearse):
                compared.add(reference)
        take_up_lost_events(gateway, report, compared, before=began - ON_ITS_WAY, rehearse=rehearse)
    except ProviderError as error:
        report.away = str(error)
        logger.error("the comparison with %s is broken off: %s", gateway.provider, error)
    return report


def all_alive(gateway: Gateway) -> Iterator[tuple[Subscription | None, str]]:
    """Our row, if there is one, and the provider's reference.

    First those that only the provider holds to be alive: somebody has paid and cannot read. Then ours, the one first
    whose last comparison is the longest ago.
    """
    live = Subscription.objects.live().filter(provider=gateway.provider)
    known = dict(live.order_by(F("checked_at").asc(nulls_first=True)).values_list("reference", "pk"))
    for reference in [each for each in gateway.live_references() if each not in known]:
        yield find_own(gateway.provider, reference), reference
    for reference, key in known.items():
        yield Subscription.objects.get(pk=key), reference


def compare(gateway: Gateway, ours: Subscription, reference: str, report: Report, *, rehearse: bool) -> bool:
    """False if it could not be. Raises ProviderAway."""
    who = f"subscription {ours.pk} ({reference})"
    try:
        found = drift_of(gateway, ours, reference, rehearse=rehearse)
    except NotThere:
        found = [GONE]
    except ProviderAway:
        raise
    except Exception:
        # Whatever it is, the others must not wait for it.
        report.failed += 1
        logger.exception("%s could not be compared", who)
        return False
    report.compared += 1
    report.drifted += bool(found)
    report.note(who, found)
    return True


def drift_of(gateway: Gateway, ours: Subscription, reference: str, *, rehearse: bool) -> list[str]:
    """What recording the provider's truth changes; afterwards it is recorded, or with `rehearse` as before."""
    with locked(ours.user_id):
        # As it is under the lock, and not as it was when it was looked for.
        subscription = Subscription.objects.with_all().get(pk=ours.pk)
        before = picture_of(ours.pk)
        if not rehearse:
            follow(subscription, reference, BY_COMPARISON)
            return differences(before, picture_of(ours.pk))
        truth = gateway.fetch(reference)
        with transaction.atomic():
            try:
                record(subscription, truth, BY_COMPARISON)
            except SecondSubscription:
                return [SECOND]
            after = picture_of(ours.pk)
            transaction.set_rollback(True)
        return differences(before, after)


def take_up_lost_events(
    gateway: Gateway, report: Report, compared: set[str], *, before: datetime, rehearse: bool
) -> None:
    """Keep what the provider told and never reached us, and have it applied, as of a refund after the end.

    What is about a subscription that has just been compared is applied by that.
    """
    others = set[str]()
    for news in lost_events(gateway, before):
        report.lost_events += 1
        try:
            event = None if rehearse else receiving.keep(gateway.provider, news)
        except Forged:
            continue
        if event is None:
            continue
        if news.subject in compared:
            applied = ProviderEvent.objects.waiting().filter(pk=event.pk)
            applied.update(state=EventState.APPLIED, done_at=timezone.now())
        else:
            others.add(news.subject)
    for subject in sorted(others):
        applying.apply(gateway.provider, subject)


def lost_events(gateway: Gateway, before: datetime) -> Iterator[News]:
    """With the subscription that each is about; those that are about none were not awaited."""
    told = gateway.news_since(before - REMEMBERED)
    while batch := list(islice(told, BATCH)):
        identifiers = [news.event_id for news in batch]
        kept = ProviderEvent.objects.filter(provider=gateway.provider, event_id__in=identifiers)
        known = set(kept.values_list("event_id", flat=True))
        for news in batch:
            if news.event_id not in known and news.happened_at <= before:
                subject = news.subject or subject_of(gateway, news)
                if subject:
                    yield replace(news, subject=subject)


def subject_of(gateway: Gateway, news: News) -> str:
    try:
        return gateway.subject_of(news.body)
    except NotThere:
        return ""
