"""How a subscription stands, and what happens next, in words for the member: the same at every door."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from billing.models import Source, State, Subscription
from billing.money import shown_money

if TYPE_CHECKING:
    from billing.access import Access

FREE_FOR_EVER = "You read everything that is free, for as long as you like."
IN_CHECKOUT = "Finish the payment at {provider} to begin."
TRIAL_ENDS = "Your trial ends on {day}; then {price}, unless you cancel before."
RENEWS = "Renews on {day} for {price}."
CHANGES = "Changes on {day} to {price}."
TRIES_AGAIN = "Your payment failed. {provider} tries again on {day}; you keep {plan} until {end}."
FAILED = "Your payment failed. Change how you pay to keep {plan} after {end}."
PAUSED_UNTIL = "Nothing is charged until {day}; then it goes on for {price}."
PAUSED = "Nothing is charged until you go on."
ENDS = "Ends on {day}; until then you keep {plan}. Nothing more will be charged."
ENDED = "Ended on {day}. Choose a plan to read on."


def what_next(subscription: Subscription | None, access: Access | None = None) -> str:
    """What happens next if nobody does anything. `access` is what the member may read now, if that is known."""
    if subscription is None:
        return FREE_FOR_EVER
    template = template_for(subscription)
    price, coming = subscription.price, subscription.next_price or subscription.price
    return template.format(
        provider=subscription.get_provider_display(),
        plan=price.plan.name,
        price=shown_money(price.amount, price.currency) if template == RENEWS else coming.shown,
        day=day(turning_point(subscription)),
        end=day(access.until) if access and access.until else "the days of grace",
    )


def template_for(subscription: Subscription) -> str:
    match State(subscription.state):
        case State.ACTIVE:
            return CHANGES if subscription.next_price else RENEWS
        case State.PAST_DUE:
            return TRIES_AGAIN if subscription.next_attempt_at else FAILED
        case State.PAUSED:
            return PAUSED_UNTIL if subscription.resumes_at else PAUSED
        case state:
            return {
                State.INCOMPLETE: IN_CHECKOUT,
                State.TRIALING: TRIAL_ENDS,
                State.CANCELLED: ENDS,
                State.ENDED: ENDED,
            }[state]


def turning_point(subscription: Subscription) -> datetime | None:
    """The time at which what is said to be next happens."""
    match State(subscription.state):
        case State.TRIALING:
            return subscription.trial_ends_at
        case State.PAST_DUE:
            return subscription.next_attempt_at
        case State.PAUSED:
            return subscription.resumes_at
        case State.ENDED:
            return subscription.ended_at
        case _:
            return subscription.current_period_end


REASONS = {
    "free": "It is free.",
    "staff": "You are one of our staff.",
    "premium_required": "It is for members with Premium.",
    Source.STRIPE: "You have paid for it by Stripe.",
    Source.PAYPAL: "You have paid for it by PayPal.",
    Source.TRIAL: "You are trying it.",
    Source.GRACE: "Your last payment has not come yet; you keep it for a few days.",
    Source.SEAT: "Your organisation has a seat for you.",
    Source.GIFT: "It was given to you.",
    Source.COMPLIMENTARY: "We have opened it for you.",
}


def why_access(access: Access) -> str:
    """Why somebody may or may not read, and until when, in words."""
    reason = REASONS[access.why]
    return f"{reason[:-1]} until {day(access.until)}." if access.allowed and access.until else reason


def state_in_words(subscription: Subscription) -> str:
    """For "while …"."""
    return {
        State.INCOMPLETE: "the checkout is open",
        State.TRIALING: "you are trying it",
        State.ACTIVE: "it is active",
        State.PAST_DUE: "a payment is missing",
        State.PAUSED: "it is paused",
        State.CANCELLED: "it is cancelled",
        State.ENDED: "it has ended",
    }[State(subscription.state)]


def day(at: date | None) -> str:
    """Such as "29 December 2026", in UTC, as the providers reckon."""
    return f"{at.day} {at:%B %Y}" if at else "a day that is not known yet"
