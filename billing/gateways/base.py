"""What billing asks of a payment provider, and what it is told: the same of Stripe and of PayPal.

A gateway speaks a provider's language and decides nothing. Amounts are whole numbers of the currency's smallest
unit, times are aware and in UTC, references are the provider's names of things.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from accounts.models import User
    from billing.models import InvoiceStatus, Plan, Price, Provider, RefundKind, State, Subscription


class ProviderError(Exception):
    """The provider did not do what it was asked to. Nothing of ours may have changed."""


class ProviderAway(ProviderError):
    """It is down, slow, or answers nonsense: trying again later may help. Whether it did something is not known."""


class Refused(ProviderError):
    """It understood and said no. `words` are the provider's, for the person, and may be empty."""

    def __init__(self, code: str, words: str = "") -> None:
        self.code, self.words = code, words
        super().__init__(f"{code}: {words}")


class NotThere(ProviderError):
    """It knows nothing by this reference."""


class Forged(Exception):
    """A webhook that the provider did not send, or not now. The text is for the log and quotes nothing of it."""


@dataclass(frozen=True)
class News:
    """A verified webhook."""

    event_id: str
    kind: str
    happened_at: datetime
    # The subscription that it is about; empty if it is about none.
    subject: str
    body: dict[str, Any]


@dataclass(frozen=True)
class Return:
    """Money that went back to whoever paid, or was taken off an invoice."""

    reference: str
    kind: RefundKind
    amount: int
    at: datetime
    reason: str = ""


@dataclass(frozen=True)
class Payment:
    """One invoice, paid or not, with the period that it pays for."""

    reference: str
    number: str
    status: InvoiceStatus
    currency: str
    total: int
    tax: int
    paid: int
    period_start: datetime
    period_end: datetime
    issued_at: datetime
    paid_at: datetime | None
    # It gave back the rest of what was paid before, which therefore ends where this begins: a change of plan.
    replaces_former: bool = False
    # A trial is an invoice over nothing at Stripe; it opens no paid time.
    is_trial: bool = False
    hosted_url: str = ""
    pdf_url: str = ""
    returns: tuple[Return, ...] = ()

    @property
    def returned(self) -> int:
        return sum(each.amount for each in self.returns)

    @property
    def wholly_returned_at(self) -> datetime | None:
        """When nothing was left of what was paid; None as long as something is, or if nothing was to be paid."""
        left = self.total
        for each in sorted(self.returns, key=lambda each: each.at):
            left -= each.amount
            if left <= 0 < self.total:
                return each.at
        return None


@dataclass(frozen=True)
class Truth:
    """All that a provider knows of one subscription at one moment, in our words."""

    reference: str
    # The key of our row, which we gave the provider at the checkout; None if it has none of ours.
    own_key: int | None
    state: State
    # The provider's name of the price that is paid now; and of that which the next period will cost, if it is another.
    price_reference: str
    next_price_reference: str
    started_at: datetime
    current_period_start: datetime
    current_period_end: datetime
    trial_started_at: datetime | None
    trial_ends_at: datetime | None
    next_attempt_at: datetime | None
    resumes_at: datetime | None
    ended_at: datetime | None
    # In words, such as "Visa ending in 4242"; and the last day on which the card is good.
    payment_method: str
    card_expires_on: date | None
    # Oldest first.
    payments: tuple[Payment, ...]


@dataclass(frozen=True)
class Checkout:
    """A page of the provider's on which somebody consents and pays."""

    reference: str
    url: str
    expires_at: datetime


@dataclass(frozen=True)
class Preview:
    """What a change of price costs. `due_now` is below nothing where something is put to the member's credit."""

    due_now: int
    currency: str
    # As of when it was reckoned; what is done at once is done as of then.
    at: datetime
    # When the new price is first paid in full, and how much that is.
    next_payment_at: datetime
    next_payment: int
    # The change takes effect at once, or else with the next period.
    at_once: bool
    # Of what it was reckoned, in words of billing's own (services.subscribing); gateways leave it empty.
    about: str = ""


@dataclass(frozen=True)
class Step:
    """What became of a change: done, or `consent_url` is where the member must say yes first."""

    consent_url: str = ""


class Gateway(Protocol):
    """Every method may raise ProviderAway; those that change something also Refused and NotThere."""

    provider: Provider

    def is_ready(self) -> bool:
        """Whether its keys are set."""

    def read_webhook(self, body: bytes, headers: Mapping[str, str]) -> News:
        """Raises Forged."""

    def subject_of(self, body: dict[str, Any]) -> str:
        """The subscription that an event is about which does not name it, such as one of a refund; empty if none."""

    def sync_plan(self, plan: Plan, *, dry_run: bool) -> list[str]:
        """Bring the provider's product for a plan up to date; says what was, or would be, done, in words.

        Sets the plan's reference on the object without saving it.
        """

    def sync_price(self, price: Price, *, dry_run: bool) -> list[str]:
        """The same for a price, whose plan has its reference already; a retired one takes no new members."""

    def start(self, subscription: Subscription, *, return_url: str, cancel_url: str, trial_days: int) -> Checkout:
        """Begin the checkout for this row; asked again for the same row, it is the same checkout."""

    def give_up(self, checkout_reference: str) -> None:
        """Close a checkout, so that nobody pays in it any more. One that is over already is no error."""

    def find(self, subscription: Subscription) -> str:
        """The reference of the subscription that came of this row's checkout; empty as long as there is none."""

    def fetch(self, reference: str) -> Truth:
        """Raises NotThere."""

    def preview(self, subscription: Subscription, price: Price) -> Preview:
        """Raises Refused, as `change_price` does, if time would be put to their credit that is not paid."""

    def change_price(
        self, subscription: Subscription, price: Price, *, return_url: str, cancel_url: str, agreed: Preview | None
    ) -> Step:
        """`agreed` is the preview that the member consented to: what is charged is what it said."""

    def cancel_at_period_end(self, subscription: Subscription) -> None:
        """Where the present period could still be charged, and is not paid, it ends at once."""

    def resume(self, subscription: Subscription) -> None:
        """Take back the end at the period's end."""

    def pause(self, subscription: Subscription, *, until: datetime) -> None:
        """Ask for nothing from the end of the period until then."""

    def unpause(self, subscription: Subscription) -> None:
        """One that is not paused stays as it is."""

    def cancel_now(self, subscription: Subscription) -> None:
        """End it at once, without giving money back. One that has ended already is no error."""

    def refund(self, invoice_reference: str, *, amount: int, currency: str, key: str) -> None:
        """Give money back; the same `key` never does it twice."""

    def portal_url(self, user: User, subscription: Subscription, *, return_url: str) -> str:
        """A page of the provider's for cards and addresses."""

    def news_since(self, moment: datetime) -> Iterator[News]:
        """What it told since then, oldest first, as far as it remembers: for webhooks that never came."""

    def live_references(self) -> Iterator[str]:
        """All subscriptions that it holds to be alive."""
