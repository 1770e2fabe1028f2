"""Mails to staff about figures."""

from __future__ import annotations

from django.urls import reverse

from analytics.models import Alert
from common import mail


def alert_began(*, alert: Alert) -> None:
    """To each of the rule's recipients by itself."""
    url = mail.absolute(reverse("admin:analytics_alertrule_change", args=[alert.rule_id]))
    for address in alert.rule.recipients:
        mail.send("metric_alert", to=address, context={"alert": alert, "url": url})
