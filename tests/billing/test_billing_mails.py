"""The mails about a subscription: which step sends which, and what they say to the day and the cent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.core.mail import EmailMultiAlternatives

from accounts.models import User
from billing.emails import subscriptions as emails
from billing.gateways.base import Truth
from billing.models import Cause, InvoiceStatus, State, Subscription
from billing.services.announcing import announce, announce_second
from billing.services.recording import Why, record
from common.addresses import absolute
from tests.billing.truths import DAY, MONTH, NOON, make_payment, make_subscription, make_truth, premium
from tests.factories import make_grant, make_user

# 1 December, as the first month is over.
END = NOON + MONTH
SETTINGS = "/billing/"
Letters = list[EmailMultiAlternatives]
Tell = Callable[..., Letters]


@pytest.fixture
def subscription(learner: User) -> Subscription:
    return make_subscription(learner)


@pytest.fixture
def tell(django_capture_on_commit_callbacks: Any, mailoutbox: Letters) -> Tell:
    """The mails that come of recording these truths one after another, each at its time."""

    def record_all(
        subscription: Subscription, *truths: tuple[datetime, Truth], cause: Cause = Cause.PROVIDER
    ) -> Letters:
        mailoutbox.clear()
        for at, truth in truths:
            with time_machine.travel(at, tick=False), django_capture_on_commit_callbacks(execute=True):
                for step in record(subscription, truth, Why(cause)):
                    announce(step)
        return mailoutbox

    return record_all


def failed_truth(**fields: Any) -> Truth:
    """The payment for the second month failed."""
    missing = make_payment(1, status=InvoiceStatus.OPEN, paid=0, paid_at=None)
    return make_truth(make_payment(), missing, **{"state": State.PAST_DUE} | fields)


def trial_truth(**fields: Any) -> Truth:
    """Seven days, of which nothing is paid."""
    trial = {
        "state": State.TRIALING,
        "trial_started_at": NOON,
        "trial_ends_at": NOON + 7 * DAY,
        "current_period_start": NOON,
        "current_period_end": NOON + 7 * DAY,
    }
    return make_truth(make_payment(total=0, paid=0, is_trial=True), **trial | fields)


def texts(letters: Letters) -> str:
    (letter,) = letters
    return " ".join(f"{letter.subject}\n{letter.body}".split())


# Which step sends which


def test_whoever_has_paid_is_welcomed_and_told_what_comes_next(subscription: Subscription, tell: Tell) -> None:
    said = texts(tell(subscription, (NOON, make_truth())))
    assert said.startswith("Welcome to Premium Hello Lea, thank you for taking Premium")
    assert "You pay $50 a month by Stripe (Visa ending in 4242), which sends you the receipts." in said
    assert "Renews on 1 December 2026 for $50." in said


def test_whoever_tries_is_told_until_when_and_what_it_costs_then(subscription: Subscription, tell: Tell) -> None:
    said = texts(tell(subscription, (NOON, trial_truth())))
    assert said.startswith("Your trial of Premium has begun")
    assert "Your trial ends on 8 November 2026; then $50 a month, unless you cancel before." in said
    assert "during the trial nothing is charged" in said


def test_after_the_trial_nobody_is_thanked_for_a_payment_that_may_not_have_come(
    subscription: Subscription, tell: Tell
) -> None:
    tell(subscription, (NOON, trial_truth()))
    at = NOON + 7 * DAY
    said = texts(tell(subscription, (at, make_truth(current_period_end=at + MONTH))))
    assert said.startswith("Your trial is over, and Premium goes on")
    assert "It costs $50 a month from now on, by Stripe (Visa ending in 4242)" in said
    assert "Renews on 8 December 2026 for $50." in said
    assert "thank you" not in said


def test_a_failed_payment_says_until_when_all_stays_when_it_is_tried_again_and_what_to_do(
    subscription: Subscription, tell: Tell
) -> None:
    tell(subscription, (NOON, make_truth()))
    again = datetime(2026, 12, 4, 9, 30, tzinfo=UTC)
    letters = tell(subscription, (END, failed_truth(next_attempt_at=again)))
    said = texts(letters)
    assert said.startswith("Your payment for Premium failed")
    assert "Stripe could not collect the payment for Premium ($50 a month) from Visa ending in 4242." in said
    assert "you keep Premium until 8 December 2026, 12:00 UTC." in said
    assert "Stripe tries again by itself on 4 December 2026, 09:30 UTC." in said
    assert f"Change how you pay here: {absolute(SETTINGS)} " in said
    assert "Premium ends and nothing more is charged" in said


def test_days_of_grace_count_in_the_mail_before_they_begin(subscription: Subscription, tell: Tell) -> None:
    """A change of plan in the middle of a month that could not be paid."""
    tell(subscription, (NOON, make_truth()))
    said = texts(tell(subscription, (NOON + DAY, make_truth(state=State.PAST_DUE))))
    assert "you keep Premium until 8 December 2026, 12:00 UTC." in said


def test_the_first_payment_that_fails_promises_nothing(subscription: Subscription, tell: Tell) -> None:
    missing = make_payment(status=InvoiceStatus.OPEN, paid=0, paid_at=None)
    said = texts(tell(subscription, (NOON, make_truth(missing, state=State.PAST_DUE))))
    assert "you keep" not in said
    assert "If no payment comes, Premium ends" in said


def test_whoever_reads_for_another_reason_is_promised_no_less(
    subscription: Subscription, tell: Tell, learner: User
) -> None:
    make_grant(learner, starts_at=NOON, ends_at=NOON + 90 * DAY)
    tell(subscription, (NOON, make_truth()))
    said = texts(tell(subscription, (END, failed_truth())))
    assert "you keep Premium until 30 January 2027, 12:00 UTC." in said


def test_a_payment_that_comes_after_all_is_thanked_for(subscription: Subscription, tell: Tell) -> None:
    tell(subscription, (NOON, make_truth()), (END, failed_truth()))
    paid = make_truth(make_payment(), make_payment(1))
    said = texts(tell(subscription, (END + DAY, paid)))
    assert said.startswith("Your payment for Premium has come")
    assert "Renews on 31 December 2026 for $50." in said


def test_cancelling_says_when_it_ends_and_taking_it_back_that_it_goes_on(
    subscription: Subscription, tell: Tell
) -> None:
    tell(subscription, (NOON, make_truth()))
    said = texts(tell(subscription, (NOON + DAY, make_truth(state=State.CANCELLED)), cause=Cause.MEMBER))
    assert said.startswith("Premium is cancelled")
    assert "Ends on 1 December 2026; until then you keep Premium. Nothing more will be charged." in said
    said = texts(tell(subscription, (NOON + 2 * DAY, make_truth()), cause=Cause.MEMBER))
    assert said.startswith("Premium goes on")
    assert "goes on as before, for $50 a month." in said


def test_a_pause_says_until_when_both_ways(subscription: Subscription, tell: Tell) -> None:
    tell(subscription, (NOON, make_truth()))
    until = END + MONTH
    said = texts(tell(subscription, (NOON + DAY, make_truth(state=State.PAUSED, resumes_at=until))))
    assert said.startswith("Premium is paused")
    assert "What you have paid for stays open to you until 1 December 2026, 12:00 UTC." in said
    assert "Nothing is charged until 31 December 2026; then it goes on for $50 a month." in said
    said = texts(tell(subscription, (until, make_truth(make_payment(), make_payment(2)))))
    assert said.startswith("Your pause is over: Premium goes on")
    assert "for $50 a month by Stripe (Visa ending in 4242)." in said


def test_another_price_is_named(subscription: Subscription, tell: Tell) -> None:
    premium("year")
    tell(subscription, (NOON, make_truth()))
    said = texts(tell(subscription, (NOON + DAY, make_truth(price_reference="price_year"))))
    assert said.startswith("Your plan is changed: Premium, $500 a year")
    assert "you have Premium for $500 a year from now on." in said


@pytest.mark.parametrize("cause", [Cause.CLOCK, Cause.PROVIDER, Cause.RECONCILING])
def test_an_end_for_want_of_a_payment_says_so(cause: Cause, subscription: Subscription, tell: Tell) -> None:
    tell(subscription, (NOON, make_truth()), (END, failed_truth()))
    at = END + 7 * DAY
    said = texts(tell(subscription, (at, failed_truth(state=State.ENDED, ended_at=at)), cause=cause))
    assert said.startswith("Premium has ended")
    assert (
        "the payment that was missing has not come, so your subscription to Premium ended on 8 December 2026." in said
    )
    assert "Nothing more will be charged." in said


@pytest.mark.parametrize("cause", [Cause.CLOCK, Cause.PROVIDER])
def test_an_end_that_was_wished_for_speaks_of_no_payment(cause: Cause, subscription: Subscription, tell: Tell) -> None:
    tell(subscription, (NOON, make_truth()), (NOON + DAY, make_truth(state=State.CANCELLED)))
    said = texts(tell(subscription, (END, make_truth(state=State.ENDED, ended_at=END)), cause=cause))
    assert "your subscription to Premium ended on 1 December 2026. Nothing more will be charged." in said
    assert "missing" not in said
    assert "You can still read" not in said


def test_whoever_has_paid_on_is_told_that_this_stays_open(subscription: Subscription, tell: Tell) -> None:
    """Staff have ended it at the provider at once and given nothing back."""
    tell(subscription, (NOON, make_truth()))
    said = texts(tell(subscription, (NOON + DAY, make_truth(state=State.ENDED, ended_at=NOON + DAY))))
    assert "You can still read what belongs to Premium until 1 December 2026, 12:00 UTC." in said


# Who is told nothing


def test_a_checkout_that_comes_to_nothing_sends_no_mail(subscription: Subscription, tell: Tell) -> None:
    missing = make_payment(status=InvoiceStatus.VOID, paid=0, paid_at=None)
    assert not tell(subscription, (NOON, make_truth(missing, state=State.ENDED, ended_at=NOON)))


def test_the_same_truth_twice_sends_one_mail(subscription: Subscription, tell: Tell) -> None:
    assert len(tell(subscription, (NOON, make_truth()), (NOON + DAY, make_truth()))) == 1


def test_whoever_is_erased_is_told_nothing(subscription: Subscription, tell: Tell) -> None:
    tell(subscription, (NOON, make_truth()))
    Subscription.objects.update(user=None)
    gone = Subscription.objects.get()
    assert not tell(gone, (END, make_truth(state=State.ENDED, ended_at=END)))
    announce_second(gone)


def test_a_mail_that_cannot_be_written_does_not_undo_what_was_paid(
    subscription: Subscription, tell: Tell, learner: User, caplog: pytest.LogCaptureFixture
) -> None:
    learner.email = "no\naddress"
    learner.save()
    assert not tell(subscription, (NOON, make_truth()))
    assert Subscription.objects.get().state == State.ACTIVE
    assert subscription.access_grants.filter(source="stripe").exists()
    assert f"the mail about activate of subscription {subscription.pk} failed" in caplog.text


# How they look


MAILS: dict[str, Callable[[Subscription], None]] = {
    "welcome": lambda it: emails.welcome(subscription=it),
    "trial_begun": lambda it: emails.trial_begun(subscription=it),
    "trial_over": lambda it: emails.trial_over(subscription=it),
    "payment_failed": lambda it: emails.payment_failed(subscription=it),
    "payment_missing": lambda it: emails.payment_missing(subscription=it, is_last=False),
    "payment_missing_last": lambda it: emails.payment_missing(subscription=it, is_last=True),
    "payment_recovered": lambda it: emails.payment_recovered(subscription=it),
    "cancelled": lambda it: emails.cancelled(subscription=it),
    "resumed": lambda it: emails.resumed(subscription=it),
    "paused": lambda it: emails.paused(subscription=it),
    "continued": lambda it: emails.continued(subscription=it),
    "price_changed": lambda it: emails.price_changed(subscription=it),
    "ended": lambda it: emails.ended(subscription=it, unpaid=False),
    "ended_unpaid": lambda it: emails.ended(subscription=it, unpaid=True),
    "paid_back": lambda it: emails.paid_back(subscription=it),
    "trial_ending": lambda it: emails.trial_ending(subscription=it),
    "card_expiring": lambda it: emails.card_expiring(subscription=it),
    "renewal_coming": lambda it: emails.renewal_coming(subscription=it),
}


@pytest.mark.django_db
@pytest.mark.parametrize("state", [State.TRIALING, State.ACTIVE, State.PAST_DUE, State.PAUSED, State.ENDED])
@pytest.mark.parametrize("name", MAILS)
def test_every_mail_is_plain_and_whole_in_text_and_html(
    name: str, state: State, django_capture_on_commit_callbacks: Any, mailoutbox: Letters
) -> None:
    """Whatever the state that it meets: mails may cross with what happens."""
    person = make_user(name="O'Brien <b>&</b> Sons")
    subscription = make_subscription(
        person,
        reference="sub_1",
        state=state,
        payment_method="Visa ending in 4242",
        current_period_end=END,
        trial_ends_at=END,
        card_expires_on=date(2026, 11, 30),
        ended_at=END if state == State.ENDED else None,
    )
    with django_capture_on_commit_callbacks(execute=True):
        MAILS[name](subscription)
    (letter,) = mailoutbox
    text, html = str(letter.body), str(letter.alternatives[0][0])
    assert letter.subject
    assert "\n\n\n" not in text
    assert text.startswith("Hello O'Brien,\n\n")
    assert "Hello O&#x27;Brien," in html
    assert "<b>" not in html.replace("<body", "")
    for part in (str(letter.subject), text, html.replace("<!DOCTYPE", "")):
        assert "!" not in part
        assert "{{" not in part
        assert "{%" not in part
        assert "None" not in part
    for part in (text, html):
        assert SETTINGS in part
