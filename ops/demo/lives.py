"""What a subscriber can go through: steps and invoices, as the providers would have told them.

Each life is a function of the same form. Nothing here is stored; ops/demo/paying.py does that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from billing.gateways.base import Payment, Return, Truth
from billing.leaving import LeavingReason
from billing.models import Cause, Interval, InvoiceStatus, Price, RefundKind, State, Subscription
from billing.months import months_later
from ops.demo.season import DAY, HOUR, MINUTE, Season

TRIAL = 14 * DAY
HEXADECIMAL, CAPITALS = "0123456789ABCDEF", "ABCDEFGHJKLMNPRSTUVWXY0123456789"
LETTERS = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ0123456789"


@dataclass
class Life:
    """One subscription from its checkout on. `row` has what is known of it so far."""

    season: Season
    row: Subscription
    yearly: Price
    leaving_comments: dict[str, str]
    # When it became what, why, and at which price.
    steps: list[tuple[datetime, State, Cause, Price]] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    customer: str = ""

    @property
    def now(self) -> datetime:
        return self.season.now

    def step(self, at: datetime, state: State, cause: Cause = Cause.PROVIDER) -> None:
        self.row.state = state
        self.steps.append((at, state, cause, self.row.price))

    def begin(self, state: State = State.ACTIVE) -> datetime:
        """Somebody has paid, or begun to try; returns when."""
        at = self.row.created_at + MINUTE * self.season.chance.randint(1, 9)
        self.row.started_at = at
        if self.row.provider == "stripe":
            self.customer = self.season.letters(8, HEXADECIMAL)
            self.row.reference = f"sub_{self.season.letters(24, LETTERS)}"
            self.row.payment_method = f"Visa ending in {self.season.chance.randint(1000, 9999)}"
            self.row.card_expires_on = months_later(self.now, 20).date().replace(day=28)
        else:
            self.row.reference = f"I-{self.season.letters(12, CAPITALS)}"
        self.step(at, state)
        return at

    def pay(self, since: datetime, until: datetime | None = None, *, anchor: datetime | None = None) -> datetime:
        """Every period from one that begins then is paid, to the last that begins by `until` (default: now).

        Returns the end of the last.
        """
        anchor, months = anchor or since, Interval(self.row.price.interval).months
        number = 0
        while (start := months_later(anchor, number * months)) < since:
            number += 1
        while start <= (until or self.now):
            number += 1
            end = months_later(anchor, number * months)
            self.charge(start, end)
            start = end
        return start

    def charge(self, start: datetime, end: datetime, **fields: Any) -> Payment:
        """One invoice; paid at its beginning, unless `fields` say otherwise. The row is in this period now."""
        is_stripe = self.row.provider == "stripe"
        amount = self.row.price.amount
        paid: dict[str, Any] = {"status": InvoiceStatus.PAID, "total": amount, "paid": amount, "paid_at": start}
        payment = Payment(
            reference=f"in_{self.season.letters(24, LETTERS)}" if is_stripe else self.season.letters(17, CAPITALS),
            number=f"{self.customer}-{len(self.payments) + 1:04}" if is_stripe else "",
            currency=self.row.price.currency,
            tax=0,
            period_start=start,
            period_end=end,
            issued_at=start,
            **paid | fields,
        )
        self.payments.append(payment)
        self.row.current_period_start, self.row.current_period_end = start, end
        return payment

    def give_back(self, at: datetime, kind: RefundKind, reason: str) -> None:
        """All of the last payment."""
        last = self.payments.pop()
        reference = f"re_{self.season.letters(24, LETTERS)}"
        back = Return(reference=reference, kind=kind, amount=last.paid, at=at, reason=reason)
        self.payments.append(Payment(**vars(last) | {"returns": (back,)}))

    def wish_to_leave(self, at: datetime) -> None:
        self.step(at, State.CANCELLED, Cause.MEMBER)
        reason = self.season.chance.choice(sorted(self.leaving_comments))
        self.row.leaving_reason = LeavingReason(reason).value
        self.row.leaving_comment = self.leaving_comments[reason]

    def end(self, at: datetime, cause: Cause = Cause.PROVIDER) -> None:
        self.row.ended_at = at
        self.step(at, State.ENDED, cause)

    def truth(self) -> Truth:
        """As the provider tells it today. Only of one that was begun."""
        row = self.row
        started, end = row.started_at or row.created_at, row.current_period_end or self.now
        return Truth(
            reference=row.reference,
            own_key=row.pk,
            state=State(row.state),
            price_reference="",
            next_price_reference="",
            started_at=started,
            current_period_start=row.current_period_start or started,
            current_period_end=end,
            trial_started_at=started if row.trial_ends_at else None,
            trial_ends_at=row.trial_ends_at,
            next_attempt_at=row.next_attempt_at,
            resumes_at=row.resumes_at,
            ended_at=row.ended_at,
            payment_method=row.payment_method,
            card_expires_on=row.card_expires_on,
            payments=tuple(self.payments),
        )


def stays(life: Life) -> None:
    life.pay(life.begin())


def goes_to_the_year(life: Life) -> None:
    """What is left of the month is set off; the year's invoice is the smaller for it."""
    start = life.begin()
    change = life.season.between(start + 20 * DAY, life.now - DAY)
    end = life.pay(start, change)
    left = round(life.row.price.amount * ((end - change) / (31 * DAY)))
    life.row.price = life.yearly
    life.step(change, State.ACTIVE, Cause.MEMBER)
    total = life.yearly.amount - left
    life.charge(change, months_later(change, 12), total=total, paid=total, replaces_former=True)


def try_it(life: Life) -> datetime:
    start = life.begin(State.TRIALING)
    life.row.trial_ends_at = start + TRIAL
    life.row.current_period_start, life.row.current_period_end = start, life.row.trial_ends_at
    return life.row.trial_ends_at


def stays_after_trial(life: Life) -> None:
    end = try_it(life)
    life.step(end, State.ACTIVE)
    life.pay(end)


def is_in_trial(life: Life) -> None:
    try_it(life)


def leaves_in_trial(life: Life) -> None:
    end = try_it(life)
    life.wish_to_leave(end - DAY * life.season.chance.uniform(1, 9))
    life.end(end)


def is_leaving(life: Life) -> None:
    start = life.begin()
    life.pay(start)
    began = life.row.current_period_start or start
    life.wish_to_leave(life.season.between(began, life.now))


def leaves(life: Life) -> None:
    start = life.begin()
    end = life.pay(start, start)
    life.wish_to_leave(end - DAY * life.season.chance.uniform(1, 25))
    life.end(end)


def miss(life: Life, **fields: Any) -> tuple[datetime, datetime]:
    """The second month cannot be charged; returns its beginning and end."""
    start = life.begin()
    due = life.pay(start, start)
    end = months_later(start, 2)
    life.step(due + HOUR, State.PAST_DUE)
    life.charge(due, end, **{"status": InvoiceStatus.OPEN, "paid": 0, "paid_at": None} | fields)
    return due, end


def recovers(life: Life) -> None:
    start = months_later(life.row.created_at, 1)
    paid_at = start + 3 * DAY
    amount = life.row.price.amount
    _, end = miss(life, status=InvoiceStatus.PAID, paid=amount, paid_at=paid_at)
    life.step(paid_at, State.ACTIVE)
    life.pay(end, anchor=life.row.started_at)


def is_behind(life: Life) -> None:
    due, _ = miss(life)
    life.row.past_due_since = due + HOUR
    life.row.next_attempt_at = life.now + 2 * DAY


def is_lost(life: Life) -> None:
    due, _ = miss(life, status=InvoiceStatus.UNCOLLECTIBLE)
    life.end(due + 8 * DAY, Cause.CLOCK)


def pauses(life: Life) -> None:
    life.pay(life.begin())
    life.step(life.season.ago(1.5), State.PAUSED, Cause.MEMBER)
    life.row.resumes_at = life.now + 55 * DAY


def gets_money_back(life: Life) -> None:
    start = life.begin()
    life.pay(start, start)
    back = start + DAY * life.season.chance.uniform(2, 9)
    life.give_back(back, RefundKind.REFUND, "requested_by_customer")
    life.end(back, Cause.STAFF)


def disputes(life: Life) -> None:
    start = life.begin()
    life.pay(start, start)
    back = start + 12 * DAY
    life.give_back(back, RefundKind.DISPUTE, "fraudulent")
    life.end(back)


def gives_up_at_checkout(life: Life) -> None:
    life.end(life.row.created_at + DAY, Cause.CLOCK)


# The provider's stand-in knows nothing of these (docs/development.md), so most of those that go on have begun such that
# their present month lasts for another two weeks at least.
EARLY_IN_A_MONTH = ((72, 62), (42, 32), (12, 1))
# Each with the days ago between which it may begin, so that it comes to where it is today; taken in turn.
LIVES: dict[str, tuple[Callable[[Life], None], tuple[tuple[float, float], ...]]] = {
    "stays": (stays, EARLY_IN_A_MONTH),
    "stays_by_the_year": (stays, ((82, 50), (50, 25), (25, 4))),
    "goes_to_the_year": (goes_to_the_year, ((80, 40),)),
    "stays_after_trial": (stays_after_trial, ((86, 76), (56, 46), (26, 16))),
    "is_in_trial": (is_in_trial, ((4, 0.5),)),
    "leaves_in_trial": (leaves_in_trial, ((70, 45), (45, 20))),
    "is_leaving": (is_leaving, EARLY_IN_A_MONTH[1:]),
    "leaves": (leaves, ((66, 50), (50, 34))),
    "recovers": (recovers, ((72, 66), (42, 38))),
    "is_behind": (is_behind, ((32.8, 32.2),)),
    "is_lost": (is_lost, ((70, 45),)),
    "pauses": (pauses, ((12, 4),)),
    "gets_money_back": (gets_money_back, ((70, 45), (45, 14))),
    "disputes": (disputes, ((50, 25),)),
    "gives_up_at_checkout": (gives_up_at_checkout, ((60, 4),)),
}
