"""Mails to staff about figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse

from analytics.models import Alert
from common import mail
from common.addresses import absolute

if TYPE_CHECKING:
    from analytics.services.weekly import Summary


def alert_began(*, alert: Alert) -> None:
    """To each of the rule's recipients by itself."""
    url = absolute(reverse("admin:analytics_alertrule_change", args=[alert.rule_id]))
    for address in alert.rule.recipients:
        mail.send("metric_alert", to=address, context={"alert": alert, "url": url})


def weekly_summary(*, to: str, summary: Summary) -> None:
    url = absolute(reverse("admin:analytics_figures_changelist"))
    url = f"{url}?first={summary.view.first}&last={summary.view.last}"
    mail.send("weekly_summary", to=to, context={"summary": summary, "url": url})
