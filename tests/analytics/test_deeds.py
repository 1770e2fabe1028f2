"""What people do is counted where it is done, once it is done, and with whoever did it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.test import Client

from accounts.models import User
from analytics import visits
from analytics.events import NOBODY_KNOWN
from analytics.visits import Visit
from billing.models import Cause, InvoiceStatus, Price, State, Subscription
from billing.services.recording import Why, record
from community.services import answers, likes
from tests.accounts.test_social import GitHub, come_back, github, verified  # noqa: F401 - a fixture
from tests.analytics.browsers import browser
from tests.billing.truths import NOON, make_payment, make_subscription, make_truth, premium
from tests.community.members import make_comment, make_post
from tests.factories import PASSWORD, make_user
from tests.recording import Counted, Recorded
from tutorials.models import Tutorial
from tutorials.services.bookmarks import put_bookmark
from tutorials.services.progress import record_progress

pytestmark = pytest.mark.django_db
WEBHOOK = Why(Cause.PROVIDER)


class Done:
    def __init__(self, recorded: Recorded, commits: Any) -> None:
        self.recorded, self.commits = recorded, commits

    @contextmanager
    def within(self) -> Iterator[list[Counted]]:
        """What is counted of what happens within it, once that is committed."""
        before = len(self.recorded.lines())
        found: list[Counted] = []
        with self.commits(execute=True):
            yield found
        found.extend(self.recorded.events()[before:])


@pytest.fixture
def done(recorded: Recorded, django_capture_on_commit_callbacks: Any) -> Done:
    return Done(recorded, django_capture_on_commit_callbacks)


def told(events: list[Counted]) -> list[tuple[str, str, int | None]]:
    return [(event.name, event.subject, event.user_id) for event in events if event.name != "page_view"]


# -- Signing up ---------------------------------------------------------------------------------


def test_signing_up_on_the_page_is_counted_with_the_visitor(done: Done) -> None:
    client = browser()
    with done.within() as events:
        client.get("/accounts/signup/")
        client.post("/accounts/signup/", {"email": "new@howtoai.example", "name": "New", "password1": PASSWORD})
    person = User.objects.get(email="new@howtoai.example")
    assert told(events) == [("sign_up", "", person.pk)]
    view, up = events
    assert view.visitor == up.visitor is not None


def test_signing_up_with_the_api_is_counted(done: Done) -> None:
    body = {"email": "new@howtoai.example", "password": PASSWORD, "name": "New"}
    with done.within() as events:
        response = browser().post("/api/auth/signup", json.dumps(body), content_type="application/json")
    assert response.status_code == 201
    assert told(events) == [("sign_up", "", User.objects.get(email="new@howtoai.example").pk)]


def test_signing_up_with_an_account_elsewhere_is_counted_once(done: Done, github: GitHub) -> None:  # noqa: F811
    github.emails = verified("octo@howtoai.example")
    client = browser()
    with done.within() as events:
        come_back(client)
        client.post("/accounts/logout/")
        come_back(client)
    assert told(events) == [("sign_up", "", User.objects.get().pk)]


@pytest.mark.parametrize("path", ["/accounts/signup/", "/accounts/login/"])
def test_what_is_no_sign_up_is_not_counted_as_one(done: Done, learner: User, path: str) -> None:
    with done.within() as events:
        browser().post(
            path, {"email": learner.email, "login": learner.email, "password1": PASSWORD, "password": PASSWORD}
        )
    assert told(events) == []


# -- Learning -----------------------------------------------------------------------------------


def test_progress_is_counted_where_somebody_moved(done: Done, learner: User, tutorial: Tutorial) -> None:
    with done.within() as events:
        record_progress(user=learner, tutorial=tutorial, fraction=0.4)
        record_progress(user=learner, tutorial=tutorial, fraction=0.4)
        record_progress(user=learner, tutorial=tutorial, fraction=0.2)
        record_progress(user=learner, tutorial=tutorial, fraction=1)
    assert told(events) == [("tutorial_progress", tutorial.slug, learner.pk)] * 2
    first, last = (event.properties for event in events)
    assert first == {"fraction": 0.4, "before": 0, "started": True, "seconds": 0, "total": 0}
    assert last == {"fraction": 1, "before": 0.4, "started": False, "seconds": 0, "total": 0}


def test_progress_that_is_refused_is_not_counted(done: Done, learner: User, tutorial: Tutorial) -> None:
    with done.within() as events, pytest.raises(ValidationError):
        record_progress(user=learner, tutorial=tutorial, fraction=2)
    assert told(events) == []


def test_what_is_rolled_back_was_not_done(done: Done, learner: User, tutorial: Tutorial) -> None:
    with done.within() as events, transaction.atomic():
        record_progress(user=learner, tutorial=tutorial, fraction=0.5)
        transaction.set_rollback(True)
    assert told(events) == []


def test_a_bookmark_is_counted_as_it_is_made(done: Done, learner: User, tutorial: Tutorial) -> None:
    with done.within() as events:
        put_bookmark(user=learner, tutorial=tutorial, block="")
        put_bookmark(user=learner, tutorial=tutorial, block="", note="private")
    assert told(events) == [("feature", "bookmark", learner.pk)]
    assert events[0].properties == {"tutorial": tutorial.slug}


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/tutorials/", "tutorials"),
        ("/api/tutorials", "tutorials"),
        ("/search/", "site"),
        ("/api/posts", "site"),
    ],
)
def test_a_search_is_counted_once_and_not_what_was_looked_for(
    done: Done, tutorial: Tutorial, path: str, place: str
) -> None:
    client = browser()
    with done.within() as events:
        client.get(path, {"q": "secretword"})
        client.get(path)
    assert told(events) == [("feature", "search", None)]
    (found,) = (event for event in events if event.name == "feature")
    assert found.properties == {"place": place, "query_length": 10, "found": 0}


# -- The community ------------------------------------------------------------------------------


def test_taking_part_is_counted(done: Done, learner: User, stranger: User) -> None:
    with done.within() as events:
        post = make_post(author=learner)
        comment = make_comment(post, author=stranger)
        for _ in range(2):
            likes.like(user=learner, text=comment)
            answers.accept_answer(by=learner, post=post, comment=comment)
        likes.unlike(user=learner, text=comment)
    assert told(events) == [
        ("engagement", "post", learner.pk),
        ("engagement", "comment", stranger.pk),
        ("engagement", "like", learner.pk),
        ("engagement", "answer_accepted", learner.pk),
    ]
    assert events[0].properties == {"post": post.pk, "category": "prompting", "type": "question"}
    assert events[2].properties == {"of": "comment", "post": post.pk}


# -- Subscriptions ------------------------------------------------------------------------------


def follow(subscription: Subscription, **truth: Any) -> None:
    payments = truth.pop("payments", ())
    record(subscription, make_truth(*payments, **truth), WEBHOOK)


def words(events: list[Counted]) -> list[tuple[str, int]]:
    return [(event.subject, event.properties["amount"]) for event in events if event.name == "subscription"]


@pytest.fixture
def subscription(learner: User) -> Subscription:
    return make_subscription(learner)


def test_the_life_of_a_subscription_is_counted(done: Done, subscription: Subscription, learner: User) -> None:
    first, second = make_payment(0), make_payment(1)
    with done.within() as events:
        follow(subscription, payments=(first,))
        follow(subscription, payments=(first,))
        follow(subscription, payments=(second,))
        follow(subscription, payments=(second,), state=State.PAST_DUE)
        follow(subscription, payments=(second,))
        follow(subscription, payments=(second,), state=State.CANCELLED)
        follow(subscription, payments=(second,), state=State.ENDED, ended_at=NOON + timedelta(days=60))
    amount = premium().amount
    assert words(events) == [
        ("started", amount),
        ("renewed", second.paid),
        ("payment_failed", amount),
        ("recovered", amount),
        ("cancelled", amount),
        ("ended", amount),
    ]
    assert {event.user_id for event in events} == {learner.pk}
    assert events[0].properties == {
        "plan": "premium",
        "interval": "month",
        "provider": "stripe",
        "amount": amount,
        "currency": "USD",
    }


def test_a_trial_is_one_until_it_is_paid(done: Done, subscription: Subscription) -> None:
    trial = make_payment(0, is_trial=True, total=0, paid=0)
    with done.within() as events:
        follow(subscription, payments=(trial,), state=State.TRIALING, trial_ends_at=NOON + timedelta(days=30))
        follow(subscription, payments=(make_payment(1),))
    assert [what for what, _ in words(events)] == ["trial", "started"]


def test_a_change_of_price_is_told_as_one(done: Done, subscription: Subscription) -> None:
    year: Price = premium("year")
    follow(subscription)
    paid = replace(make_payment(1), replaces_former=True)
    with done.within() as events:
        follow(subscription, payments=(paid,), price_reference=year.stripe_id)
    assert words(events) == [("changed", year.amount)]


def test_a_checkout_that_was_left_was_no_subscription(done: Done, subscription: Subscription) -> None:
    unpaid = make_payment(0, status=InvoiceStatus.OPEN, paid=0, paid_at=None)
    with done.within() as events:
        follow(subscription, payments=(unpaid,), state=State.ENDED, ended_at=NOON)
    assert words(events) == []


def test_whoever_noticed_it_a_subscription_is_counted_as_its_members(
    done: Done, subscription: Subscription, learner: User
) -> None:
    token = visits.current.set(Visit(-7, NOBODY_KNOWN, kept_out="staff"))
    try:
        with done.within() as events:
            follow(subscription)
    finally:
        visits.current.reset(token)
    assert told(events) == [("subscription", "started", learner.pk)]
    assert events[0].visitor is None


def test_of_who_is_erased_nothing_is_counted(done: Done, subscription: Subscription) -> None:
    follow(subscription)
    subscription.user = None
    with done.within() as events:
        follow(subscription, state=State.CANCELLED)
    assert words(events) == []


# -- Who is kept out ----------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [{"HTTP_DNT": "1"}, {"HTTP_SEC_GPC": "1"}])
def test_who_does_not_want_it_learns_without_being_counted(
    done: Done, learner: User, tutorial: Tutorial, headers: dict[str, str]
) -> None:
    client = browser(member=learner)
    with done.within() as events:
        answer = client.post(f"/tutorials/{tutorial.slug}/progress/", {"fraction": "0.5", "seconds": "5"}, **headers)
    assert answer.status_code < 400
    assert told(events) == []


def test_staff_take_part_without_being_counted(done: Done, tutorial: Tutorial) -> None:
    client = browser(member=make_user(role="moderator"))
    with done.within() as events:
        client.post(f"/tutorials/{tutorial.slug}/progress/", {"fraction": "0.5", "seconds": "5"})
    assert told(events) == []


def test_a_program_of_a_members_is_counted_as_them(done: Done, learner: User, tutorial: Tutorial) -> None:
    client = Client(HTTP_USER_AGENT="SomeApp/1.0")
    client.force_login(learner)
    with done.within() as events:
        client.post(f"/tutorials/{tutorial.slug}/progress/", {"fraction": "0.5", "seconds": "5"})
    assert told(events) == [("tutorial_progress", tutorial.slug, learner.pk)]
    assert events[0].audience.device == "program"
