"""Staff define goals and funnels in the admin; the days before are counted, too."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from analytics.models import DailyCount, DirtyHour, Funnel, Goal, Note
from analytics.models.counts import EVERYBODY, Dimension
from analytics.services.defining import DAYS_BACK

pytestmark = pytest.mark.django_db
FUNNELS, GOALS = "/admin/analytics/funnel/", "/admin/analytics/goal/"
STEPS = "page_view /pricing/\r\n\r\n  subscription   started  \r\n"


@pytest.fixture
def desk(client: Client, admin: User) -> Client:
    client.force_login(admin)
    return client


def test_steps_are_written_as_lines(desk: Client) -> None:
    response = desk.post(f"{FUNNELS}add/", {"name": "To Premium", "steps": STEPS, "days": "7"})
    assert response.status_code == 302
    funnel = Funnel.objects.get()
    assert funnel.steps == [
        {"event": "page_view", "subject": "/pricing/"},
        {"event": "subscription", "subject": "started"},
    ]
    page = desk.get(f"{FUNNELS}{funnel.pk}/change/").content.decode()
    assert "page_view /pricing/\nsubscription started</textarea>" in page


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ("", "This field is required."),
        ("page_view", "A funnel is a list of 2 to 10 steps."),
        ("page_view\npage_viewed", "There is no event “page_viewed”."),
        ("page_view /a*b\npage_view", "A * may stand at the end only"),
        ("page_view\n" * 11, "A funnel is a list of 2 to 10 steps."),
    ],
)
def test_steps_that_cannot_be_counted_are_refused_in_words(desk: Client, steps: str, said: str) -> None:
    response = desk.post(f"{FUNNELS}add/", {"name": "Wrong", "steps": steps, "days": "1"})
    assert said in response.content.decode()
    assert not Funnel.objects.exists()


def test_a_new_goal_has_the_days_before_counted(desk: Client) -> None:
    desk.post(f"{GOALS}add/", {"name": "Prices", "event": "page_view", "subject": "/pricing/"})
    assert Goal.objects.get().subject == "/pricing/"
    days = {hour.date() for hour in DirtyHour.objects.values_list("hour", flat=True)}
    today = timezone.now().date()
    assert days == {today - timedelta(days=number) for number in range(DAYS_BACK)}


def test_a_goal_of_what_nobody_does_is_refused(desk: Client) -> None:
    response = desk.post(f"{GOALS}add/", {"name": "Robots", "event": "kept_out", "subject": ""})
    assert "Select a valid choice" in response.content.decode()
    response = desk.post(f"{GOALS}add/", {"name": "Stars", "event": "page_view", "subject": "/*/x"})
    assert "A * may stand at the end only" in response.content.decode()
    assert not Goal.objects.exists()


def test_what_is_forgotten_takes_its_counts_with_it(desk: Client) -> None:
    goals = [Goal.objects.create(name=name, event="page_view") for name in ("Gone", "Kept")]
    for goal in goals:
        for dimension in (Dimension.GOAL, Dimension.GOAL_PAGE):
            DailyCount.objects.create(
                dimension=dimension, key=f"{goal.pk}|x", segment=EVERYBODY, day=timezone.now().date()
            )
    desk.post(f"{GOALS}{goals[0].pk}/delete/", {"post": "yes"})
    assert {key.partition("|")[0] for key in DailyCount.objects.values_list("key", flat=True)} == {str(goals[1].pk)}
    assert list(Goal.objects.all()) == [goals[1]]


@pytest.mark.parametrize("model", ["alert", "alertrule", "funnel", "goal", "journey", "note", "savedmetric"])
def test_lists_and_forms_open(desk: Client, model: str) -> None:
    assert desk.get(f"/admin/analytics/{model}/").status_code == 200
    if model != "alert":
        assert desk.get(f"/admin/analytics/{model}/add/").status_code == 200


def test_a_note_says_who_made_it(desk: Client, admin: User) -> None:
    desk.post("/admin/analytics/note/add/", {"day": "2026-11-18", "text": "The newsletter went out"})
    assert Note.objects.get().made_by == admin
