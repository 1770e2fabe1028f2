"""Many members at both providers, to whom anything happens at any time; what was paid is known from the providers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import httpx
from django.core.exceptions import ValidationError

from accounts.models import User
from billing.gateways import gateway_of
from billing.models import Invoice, Provider, State, Subscription
from billing.months import months_later
from billing.services import applying, following, offers, receiving, reminding, subscribing
from billing.services.reconciling import reconcile
from billing.services.subscribing import Wish
from tests.billing.shops import CANCEL, RETURN
from tests.counterparts.process import Counterparts
from tests.factories import make_user

START = datetime(2027, 1, 31, 15, 30, tzinfo=UTC)
GRACE = timedelta(days=7)
DAY = timedelta(days=1)
STEPS = (1, 3, 5, 8, 13, 28, 31)  # days
# What becomes of an event on its way, and how often.
FATES = {"arrives": 50, "twice": 20, "late": 15, "lost": 15}


@dataclass
class Paid:
    """One payment as the provider told of it."""

    reference: str
    at: datetime
    start: datetime
    end: datetime
    # Gave back the rest of what was paid before.
    changes_plan: bool = False


@dataclass
class Member:
    user: User
    provider: Provider
    payments: dict[str, Paid] = field(default_factory=dict)
    returned: dict[str, datetime] = field(default_factory=dict)
    # What was done, for whoever has to find out why a test fails.
    story: list[str] = field(default_factory=list)

    def must_read(self, at: datetime) -> bool:
        """Whether something was paid for this moment, and neither given back nor exchanged before it."""
        return any(
            paid.start <= at < paid.end
            and not (paid.reference in self.returned and self.returned[paid.reference] <= at)
            and not any(paid.start < other.start <= at for other in self.payments.values() if other.changes_plan)
            for paid in self.payments.values()
        )

    def can_read(self, at: datetime) -> bool:
        """Whether something was paid for this moment, or for one less than the days of grace before it."""
        return any(paid.start <= at < paid.end + GRACE for paid in self.payments.values())


class Season:
    """`seed` decides everything that happens."""

    def __init__(self, counterparts: Counterparts, clock: Any, seed: int, *, members: int) -> None:
        self.counterparts, self.clock, self.random = counterparts, clock, Random(seed)
        self.now = START
        self.move_to(START)
        offers.sync_plans()
        self.members = [Member(make_user(), self.random.choice(list(Provider))) for _ in range(members)]
        self.heard = 0
        self.late: list[str] = []
        # PayPal's reference → the time of the first payment.
        self.firsts: dict[str, datetime] = {}

    def move_to(self, moment: datetime) -> None:
        self.now = moment
        self.clock.move_to(moment, tick=False)
        self.counterparts.control("clock", now=moment.isoformat(), stopped=True, wall=True)

    def step(self) -> None:
        """Some days go by, some members do something, and some of what the providers tell arrives."""
        self.move_to(self.now + self.random.choice(STEPS) * DAY + timedelta(minutes=self.random.randrange(600)))
        for member in self.members:
            if self.random.random() < 0.4:
                self.act(member)
        self.deliver()
        following.follow_due(self.now)
        reminding.remind_due(self.now)

    def act(self, member: Member) -> None:
        deed = self.random.choice(("subscribe", "subscribe", "cancel", "resume", "pause", "year", "money", "provider"))
        member.story.append(f"{self.now:%d %b %H:%M} {deed}")
        try:
            getattr(self, deed)(member)
        except ValidationError as refusal:
            member.story.append(f"  {refusal.messages}")

    # -- What members do ------------------------------------------------------------------------

    def subscribe(self, member: Member, interval: str = "month") -> None:
        wish = Wish("premium", interval, member.provider, RETURN, CANCEL)
        outcome = subscribing.subscribe(user=member.user, wish=wish)
        if outcome.redirect_url and self.random.random() < 0.9:
            self.consent(member, outcome.redirect_url)

    def year(self, member: Member) -> None:
        """Periods of a changed PayPal subscription depend on when it was changed; those are tried one by one."""
        if member.provider == Provider.STRIPE:
            self.subscribe(member, "year")

    def consent(self, member: Member, page: str) -> None:
        if member.provider == Provider.STRIPE:
            card = self.random.choice(("works", "works", "works", "fails_later"))
            answer = httpx.post(page, data={"card": card}, trust_env=False)
            assert answer.status_code < 400, answer.text
            return
        row = Subscription.objects.filter(user=member.user).latest("pk")
        wallet = self.random.choice(("works", "works", "works", "fails_later"))
        self.counterparts.control("paypal/approve", id=row.checkout_reference or row.reference, wallet=wallet)

    def cancel(self, member: Member) -> None:
        subscribing.cancel(user=member.user)

    def resume(self, member: Member) -> None:
        subscribing.resume(user=member.user)

    def pause(self, member: Member) -> None:
        subscribing.pause(user=member.user, months=self.random.randint(1, 3))

    # -- What happens at the providers ----------------------------------------------------------

    def money(self, member: Member) -> None:
        """Staff give a payment back."""
        self.learn()
        kept = [paid for reference, paid in member.payments.items() if reference not in member.returned]
        if not kept or self.random.random() < 0.5:
            return
        paid = max(kept, key=lambda paid: paid.at)
        if member.provider == Provider.STRIPE:
            refundable = Invoice.objects.filter(reference=paid.reference, amount_paid__gt=0).exists()
            if not refundable:
                return
            self.counterparts.control("stripe/refund", invoice=paid.reference)
        else:
            self.counterparts.control("paypal/refund", sale=paid.reference)

    def provider(self, member: Member) -> None:
        """A card or wallet changes, or staff or the buyer end it there."""
        row = Subscription.objects.filter(user=member.user).exclude(reference="").order_by("-pk").first()
        if row is None or row.state == State.ENDED:
            return
        works = self.random.random() < 0.5
        if member.provider == Provider.PAYPAL:
            self.counterparts.control("paypal/wallet", id=row.reference, wallet="works" if works else "fails")
        elif self.random.random() < 0.3:
            self.counterparts.control("stripe/cancel", subscription=row.reference, when="period_end")

    # -- What is told of it ---------------------------------------------------------------------

    def deliver(self) -> None:
        """The events since the last time, each with a fate of its own, in any order; then what came late."""
        ids, self.late = self.late, []
        fates, weights = zip(*FATES.items(), strict=True)
        for event in self.news():
            (fate,) = self.random.choices(fates, weights)
            if fate == "late":
                self.late.append(event["id"])
            elif fate != "lost":
                ids += [event["id"]] * (2 if fate == "twice" else 1)
        self.random.shuffle(ids)
        self.hear(ids)

    def news(self) -> list[dict[str, Any]]:
        events = self.counterparts.events()
        fresh, self.heard = events[self.heard :], len(events)
        return fresh

    def hear(self, ids: list[str]) -> None:
        for signed in self.counterparts.signed(*ids):
            provider = Provider.PAYPAL if b'"event_type"' in signed.body else Provider.STRIPE
            receiving.keep(provider, gateway_of(provider).read_webhook(signed.body, signed.headers))
        applying.apply_due()

    def end(self) -> None:
        """What was late arrives, and the night's comparison finds what was lost."""
        self.hear(self.late)
        # What happened just now may still be on its way, and is not looked for.
        self.move_to(self.now + timedelta(hours=1))
        for provider in Provider:
            reconcile(gateway_of(provider), rehearse=False)
        self.learn()

    # -- What was paid --------------------------------------------------------------------------

    def learn(self) -> None:
        """From the events of the providers, also from those that never arrived."""
        rows = Subscription.objects.exclude(user=None).values_list("pk", "user_id", "checkout_reference", "reference")
        by_user = {member.user.pk: member for member in self.members}
        owners = {name: by_user[user_id] for _, user_id, *names in rows for name in names if name}
        own = {str(pk): by_user[user_id] for pk, user_id, *_ in rows}
        for event in self.counterparts.events():
            if event.get("type") == "invoice.paid":
                learn_from_invoice(event["data"]["object"], own)
            elif event.get("event_type") == "PAYMENT.SALE.COMPLETED":
                self.learn_from_sale(event["resource"], owners)
        for reference, at in returned_in(self.counterparts.events()):
            for member in self.members:
                if reference in member.payments:
                    member.returned[reference] = at

    def learn_from_sale(self, sale: dict[str, Any], owners: dict[str, Member]) -> None:
        """It pays to the next day of payment: every month, counted from the first."""
        reference, at = sale["billing_agreement_id"], datetime.fromisoformat(sale["create_time"])
        first = self.firsts.setdefault(reference, at)
        months = 1
        while months_later(first, months) <= at:
            months += 1
        owners[reference].payments[sale["id"]] = Paid(sale["id"], at, at, months_later(first, months))


def returned_in(events: list[dict[str, Any]]) -> Iterator[tuple[str, datetime]]:
    """Payments that went back whole, and when: also those that the platform gave back by itself."""
    invoices: dict[str, str] = {}
    for event in events:
        match event.get("type") or event["event_type"]:
            case "invoice_payment.paid":
                paid = event["data"]["object"]
                invoices[paid["payment"]["payment_intent"]] = paid["invoice"]
            case "charge.refunded" if event["data"]["object"]["refunded"]:
                charge = event["data"]["object"]
                yield invoices[charge["payment_intent"]], datetime.fromtimestamp(event["created"], UTC)
            case "PAYMENT.SALE.REFUNDED":
                refund = event["resource"]
                yield refund["sale_id"], datetime.fromisoformat(refund["create_time"])


def learn_from_invoice(invoice: dict[str, Any], own: dict[str, Member]) -> None:
    """Its row is named in what was given to Stripe at the checkout."""
    details = invoice["parent"]["subscription_details"]
    member = own[details["metadata"]["subscription"]]
    lines = [line for line in invoice["lines"]["data"] if line["amount"] > 0]
    line = max(lines, key=lambda line: line["period"]["end"])
    paid_at = datetime.fromtimestamp(invoice["status_transitions"]["paid_at"], UTC)
    member.payments[invoice["id"]] = Paid(
        invoice["id"],
        paid_at,
        datetime.fromtimestamp(line["period"]["start"], UTC),
        datetime.fromtimestamp(line["period"]["end"], UTC),
        changes_plan=any(line["amount"] < 0 for line in invoice["lines"]["data"]),
    )
