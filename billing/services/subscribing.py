"""What members do with their subscription, at whichever door."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils import timezone

from billing.gateways import gateway_of
from billing.gateways.base import Preview
from billing.models import Cause, Interval, Plan, Price, Provider, State, Subscription
from billing.months import months_later
from billing.payment_pages import require_payment_page
from billing.services import checkouts
from billing.services.asking import act, alone_with, asked, look_again
from billing.services.recording import Why
from billing.services.truth import bring_up_to_date
from billing.words import state_in_words

if TYPE_CHECKING:
    from accounts.models import User

UNKNOWN_PLAN = "There is no such plan. Choose from: {plans}."
UNKNOWN_INTERVAL = "There is no such interval. Choose from: {intervals}."
BY_CONTRACT = "{plan} is made by contract: write to us from the page of prices."
NOTHING_TO_CANCEL = "There is no subscription to cancel."
NOTHING_TO_CHANGE = "There is no subscription to change. Choose a plan first."
OTHER_PROVIDER = "You pay by {provider}. Cancel first; when the paid time is over, you can pay another way."
NOT_NOW = "This cannot be done while {state}."
NOT_TO_FREE = "{plan} has no price. To go back to it, cancel what you have."
CHANGED_MEANWHILE = "What it costs is no longer what you were shown. Look at it again."
PAUSE_TOO_LONG = "Pause for one to {most} months."
MOST_PAUSED = 3  # months
LONGEST_COMMENT = 1000  # characters


@dataclass(frozen=True)
class Outcome:
    """What came of a wish: the subscription as it is now, and where the member has to consent, if they have to."""

    subscription: Subscription | None
    redirect_url: str = ""


@dataclass(frozen=True)
class Wish:
    """What somebody asks for, and where the provider sends them back to."""

    plan: str
    interval: str = Interval.MONTH
    provider: str = ""
    return_url: str = ""
    cancel_url: str = ""
    # As the preview that the member agreed to had it; empty if none was shown.
    agreed: Preview | None = None


def current_subscription(user: User) -> Subscription | None:
    """Somebody's live subscription, or else a checkout that they can still finish."""
    mine = Subscription.objects.of(user)
    return mine.live().first() or mine.in_checkout(timezone.now()).first()


def subscribe(*, user: User, wish: Wish) -> Outcome:
    """Bring somebody to the plan that they wish for, or to where they consent to it; asked twice, it is done once.

    To free means to cancel at the end of what is paid; to the same plan again takes that, or a pause, back.
    Raises ValidationError by field; PermissionDenied if the address is not confirmed; ProviderDown.
    """
    plan = find_plan(wish.plan)
    if not plan.by_contract and not plan.prices.exists():
        return Outcome(cancel(user=user))
    price = find_price(plan, wish.interval)
    with alone_with(user):
        subscription = live_one(user)
        if subscription is None:
            begun = checkouts.begin(
                user=user,
                price=price,
                provider=wish.provider,
                return_url=wish.return_url,
                cancel_url=wish.cancel_url,
            )
            return Outcome(begun, begun.checkout_url)
        if wish.provider and wish.provider != subscription.provider:
            words = OTHER_PROVIDER.format(provider=subscription.get_provider_display())
            raise ValidationError({"provider": ValidationError(words, code="other_provider")})
        if is_what_they_have(price, subscription):
            return Outcome(take_back(subscription, user))
        return change_price(subscription, user, price, wish)


def live_one(user: User) -> Subscription | None:
    """Somebody's live subscription, as the provider has it now: what is done must not follow from what we missed.

    One that was cancelled and is over is ended, which else the clock does within minutes. Under the lock.
    """
    subscription = Subscription.objects.of(user).live().first()
    if subscription is None:
        return None
    look_again(subscription, user)
    if is_over(subscription):
        act(subscription, user, lambda gateway: gateway.cancel_now(subscription))
    return subscription if subscription.is_live else None


def is_what_they_have(price: Price, subscription: Subscription) -> bool:
    """Whoever has an old price keeps it: to ask for the same plan and interval is no wish for the new one."""
    return (price.plan_id, price.interval) == (subscription.price.plan_id, subscription.price.interval)


def look_for_payment(*, user: User) -> Subscription | None:
    """Ask the provider what became of a checkout, or of a change that needed consent, for when its news does not come.

    The subscription as it is now. Raises ProviderDown.
    """
    subscription = current_subscription(user)
    if subscription is None:
        return None
    gateway = gateway_of(subscription.provider)
    reference = subscription.reference or asked(gateway, lambda: gateway.find(subscription))
    if reference:
        asked(gateway, lambda: bring_up_to_date(subscription.provider, reference, Why(Cause.MEMBER, by=user)))
    return current_subscription(user)


def preview(*, user: User, wish: Wish) -> Preview | None:
    """What it would cost somebody who pays already to change to another price; None if nothing would change.

    Raises ValidationError by field; ProviderDown.
    """
    plan = find_plan(wish.plan)
    if not (plan.by_contract or plan.prices.exists()):
        raise ValidationError({"plan": ValidationError(NOT_TO_FREE.format(plan=plan), code="no_price")})
    price = find_price(plan, wish.interval)
    with alone_with(user):
        subscription = require_live(user)
        if is_what_they_have(price, subscription):
            return None
        require_changeable(subscription)
        gateway = gateway_of(subscription.provider)
        shown = asked(gateway, lambda: gateway.preview(subscription, price))
        return replace(shown, about=about(subscription, price))


def change_price(subscription: Subscription, user: User, price: Price, wish: Wish) -> Outcome:
    """Under the lock. What the member agreed to must still be what it costs."""
    require_changeable(subscription)
    if wish.agreed is not None and wish.agreed.about != about(subscription, price):
        raise ValidationError({"agreed": ValidationError(CHANGED_MEANWHILE, code="changed")})
    gateway = gateway_of(subscription.provider)
    checkouts.require_known(price, gateway)
    step = asked(
        gateway,
        lambda: gateway.change_price(
            subscription, price, return_url=wish.return_url, cancel_url=wish.cancel_url, agreed=wish.agreed
        ),
    )
    if step.consent_url:
        return Outcome(subscription, require_payment_page(step.consent_url))
    return Outcome(look_again(subscription, user))


def require_changeable(subscription: Subscription) -> None:
    """A change would take back a cancellation, or end a pause, which is another decision. Raises ValidationError."""
    if subscription.state not in (State.ACTIVE, State.TRIALING):
        words = NOT_NOW.format(state=state_in_words(subscription))
        raise ValidationError({"plan": ValidationError(words, code="not_now")})


def about(subscription: Subscription, price: Price) -> str:
    """What a preview was reckoned from: whatever of it differs afterwards, it costs something else."""
    standing = (subscription.price_id, subscription.state, subscription.current_period_end)
    return "|".join(map(str, (subscription.pk, *standing, price.pk)))


def cancel(*, user: User, reason: str = "", comment: str = "") -> Subscription:
    """End somebody's subscription when what is paid is over; once more changes nothing. Raises as `subscribe`."""
    with alone_with(user):
        subscription = live_one(user)
        if subscription is None:
            raise ValidationError({"plan": ValidationError(NOTHING_TO_CANCEL, code="nothing_to_cancel")})
        if reason or comment:
            subscription.leaving_reason, subscription.leaving_comment = reason, comment.strip()[:LONGEST_COMMENT]
            subscription.save(update_fields=["leaving_reason", "leaving_comment"])
        if subscription.state == State.PAST_DUE:
            # Nothing is paid that could be kept to its end, and whoever leaves is not asked for it again.
            return act(subscription, user, lambda gateway: gateway.cancel_now(subscription))
        return act(subscription, user, lambda gateway: gateway.cancel_at_period_end(subscription))


def resume(*, user: User) -> Subscription:
    """Take back a cancellation or a pause. Raises as `subscribe`."""
    with alone_with(user):
        return take_back(require_live(user), user)


def unpause(*, user: User) -> Subscription:
    """Take back a pause only. Raises as `subscribe`."""
    with alone_with(user):
        subscription = require_live(user)
        return take_back(subscription, user) if subscription.state == State.PAUSED else subscription


def take_back(subscription: Subscription, user: User) -> Subscription:
    """One that is neither cancelled nor paused stays as it is."""
    if subscription.state == State.CANCELLED:
        act(subscription, user, lambda gateway: gateway.resume(subscription))
    # Also one that was cancelled in a pause.
    if subscription.state == State.PAUSED:
        return act(subscription, user, lambda gateway: gateway.unpause(subscription))
    return subscription


def due_to_go_on(subscription: Subscription) -> Price | None:
    """What ending a pause charges at once: Stripe begins a new period where none is paid, PayPal waits for its day."""
    if subscription.state != State.PAUSED or subscription.provider != Provider.STRIPE:
        return None
    is_paid = subscription.access_grants.in_force(timezone.now()).exists()
    return None if is_paid else subscription.price


def is_over(subscription: Subscription) -> bool:
    """Whether a cancelled one has come to its end, and is only waiting for the clock to say so."""
    end = subscription.current_period_end
    return subscription.state == State.CANCELLED and end is not None and end <= timezone.now()


def pause(*, user: User, months: int) -> Subscription:
    """Ask for nothing for so many months after what is paid; it goes on by itself then. Raises as `subscribe`.

    One that is paused already stays as it is.
    """
    if not 1 <= months <= MOST_PAUSED:
        raise ValidationError({"months": ValidationError(PAUSE_TOO_LONG.format(most=MOST_PAUSED), code="out_of_range")})
    with alone_with(user):
        subscription = require_live(user)
        if subscription.state == State.PAUSED:
            return subscription
        if subscription.state not in (State.ACTIVE, State.CANCELLED):
            words = NOT_NOW.format(state=state_in_words(subscription))
            raise ValidationError(words, code="not_now")
        until = end_of_pause(subscription, months)
        return act(subscription, user, lambda gateway: gateway.pause(subscription, until=until))


def end_of_pause(subscription: Subscription, months: int) -> datetime:
    """When the period would have ended that begins so many months later."""
    start, end = subscription.current_period_start, subscription.current_period_end
    assert start is not None and end is not None  # noqa: S101, PT018 - every live one has both
    # Whoever began on the 31st pays on the last day of a short month, and on the 31st again in a longer one.
    return months_later(end, months, day=max(start.day, end.day))


def portal_url(*, user: User, return_url: str) -> str:
    """Where the provider lets somebody change card and address. Raises as `subscribe`."""
    with alone_with(user):
        subscription = require_live(user)
        gateway = gateway_of(subscription.provider)
        return require_payment_page(
            asked(gateway, lambda: gateway.portal_url(user, subscription, return_url=return_url))
        )


def require_live(user: User) -> Subscription:
    """As `live_one`. Raises ValidationError."""
    subscription = live_one(user)
    if subscription is None:
        raise ValidationError({"plan": ValidationError(NOTHING_TO_CHANGE, code="nothing_to_change")})
    return subscription


def find_plan(code: str) -> Plan:
    plan = Plan.objects.filter(code=code).first()
    if plan is None:
        words = UNKNOWN_PLAN.format(plans=", ".join(Plan.objects.values_list("code", flat=True)))
        raise ValidationError({"plan": ValidationError(words, code="unknown_plan")})
    return plan


def find_price(plan: Plan, interval: str) -> Price:
    """Raises ValidationError by field."""
    if plan.by_contract:
        raise ValidationError({"plan": ValidationError(BY_CONTRACT.format(plan=plan), code="by_contract")})
    price = plan.prices.on_offer().filter(interval=interval).select_related("plan").first()
    if price is None:
        words = UNKNOWN_INTERVAL.format(intervals=", ".join(Interval.values))
        raise ValidationError({"interval": ValidationError(words, code="unknown_interval")})
    return price
