"""Reminders: of what, on which day, and each once. No provider is asked for any of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.mail import EmailMultiAlternatives
from django.core.management import call_command

from accounts.models import User
from billing.models import Reminder, State, Subscription
from billing.services.reminding import remind_due
from tests.at_once import at_once
from tests.billing.truths import DAY, MONTH, NOON, make_subscription, premium
from tests.factories import make_grant, make_user

HOUR = timedelta(hours=1)
Letters = list[EmailMultiAlternatives]
Remind = Callable[[datetime], list[str]]

MISSING = "Your payment for Premium is still missing"


@pytest.fixture
def remind(django_capture_on_commit_callbacks: Any, mailoutbox: Letters) -> Remind:
    """The subjects of what a run at this time sends."""

    def run(at: datetime) -> list[str]:
        mailoutbox.clear()
        with time_machine.travel(at, tick=False), django_capture_on_commit_callbacks(execute=True):
            count = remind_due(at)
        assert count == len(mailoutbox)
        return [str(letter.subject) for letter in mailoutbox]

    return run


def live(**fields: Any) -> Subscription:
    """An active one, of somebody new, whose month ends with November."""
    person = make_user()
    defaults: dict[str, Any] = {
        "reference": f"sub_{person.pk}",
        "state": State.ACTIVE,
        "started_at": NOON,
        "current_period_start": NOON,
        "current_period_end": NOON + MONTH,
        "payment_method": "Visa ending in 4242",
    }
    return make_subscription(person, **defaults | fields)


def behind(since: datetime = NOON) -> Subscription:
    return live(state=State.PAST_DUE, past_due_since=since)


def sent_hourly(remind: Remind, start: datetime, end: datetime) -> list[tuple[timedelta, str]]:
    """What is sent from start to end by a run each hour, and how long after the start."""
    sent, at = [], start
    while at <= end:
        sent += [(at - start, subject) for subject in remind(at)]
        at += HOUR
    return sent


# A payment is missing


def test_a_missing_payment_is_reminded_of_after_one_three_and_six_days(db: None, remind: Remind) -> None:
    behind(NOON)
    assert sent_hourly(remind, NOON, NOON + 9 * DAY) == [(1 * DAY, MISSING), (3 * DAY, MISSING), (6 * DAY, MISSING)]


def test_the_last_reminder_says_that_it_is_the_last_and_when_all_ends(
    db: None, remind: Remind, mailoutbox: Letters
) -> None:
    late = behind(NOON)
    assert late.user
    make_grant(late.user, subscription=late, source="grace", key="grace", starts_at=NOON, ends_at=NOON + 7 * DAY)
    assert remind(NOON + 6 * DAY) == ["Premium ends on 8 November 2026, 12:00 UTC unless a payment comes"]
    assert "You keep Premium until 8 November 2026, 12:00 UTC." in mailoutbox[0].body
    assert "This is our last reminder." in mailoutbox[0].body


def test_a_run_that_comes_late_sends_one_reminder_and_not_all_that_were_missed(db: None, remind: Remind) -> None:
    behind(NOON)
    assert remind(NOON + 4 * DAY) == [MISSING]
    assert remind(NOON + 4 * DAY + HOUR) == []
    assert remind(NOON + 6 * DAY) == [MISSING]


def test_a_second_failure_months_later_is_reminded_of_again(db: None, remind: Remind) -> None:
    late = behind(NOON)
    assert remind(NOON + DAY) == [MISSING]
    late.past_due_since = NOON + MONTH
    late.save()
    assert remind(NOON + MONTH + DAY) == [MISSING]


def test_whoever_has_paid_is_not_reminded(db: None, remind: Remind) -> None:
    late = behind(NOON)
    late.state, late.past_due_since = State.ACTIVE, None
    late.save()
    assert remind(NOON + DAY) == []


# A trial ends


def test_the_end_of_a_trial_is_announced_three_days_before(db: None, remind: Remind) -> None:
    live(state=State.TRIALING, trial_ends_at=NOON + 7 * DAY, current_period_end=NOON + 7 * DAY)
    assert sent_hourly(remind, NOON, NOON + 7 * DAY) == [(4 * DAY, "Your trial of Premium ends on 8 November 2026")]


def test_a_trial_of_three_days_needs_no_reminder(db: None, remind: Remind) -> None:
    live(state=State.TRIALING, trial_ends_at=NOON + 3 * DAY, current_period_end=NOON + 3 * DAY)
    assert sent_hourly(remind, NOON, NOON + 3 * DAY) == []


def test_whoever_has_cancelled_is_not_reminded_of_what_they_will_not_pay(db: None, remind: Remind) -> None:
    live(state=State.CANCELLED, trial_ends_at=NOON + 7 * DAY, card_expires_on=date(2026, 11, 2))
    assert sent_hourly(remind, NOON, NOON + MONTH) == []


# A card expires


def test_a_card_that_expires_before_the_next_payment_is_announced_once_two_weeks_before(
    db: None, remind: Remind, mailoutbox: Letters
) -> None:
    live(card_expires_on=date(2026, 11, 30))
    assert remind(NOON + MONTH - 14 * DAY - HOUR) == []
    assert remind(NOON + MONTH - 14 * DAY) == ["Your card expires before your next payment"]
    assert "(Visa ending in 4242) is good until 30 November 2026" in mailoutbox[0].body
    assert "Renews on 1 December 2026 for $50." in mailoutbox[0].body
    assert remind(NOON + MONTH - HOUR) == []


def test_a_card_that_is_good_on_the_day_of_the_payment_is_not_spoken_of(db: None, remind: Remind) -> None:
    live(card_expires_on=date(2026, 12, 1))
    live(card_expires_on=None)
    assert remind(NOON + MONTH - DAY) == []


def test_the_next_card_is_spoken_of_anew(db: None, remind: Remind) -> None:
    member = live(card_expires_on=date(2026, 11, 20))
    assert len(remind(NOON + MONTH - DAY)) == 1
    member.card_expires_on = date(2026, 11, 30)
    member.save()
    assert len(remind(NOON + MONTH - HOUR)) == 1


# A year renews


def test_a_year_that_renews_is_announced_two_weeks_before_and_a_month_is_not(db: None, remind: Remind) -> None:
    live(price=premium("year"))
    live(price=premium("month"))
    assert remind(NOON + MONTH - 15 * DAY) == []
    assert remind(NOON + MONTH - 14 * DAY) == ["Your year of Premium ends on 1 December 2026"]
    assert remind(NOON + MONTH - 13 * DAY) == []


# Each once, and nobody in another's way


def test_whoever_is_erased_is_not_reminded(db: None, remind: Remind) -> None:
    behind(NOON)
    Subscription.objects.update(user=None)
    assert remind(NOON + DAY) == []


def test_one_reminder_that_fails_stops_no_other_and_is_tried_again(db: None, remind: Remind) -> None:
    broken, _ = behind(NOON), behind(NOON + HOUR)
    person = User.objects.filter(subscriptions=broken)
    person.update(email="no\naddress")
    assert remind(NOON + 2 * DAY) == [MISSING]
    person.update(email="lea@howtoai.example")
    assert remind(NOON + 2 * DAY) == [MISSING]


def test_nothing_due_is_a_handful_of_questions(db: None, remind: Remind, django_assert_max_num_queries: Any) -> None:
    for _ in range(20):
        live()
    with django_assert_max_num_queries(6):
        assert remind(NOON + DAY) == []


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_one(mailoutbox: Letters) -> None:
    for _ in range(5):
        behind(NOON)
    with time_machine.travel(NOON + DAY, tick=False):
        sent = at_once(lambda: remind_due(NOON + DAY))
    assert sum(sent) == 5
    assert Reminder.objects.count() == 5
    assert len(mailoutbox) == 5


def test_the_command_says_what_it_has_done(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    behind(NOON)
    with time_machine.travel(NOON + DAY, tick=False):
        call_command("follow_subscriptions")
    assert capsys.readouterr().out.startswith("1 reminded, 0 ended without a payment, 0 ended as wished,")
