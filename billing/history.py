"""What became of a subscription, step by step, in words for its member."""

from __future__ import annotations

from billing.models import Cause, State, SubscriptionTransition

STEPS = {
    "start_trial": "The trial of {plan} began",
    "activate": "{plan} began",
    "miss_payment": "A payment failed",
    "recover": "The payment came after all",
    "pause": "Paused",
    "continue": "Went on after a pause",
    "cancel": "Cancelled",
    "resume": "The cancellation was taken back",
    "extend_trial": "The trial was made longer",
    "end": "{plan} ended",
    "revive": "{plan} began",
    "change_price": "Changed to {price}",
}
NEVER_BEGUN = "The checkout was given up"
# What somebody decides; all else is what comes of time and payments, whoever made us look.
DEEDS = ("pause", "continue", "cancel", "resume", "change_price")
BY = {
    Cause.MEMBER: "by you",
    Cause.STAFF: "by our staff",
    Cause.PROVIDER: "",
    Cause.CLOCK: "as the time for it had come",
    Cause.RECONCILING: "as we found when we compared with {provider}",
}


def step_in_words(step: SubscriptionTransition) -> str:
    """Such as "Cancelled"; the step comes with its price and plan."""
    if step.name == "end" and step.from_state == State.INCOMPLETE:
        return NEVER_BEGUN
    return STEPS[step.name].format(plan=step.price.plan.name, price=step.price.shown)


def cause_in_words(step: SubscriptionTransition) -> str:
    """Such as "by you"; empty where it says nothing more."""
    if step.cause == Cause.MEMBER and step.name not in DEEDS:
        return ""
    return BY[Cause(step.cause)].format(provider=step.subscription.get_provider_display())
