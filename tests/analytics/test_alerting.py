"""Whoever is named by a rule is told once of what it says."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.models import User
from analytics.judging import Figure
from analytics.models import Alert, AlertRule, DailyCount, HourlyCount, SavedMetric, Segment
from analytics.models.counts import EVERYBODY, Dimension
from analytics.querysets.metrics import MOST_TRIES
from analytics.reports.metrics import figures_of
from analytics.services import alerting
from common.database import own_connection
from tests.listening import Listening

Kind, Period = AlertRule.Kind, AlertRule.Period
NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
YESTERDAY = date(2026, 11, 29)

pytestmark = pytest.mark.django_db


@pytest.fixture
def visitors() -> SavedMetric:
    return SavedMetric.objects.create(name="Visitors", dimension=Dimension.SITE, measure="visitors")


def count(day: date, visitors: int, *, segment: int = EVERYBODY, key: str = "") -> None:
    DailyCount.objects.create(dimension=Dimension.SITE, key=key, segment=segment, day=day, visitors=visitors)


def a_rule(metric: SavedMetric, **more: Any) -> AlertRule:
    fields = {"name": "Too few", "kind": Kind.BELOW, "threshold": Decimal(10), "recipients": ["staff@howtoai.example"]}
    rule = AlertRule(metric=metric, **fields | more)
    rule.full_clean()
    rule.save()
    return rule


def test_it_is_told_once_by_mail_to_each_and_again_only_after_it_was_over(
    visitors: SavedMetric, mailoutbox: list[EmailMessage], django_capture_on_commit_callbacks: Any
) -> None:
    rule = a_rule(visitors, recipients=["one@howtoai.example", "two@howtoai.example"])
    count(YESTERDAY, 3)
    with django_capture_on_commit_callbacks(execute=True):
        assert len(alerting.check(NOW)) == 1
        assert len(alerting.check(NOW + timedelta(hours=1))) == 1
    assert [mail.to for mail in mailoutbox] == [["one@howtoai.example"], ["two@howtoai.example"]]
    assert "Visitors: 3 on Sunday, 29 November 2026 (less than 10)." in mailoutbox[0].body
    assert f"/admin/analytics/alertrule/{rule.pk}/change/" in mailoutbox[0].body

    count(YESTERDAY + timedelta(days=1), 12)
    assert alerting.check(NOW + timedelta(days=1)) == []
    count(YESTERDAY + timedelta(days=2), 4)
    with django_capture_on_commit_callbacks(execute=True):
        assert len(alerting.check(NOW + timedelta(days=2))) == 1
    assert len(mailoutbox) == 4
    assert Alert.objects.count() == 2


def test_late_events_that_put_a_day_right_and_wrong_again_do_not_tell_it_twice(visitors: SavedMetric) -> None:
    a_rule(visitors)
    count(YESTERDAY, 3)
    alerting.check(NOW)
    DailyCount.objects.update(visitors=30)
    assert alerting.check(NOW) == []
    DailyCount.objects.update(visitors=3)
    assert alerting.check(NOW) == []
    assert Alert.objects.count() == 1


def test_a_day_that_is_not_over_says_nothing_yet(visitors: SavedMetric) -> None:
    a_rule(visitors)
    count(YESTERDAY, 50)
    assert alerting.check(NOW) == []
    just_after_midnight = datetime(2026, 12, 1, 0, 1, tzinfo=UTC)
    assert alerting.check(just_after_midnight) == []
    assert len(alerting.check(just_after_midnight + timedelta(minutes=2))) == 1


def test_a_rule_that_is_quiet_or_switched_off_is_not_looked_at(visitors: SavedMetric) -> None:
    rule = a_rule(visitors)
    count(YESTERDAY, 3)
    alerting.snooze(rule=rule, until=NOW + timedelta(hours=1))
    assert alerting.check(NOW) == []
    AlertRule.objects.update(snoozed_until=None, is_active=False)
    assert alerting.check(NOW) == []
    AlertRule.objects.update(is_active=True, snoozed_until=NOW)
    assert len(alerting.check(NOW)) == 1


def test_who_is_named_later_is_told_of_what_lasts_and_not_of_what_is_long_over(
    visitors: SavedMetric, mailoutbox: list[EmailMessage], django_capture_on_commit_callbacks: Any
) -> None:
    rule = a_rule(visitors, recipients=[], webhook_url="https://unknown.invalid/hook")
    for days in range(3, 30, 2):
        then = NOW - timedelta(days=days)
        Alert.objects.create(rule=rule, period_start=then, value=3, words="Too few.", ended_at=then)
    count(YESTERDAY, 3)
    alerting.check(NOW)
    AlertRule.objects.update(recipients=["late@howtoai.example"])
    with django_capture_on_commit_callbacks(execute=True):
        alerting.check(NOW + timedelta(minutes=5))
    (mail,) = mailoutbox
    assert "Visitors: 3 on Sunday" in mail.body


def test_an_address_that_is_named_later_is_told_nothing_that_is_long_over(
    visitors: SavedMetric, listening: Listening, settings: Any
) -> None:
    settings.DEBUG = True
    rule = a_rule(visitors)
    Alert.objects.create(
        rule=rule, period_start=NOW, value=3, words="Too few.", ended_at=NOW - timedelta(days=2), mailed_at=NOW
    )
    AlertRule.objects.update(webhook_url=f"http://127.0.0.1:{listening.server_port}/hook")
    count(YESTERDAY, 30)
    alerting.check(NOW)
    assert not listening.taken


def test_while_another_looks_nothing_is_done(visitors: SavedMetric) -> None:
    a_rule(visitors)
    count(YESTERDAY, 3)
    with own_connection() as another:
        another.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [alerting.LOCK])
        assert alerting.check(NOW) == []
    assert Alert.objects.count() == 0


def test_an_address_is_told_until_it_takes_it(
    visitors: SavedMetric,
    listening: Listening,
    settings: Any,
) -> None:
    settings.DEBUG = True
    a_rule(visitors, recipients=[], webhook_url=f"http://127.0.0.1:{listening.server_port}/hook")
    count(YESTERDAY, 3)
    listening.answer = 500
    alerting.check(NOW)
    listening.answer = 204
    alerting.check(NOW)
    alerting.check(NOW)
    assert len(listening.taken) == 2
    assert listening.taken[1][2] == {
        "rule": "Too few",
        "metric": "Visitors",
        "kind": "below",
        "period": "day",
        "period_start": "2026-11-29T00:00:00+00:00",
        "value": "3.00",
        "expected": "10.00",
        "text": "Visitors: 3 on Sunday, 29 November 2026 (less than 10).",
    }
    alert = Alert.objects.get()
    assert alert.posted_at is not None
    assert alert.tries == 2


def test_an_address_that_never_takes_it_is_given_up(
    visitors: SavedMetric,
    listening: Listening,
    settings: Any,
) -> None:
    settings.DEBUG = True
    a_rule(visitors, recipients=[], webhook_url=f"http://127.0.0.1:{listening.server_port}/hook")
    count(YESTERDAY, 3)
    listening.answer = 500
    for _ in range(MOST_TRIES + 2):
        alerting.check(NOW)
    assert len(listening.taken) == MOST_TRIES


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"threshold": None}, "threshold"),
        ({"threshold": Decimal(-1)}, "threshold"),
        ({"recipients": []}, "recipients"),
        ({"webhook_url": "https://127.0.0.1/"}, "webhook_url"),
        ({"webhook_url": "http://hooks.example/"}, "webhook_url"),
        ({"recipients": ["nobody"]}, "recipients"),
    ],
)
def test_a_rule_that_cannot_work_is_refused(visitors: SavedMetric, more: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        a_rule(visitors, **more)
    assert field in refused.value.message_dict


def test_a_metric_of_a_part_adds_up_its_segments(visitors: SavedMetric) -> None:
    phones = [Segment.objects.create(tier=tier, device="phone").pk for tier in ("free", "visitor")]
    desktop = Segment.objects.create(tier="free", device="desktop").pk
    count(YESTERDAY, 99)
    for segment, number in ((phones[0], 3), (phones[1], 4), (desktop, 50)):
        count(YESTERDAY, number, segment=segment)
    visitors.device = "phone"
    figures = figures_of(visitors, Period.DAY, NOW)
    assert figures[-1] == Figure(datetime(2026, 11, 29, tzinfo=UTC), Decimal(7))
    assert len(figures) == 57


def test_the_whole_site_is_not_added_up_with_its_parts(visitors: SavedMetric) -> None:
    count(YESTERDAY, 9)
    count(YESTERDAY, 5, key="anonymous")
    assert figures_of(visitors, Period.DAY, NOW)[-1].value == 9
    visitors.key = "anonymous"
    assert figures_of(visitors, Period.DAY, NOW)[-1].value == 5
    pages = SavedMetric(dimension=Dimension.PAGE, measure="events")
    for key in ("/a/", "/b/"):
        DailyCount.objects.create(dimension=Dimension.PAGE, key=key, segment=EVERYBODY, day=YESTERDAY, events=4)
    assert figures_of(pages, Period.DAY, NOW)[-1].value == 8


def test_a_rule_by_the_hour_of_what_is_counted_by_day_is_refused(visitors: SavedMetric) -> None:
    features = SavedMetric.objects.create(name="Features", dimension=Dimension.FEATURE, measure="events")
    with pytest.raises(ValidationError) as refused:
        a_rule(features, period=Period.HOUR)
    assert refused.value.message_dict == {"period": ["This is counted by day only."]}
    a_rule(visitors, period=Period.HOUR)
    visitors.dimension = Dimension.FEATURE
    with pytest.raises(ValidationError) as refused:
        visitors.full_clean()
    assert refused.value.message_dict == {
        "dimension": ["This is counted by day only. A rule looks at each hour of it."]
    }


def test_staff_have_rules_be_quiet_for_a_day(visitors: SavedMetric, admin: User, client: Client) -> None:
    rule = a_rule(visitors)
    client.force_login(admin)
    page = "/admin/analytics/alertrule/"
    response = client.post(page, {"action": "be_quiet_for_a_day", "_selected_action": [rule.pk]}, follow=True)
    assert "Quiet until" in response.content.decode()
    rule.refresh_from_db()
    assert rule.snoozed_until is not None
    assert rule.snoozed_until > timezone.now() + timedelta(hours=23)
    assert client.get(f"{page}{rule.pk}/change/").status_code == 200


def test_a_rule_is_written_in_the_admin(visitors: SavedMetric, admin: User, client: Client) -> None:
    client.force_login(admin)
    written = {"name": "Few", "metric": visitors.pk, "kind": "below", "period": "day", "threshold": "5"}
    inline = {f"alerts-{name}_FORMS": 0 for name in ("TOTAL", "INITIAL", "MIN_NUM", "MAX_NUM")}
    page = "/admin/analytics/alertrule/add/"
    refused = client.post(page, written | inline)
    assert "else nobody is told" in refused.content.decode()
    client.post(page, written | inline | {"recipients": "a@howtoai.example, b@howtoai.example"})
    assert AlertRule.objects.get().recipients == ["a@howtoai.example", "b@howtoai.example"]


def test_hours_are_told_by_the_hour(visitors: SavedMetric) -> None:
    hour = datetime(2026, 11, 30, 7, tzinfo=UTC)
    HourlyCount.objects.create(dimension=Dimension.SITE, segment=EVERYBODY, hour=hour, visitors=5)
    figures = figures_of(visitors, Period.HOUR, NOW)
    assert [(figure.start.hour, figure.value) for figure in figures[-2:]] == [(6, Decimal(0)), (7, Decimal(5))]
    rule = a_rule(visitors, kind=Kind.ABOVE, threshold=Decimal(4), period=Period.HOUR)
    (alert,) = alerting.check(NOW)
    assert alert.rule == rule
    assert alert.words == "Visitors: 5 on Monday, 30 November 2026, from 07:00 on (more than 4)."


def test_the_command_says_what_lasts(visitors: SavedMetric, capsys: pytest.CaptureFixture[str]) -> None:
    a_rule(visitors)
    count(timezone.now().date() - timedelta(days=1), 3)
    call_command("check_metrics")
    assert "Too few: Visitors: 3 on" in capsys.readouterr().out
