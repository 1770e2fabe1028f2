"""The summary of each week by mail."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from django.core.management import call_command
from django.test import Client

from accounts.models import User
from analytics.models import DailyCount, WeeklyReader
from analytics.models.counts import EVERYBODY, Dimension
from analytics.services import weekly
from ops import schedule

pytestmark = pytest.mark.django_db
# A Tuesday; the week that is over began on the 23rd.
NOW = datetime(2026, 12, 1, 6, 10, tzinfo=UTC)
WEEK = date(2026, 11, 23)
Letters = list[EmailMultiAlternatives]


@pytest.fixture
def counts() -> None:
    for day, visitors in ((date(2026, 11, 16), 50), (date(2026, 11, 29), 70), (date(2026, 11, 30), 999)):
        DailyCount.objects.create(
            dimension=Dimension.SITE, key="anonymous", segment=EVERYBODY, day=day, visitors=visitors
        )
        DailyCount.objects.create(dimension=Dimension.SITE, segment=EVERYBODY, day=day, events=visitors * 3)
    for key, visits in (("", 9), ("news.example", 4)):
        DailyCount.objects.create(dimension=Dimension.SOURCE, key=key, segment=EVERYBODY, day=WEEK, visits=visits)


def reader(user: User, told: date | None = None) -> WeeklyReader:
    return WeeklyReader.objects.create(user=user, told=told)


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "America/Los_Angeles", "Etc/GMT+12"])
def test_on_mondays_all_are_told_of_the_week_that_has_just_ended_wherever_they_are(zone: str, settings: Any) -> None:
    settings.ANALYTICS_TIME_ZONE = zone
    evening = datetime(2026, 11, 30, 23, 59, tzinfo=UTC)
    last = schedule.entries()["send_weekly_analytics"].latest_slot(evening)
    assert last.date() == evening.date()
    assert weekly.last_week(last) == WEEK


def test_who_wants_it_is_told_of_the_week_once(
    counts: None, admin: User, mailoutbox: Letters, django_capture_on_commit_callbacks: Any
) -> None:
    reader(admin)
    with django_capture_on_commit_callbacks(execute=True):
        assert weekly.send(NOW) == 1
        assert weekly.send(NOW + timedelta(days=5)) == 0
    (mail,) = mailoutbox
    assert mail.to == [admin.email]
    assert mail.subject == "The week from 23 November to 29 November"
    for expected in (
        "Visitors: 70 (50)",
        "Page views: 210 (150)",
        "- news.example: 4",
        "first=2026-11-23&last=2026-11-29",
    ):
        assert expected in mail.body
    assert "9" not in mail.body.split("Where visits came from")[1].split("All figures")[0]
    with django_capture_on_commit_callbacks(execute=True):
        assert weekly.send(NOW + timedelta(days=7)) == 1


def test_who_may_not_see_figures_any_more_gets_none(
    counts: None, moderator: User, admin: User, mailoutbox: Letters, django_capture_on_commit_callbacks: Any
) -> None:
    admin.is_active = False
    admin.save()
    reader(moderator)
    reader(admin)
    with django_capture_on_commit_callbacks(execute=True):
        assert weekly.send(NOW) == 0
    assert mailoutbox == []


def test_the_week_is_that_of_the_time_zone_of_the_figures(settings: Any) -> None:
    late_on_sunday = datetime(2026, 11, 29, 23, 30, tzinfo=UTC)
    assert weekly.last_week(late_on_sunday) == date(2026, 11, 16)
    settings.ANALYTICS_TIME_ZONE = "Europe/Berlin"
    assert weekly.last_week(late_on_sunday) == WEEK


def test_staff_begin_and_end_it_on_the_page_of_figures(admin: User, moderator: User) -> None:
    client = Client()
    client.force_login(admin)
    page = "/admin/analytics/figures/"
    assert "Get a summary by mail each Monday" in client.get(page).content.decode()
    for _ in range(2):
        client.post(f"{page}weekly/")
    assert WeeklyReader.objects.get().user == admin
    assert "End it" in client.get(page).content.decode()
    client.post(f"{page}weekly/", {"end": "1"})
    assert not WeeklyReader.objects.exists()
    assert client.get(f"{page}weekly/").status_code == 405
    client.force_login(moderator)
    assert client.post(f"{page}weekly/").status_code == 403


def test_who_begins_today_is_not_told_of_the_week_before(admin: User) -> None:
    weekly.subscribe(user_id=admin.pk, now=NOW)
    assert weekly.send(NOW) == 0


def test_the_command_says_how_many(admin: User, capsys: pytest.CaptureFixture[str]) -> None:
    reader(admin)
    call_command("send_weekly_analytics")
    assert "1 mail made." in capsys.readouterr().out
