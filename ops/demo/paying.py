"""What members pay: subscriptions with all their steps, and organisations with seats.

The past cannot go through the services, which ask the providers and stamp the present. So rows are written as
billing.services.recording would have written them at the time; what they open is settled by the services themselves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import F, Value
from django.db.models.functions import Least

from accounts.models import User
from billing.models import (
    AccessGrant,
    ContactRequest,
    Contract,
    Invitation,
    Invoice,
    Membership,
    Organisation,
    Price,
    Role,
    Seat,
    Source,
    State,
    Subscription,
    SubscriptionTransition,
    transition_name,
)
from billing.months import months_later
from billing.services import recording, rights, seats
from ops.demo.lives import LIVES, Life
from ops.demo.people import Member, People
from ops.demo.season import DAY, HOUR, Season, read_data

# The learner subscribed for some months, and reads for nothing again.
LEARNER_BEGAN, LEARNER_PAID = 79, 35


def make_payments(season: Season, people: People) -> None:
    said = read_data("paying.yaml")
    lives = subscribe(season, people, said)
    store(lives)
    for life in lives:
        recording.record_payments(life.row, life.payments)
        if life.row.started_at:
            rights.settle(life.row, life.truth())
    Invoice.objects.update(recorded_at=F("issued_at"))
    free = [member for member in people.members if member.energy and not subscribed(member, lives)]
    make_organisations(season, people, said["organisations"], free)
    give(season, people, free)
    AccessGrant.objects.update(created_at=Least("starts_at", Value(season.now)))
    for request in said["requests"]:
        created_at = season.ago(request.pop("days_ago"))
        ContactRequest.objects.create(created_at=created_at, **request)


# Subscriptions


def subscribe(season: Season, people: People, said: dict[str, Any]) -> list[Life]:
    """Everybody once, and not before they have come."""
    on_offer = Price.objects.on_offer().select_related("plan").filter(plan__code="premium")
    prices = {price.interval: price for price in on_offer}
    comments = said["leaving_comments"]
    wishes = [(each, number) for each in said["lives"] for number in range(each["count"])]
    timed = [(windows_of(each)[number % len(windows_of(each))], each) for each, number in wishes]
    # Those that must begin long ago choose first, among the few who were there.
    timed.sort(key=lambda wish: -wish[0][1])
    waiting = [member for member in people.members if member not in people.cast.values() and member.energy]
    lives = []
    for (earliest, latest), wish in timed:
        member, at = choose(season, waiting, season.ago(earliest), season.ago(latest))
        waiting.remove(member)
        row = Subscription(
            user=member.user, price=prices[wish["interval"]], provider=wish["provider"], created_at=at, state=""
        )
        life = Life(season, row, prices["year"], comments)
        LIVES[wish["life"]][0](life)
        lives.append(life)
    lives.append(life_of_learner(season, people.cast["learner"], prices, comments))
    return sorted(lives, key=lambda life: life.row.created_at)


def windows_of(wish: dict[str, Any]) -> tuple[tuple[float, float], ...]:
    return LIVES[wish["life"]][1]


def choose(season: Season, waiting: list[Member], earliest: datetime, latest: datetime) -> tuple[Member, datetime]:
    """Somebody who is there at some moment of this time, and that moment."""
    able = [member for member in waiting if member.joined + HOUR < latest and member.left > earliest + DAY]
    # Who takes part more, and longer, pays more often.
    weights = [(min(member.energy, 2) + 0.3) * (4 if member.left == season.now else 1) for member in able]
    [member] = season.chance.choices(able, weights)
    since, until = max(earliest, member.joined + HOUR), max(min(latest, member.left), member.joined + 2 * HOUR)
    return member, season.between(since, min(until, latest))


def life_of_learner(season: Season, learner: Member, prices: dict[str, Price], comments: dict[str, str]) -> Life:
    began = season.ago(LEARNER_BEGAN)
    row = Subscription(user=learner.user, price=prices["month"], provider="stripe", created_at=began, state="")
    life = Life(season, row, prices["year"], comments)
    end = life.pay(life.begin(), began + LEARNER_PAID * DAY)
    life.wish_to_leave(end - 4 * DAY)
    life.end(end)
    return life


def store(lives: list[Life]) -> None:
    Subscription.objects.bulk_create([life.row for life in lives])
    steps = [step for life in lives for step in steps_of(life)]
    SubscriptionTransition.objects.bulk_create(sorted(steps, key=lambda step: step.at))


def steps_of(life: Life) -> Iterator[SubscriptionTransition]:
    """Raises ImpossibleTransition for a life that cannot be."""
    before, former_price = State.INCOMPLETE, None
    for at, state, cause, price in life.steps:
        then = Subscription(state=state, price=price)
        changes_price = state == before and price != former_price
        yield SubscriptionTransition(
            subscription=life.row,
            name="change_price" if changes_price else transition_name(before, state),
            from_state=before,
            to_state=state,
            price=price,
            annual_amount=then.annual_amount,
            at=at,
            recorded_at=at,
            cause=cause,
        )
        before, former_price = state, price


def subscribed(member: Member, lives: list[Life]) -> bool:
    return any(life.row.user == member.user for life in lives)


# Organisations


def make_organisations(season: Season, people: People, wanted: list[dict[str, Any]], free: list[Member]) -> None:
    """`free`: members without a subscription; those who get a seat are taken from it."""
    for each in wanted:
        began = season.ago(each["days_ago"])
        workers = [member for member in free if member.joined < began and member.left > began + 3 * DAY]
        workers = [member for member in workers if member not in people.cast.values()][: each["taken"]]
        organisation = Organisation.objects.create(name=each["name"], slug=each["slug"], created_at=began)
        Contract.objects.create(
            organisation=organisation,
            seats=each["seats"],
            annual_amount=each["amount"] * 100,
            starts_at=began + HOUR,
            made_at=began + HOUR,
            ends_at=months_later(began, 12),
            note=each["note"],
        )
        owner = workers[0]
        for number, member in enumerate(workers):
            free.remove(member)
            joined = began + HOUR + number * DAY * 0.4
            role = Role.OWNER if member is owner else Role.MEMBER
            Membership.objects.create(organisation=organisation, user=member.user, role=role, joined_at=joined)
            Seat.objects.create(organisation=organisation, user=member.user, taken_at=joined)
        if "manager" in each:
            # Without a seat: she can give herself one.
            manager = people.cast[each["manager"]].user
            Membership.objects.create(
                organisation=organisation, user=manager, role=Role.MANAGER, joined_at=began + 2 * DAY
            )
        seats.settle(organisation)
        invite(season, organisation, owner.user, each["invited"])


def invite(season: Season, organisation: Organisation, by: User, addresses: list[str]) -> None:
    """Nobody has the links: only their hashes are kept, here as everywhere."""
    for address in addresses:
        asked = season.ago(season.chance.uniform(0.5, 6))
        Invitation.objects.create(
            organisation=organisation,
            email=address,
            invited_by=by,
            created_at=asked,
            expires_at=asked + Invitation.GOOD_FOR,
            token_hash=hashlib.sha256(season.letters(32, "0123456789abcdef").encode()).digest(),
        )


def give(season: Season, people: People, free: list[Member]) -> None:
    """Staff thank somebody who has helped a lot."""
    helper = max(free, key=lambda member: member.energy * (member.left == season.now))
    AccessGrant.objects.create(
        user=helper.user,
        source=Source.GIFT,
        starts_at=season.ago(20),
        ends_at=season.ago(20) + 90 * DAY,
        reason="With thanks for many good answers.",
        given_by=people.cast["administrator"].user,
    )
