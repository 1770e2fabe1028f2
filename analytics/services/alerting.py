"""Telling somebody that a metric is not as it should be: once when it begins, by mail and to an address of theirs."""

from __future__ import annotations

import logging
from datetime import datetime
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from analytics import emails
from analytics.judging import Kind, Verdict, judge
from analytics.models import Alert, AlertRule
from analytics.reports.metrics import figures_of
from common import outside
from common.database import only_one

logger = logging.getLogger(__name__)

LOCK = "check_metrics"
# At once: each may take as long as an address takes not to answer.
MOST_POSTS = 50


def check(now: datetime | None = None) -> list[Alert]:
    """Look at every rule, and tell of what has begun; returns what lasts. Does nothing while another is at it."""
    moment = now or timezone.now()
    with connection.cursor() as cursor, only_one(cursor, LOCK) as is_ours:
        if is_ours:
            for key in list(AlertRule.objects.awake(moment).values_list("pk", flat=True)):
                examine(key, moment)
            tell(moment)
    return list(Alert.objects.lasting().select_related("rule"))


@transaction.atomic
def examine(key: int, now: datetime) -> None:
    """Begin an alert, or end the one that lasts. A period of which was told is not told again."""
    # Staff may silence or delete it at this moment. Nothing is joined: its metric may be another by then.
    rule = AlertRule.objects.awake(now).select_for_update(no_key=True).filter(pk=key).first()
    if rule is None:
        return
    verdict = judge(rule.kind, rule.threshold, figures_of(rule.metric, rule.period, now))
    lasting = rule.alerts.lasting().first()
    if verdict is None and lasting is not None:
        lasting.ended_at = now
        lasting.save(update_fields=["ended_at"])
        logger.info("alert over: %s", rule.name)
    elif verdict is not None and lasting is None and not rule.alerts.filter(period_start=verdict.start).exists():
        begin(rule, verdict)
    rule.checked_at = now
    rule.save(update_fields=["checked_at"])


def begin(rule: AlertRule, verdict: Verdict) -> Alert:
    alert = Alert.objects.create(
        rule=rule,
        period_start=verdict.start,
        value=verdict.value,
        expected=verdict.expected,
        words=words_of(rule, verdict),
    )
    logger.warning("alert: %s", alert.words)
    return alert


def words_of(rule: AlertRule, verdict: Verdict) -> str:
    """One sentence: what, when, how much, and what it was compared with."""
    day = f"{verdict.start:%A}, {verdict.start.day} {verdict.start:%B %Y}"
    when = f"{day}, from {verdict.start:%H:%M} on" if rule.period == AlertRule.Period.HOUR else day
    compared = {
        Kind.ABOVE: "more than {}",
        Kind.BELOW: "less than {}",
        Kind.CHANGE: f"{{}} the {rule.period} before",
        Kind.SILENCE: "usually {}",
        Kind.ANOMALY: "{} in the middle of the same weekdays before",
    }[Kind(rule.kind)].format(plain(verdict.expected))
    return f"{rule.metric.name}: {plain(verdict.value)} on {when} ({compared})."


def plain(number: Decimal | None) -> str:
    return "nothing" if not number else f"{number.quantize(Decimal('0.01')):,}".removesuffix(".00")


def tell(now: datetime) -> None:
    """Each alert by mail and to its address, until both have taken it; whoever dies in between tells it twice."""
    for alert in Alert.objects.unmailed(now).select_related("rule__metric"):
        emails.alert_began(alert=alert)
        alert.mailed_at = timezone.now()
        alert.save(update_fields=["mailed_at"])
    for alert in Alert.objects.unposted(now).select_related("rule__metric")[:MOST_POSTS]:
        post(alert)


def post(alert: Alert) -> None:
    # Before it is tried: an address that kills us must not be tried for ever.
    Alert.objects.filter(pk=alert.pk).update(tries=F("tries") + 1)
    try:
        outside.post(alert.rule.webhook_url, payload_of(alert))
    except outside.NotPosted as error:
        logger.warning("alert %s was not taken: %s", alert.pk, error)
        return
    Alert.objects.filter(pk=alert.pk).update(posted_at=timezone.now())


def payload_of(alert: Alert) -> dict[str, str | None]:
    return {
        "rule": alert.rule.name,
        "metric": alert.rule.metric.name,
        "kind": alert.rule.kind,
        "period": alert.rule.period,
        "period_start": alert.period_start.isoformat(),
        "value": str(alert.value),
        "expected": None if alert.expected is None else str(alert.expected),
        "text": alert.words,
    }


def snooze(*, rule: AlertRule, until: datetime) -> None:
    """Nothing is told of this rule until then; what lasts is taken as known."""
    rule.snoozed_until = until
    rule.save(update_fields=["snoozed_until"])
    logger.info("alert %s is quiet until %s", rule.name, until)
