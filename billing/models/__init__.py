"""Plans and prices, subscriptions and what was paid for them, the providers' news, and what is opened to whom."""

from billing.models.access import AccessGrant, GrantState, Source
from billing.models.contacts import ContactRequest
from billing.models.events import EventState, ProviderEvent
from billing.models.invoices import Invoice, InvoiceStatus, Refund, RefundKind
from billing.models.organisations import Contract, Invitation, Membership, Organisation, Role, Seat
from billing.models.plans import Interval, Plan, Price
from billing.models.revenue import Revenue
from billing.models.subscriptions import (
    LIVE,
    Cause,
    Provider,
    Reminder,
    State,
    Subscription,
    SubscriptionTransition,
    transition_name,
)

__all__ = [
    "LIVE",
    "AccessGrant",
    "Cause",
    "ContactRequest",
    "Contract",
    "EventState",
    "GrantState",
    "Interval",
    "Invitation",
    "Invoice",
    "InvoiceStatus",
    "Membership",
    "Organisation",
    "Plan",
    "Price",
    "Provider",
    "ProviderEvent",
    "Refund",
    "RefundKind",
    "Reminder",
    "Revenue",
    "Role",
    "Seat",
    "Source",
    "State",
    "Subscription",
    "SubscriptionTransition",
    "transition_name",
]
