"""What happens to a subscription by the clock: its trial ends, its periods end, it ends, it is forgotten half made."""

from __future__ import annotations

from datetime import UTC, datetime

from counterparts.stripe.collecting import collect, method_for
from counterparts.stripe.discounts import use_up
from counterparts.stripe.ending import end_now
from counterparts.stripe.events import tell, updating
from counterparts.stripe.invoicing import draft, finalise, give_up, shown
from counterparts.stripe.lines import Line, period_lines
from counterparts.stripe.pending import pending_lines, take_pending
from counterparts.stripe.periods import period_end
from counterparts.stripe.store import get, now
from counterparts.world import Thing, new_id, world

HOUR = 3600
DAY = 24 * HOUR
# How long the invoice of a renewal can still be changed; then it is finalised and paid.
DRAFT = HOUR
INCOMPLETE = 23 * HOUR
TRIAL_NOTICE = 3 * DAY
UPCOMING = 7 * DAY
ALIVE = ("trialing", "active", "past_due")


def plan(at: int, act: str, subject: str) -> None:
    world.agenda.add(datetime.fromtimestamp(at, UTC), f"stripe.{act}", subject)


def plan_period(subscription: Thing) -> None:
    """What is to happen in the period, or the trial, that has just begun."""
    end = end_of_period(subscription)
    plan(end, "period_end", subscription["id"])
    plan(notice_time(subscription, UPCOMING), "upcoming", subscription["id"])
    if subscription["status"] == "trialing":
        plan(notice_time(subscription, TRIAL_NOTICE), "trial_notice", subscription["id"])
    if subscription["cancel_at"]:
        plan(subscription["cancel_at"], "cancel_at", subscription["id"])


def end_of_period(subscription: Thing) -> int:
    return int(subscription["items"]["data"][0]["current_period_end"])


def notice_time(subscription: Thing, before: int) -> int:
    """So many seconds before the running period ends, or when it begins if it is shorter."""
    return max(int(subscription["items"]["data"][0]["current_period_start"]), end_of_period(subscription) - before)


@world.agenda.act("stripe.trial_notice")
def notice_trial(subscription_id: str) -> None:
    subscription = get("subscription", subscription_id)
    if subscription["status"] == "trialing" and now() == notice_time(subscription, TRIAL_NOTICE):
        tell("customer.subscription.trial_will_end", subscription)


@world.agenda.act("stripe.upcoming")
def notice_upcoming(subscription_id: str) -> None:
    """The invoice that the next period will bring, a week before."""
    subscription = get("subscription", subscription_id)
    end = end_of_period(subscription)
    is_ending = subscription["cancel_at"] is not None and subscription["cancel_at"] <= end
    if subscription["status"] not in ALIVE or is_ending or now() != notice_time(subscription, UPCOMING):
        return
    invoice = shown(subscription, next_lines(subscription), "subscription_cycle", invoice_id=new_id("upcoming_in_"))
    tell("invoice.upcoming", invoice | {"billing_reason": "upcoming", "next_payment_attempt": end + DRAFT})


def next_lines(subscription: Thing) -> list[Line]:
    """Those of the renewal: what waits, and the next period."""
    return pending_lines(subscription) + period_lines(subscription, end_of_period(subscription))


@world.agenda.act("stripe.period_end")
def end_period(subscription_id: str) -> None:
    subscription = get("subscription", subscription_id)
    if subscription["status"] not in ALIVE or end_of_period(subscription) != now():
        return
    if subscription["cancel_at"] is not None and subscription["cancel_at"] <= now():
        end_now(subscription, reason="cancellation_requested")
        return
    is_trial_over = subscription["status"] == "trialing"
    if is_trial_over and method_for(subscription) is None and not end_trial_without_card(subscription):
        return
    lines = next_lines(subscription)
    with updating(subscription, "customer.subscription.updated"):
        if is_trial_over:
            subscription["status"] = "active"
        invoice = draft(subscription, lines, "subscription_cycle")
        use_up(subscription, {name for line in lines for name in line.off})
        begin_period(subscription, now())
    take_pending(subscription, invoice)
    bill(subscription, invoice)


def end_trial_without_card(subscription: Thing) -> bool:
    """Whether it goes on nevertheless; otherwise it is paused or over, as was agreed."""
    agreed = subscription["trial_settings"]["end_behavior"]["missing_payment_method"]
    if agreed == "pause":
        with updating(subscription, "customer.subscription.updated"):
            subscription["status"] = "paused"
        tell("customer.subscription.paused", subscription)
    elif agreed == "cancel":
        end_now(subscription, reason=None)
    return bool(agreed == "create_invoice")


def begin_period(subscription: Thing, start: int) -> None:
    for item in subscription["items"]["data"]:
        item["current_period_start"] = start
        item["current_period_end"] = period_end(item["price"], subscription["billing_cycle_anchor"], start)
    plan_period(subscription)


def bill(subscription: Thing, invoice: Thing) -> None:
    """In an hour the money is asked for; while collection is paused, what was agreed happens instead."""
    paused = subscription["pause_collection"]
    if paused is None:
        invoice["automatically_finalizes_at"] = now() + DRAFT
        invoice["next_payment_attempt"] = now() + DRAFT
        plan(now() + DRAFT, "finalise", invoice["id"])
        return
    invoice["auto_advance"] = False
    if paused["behavior"] != "keep_as_draft":
        finalise(invoice)
        give_up(invoice, as_void=paused["behavior"] == "void")


@world.agenda.act("stripe.finalise")
def finalise_and_collect(invoice_id: str) -> None:
    invoice = get("invoice", invoice_id)
    if invoice["status"] != "draft" or not invoice["auto_advance"]:
        return
    invoice["next_payment_attempt"] = None
    finalise(invoice)
    collect(invoice)


@world.agenda.act("stripe.cancel_at")
def end_when_asked(subscription_id: str) -> None:
    subscription = get("subscription", subscription_id)
    if subscription["ended_at"] is None and subscription["cancel_at"] == now():
        end_now(subscription, reason="cancellation_requested")


@world.agenda.act("stripe.resume_collection")
def resume_collection(subscription_id: str) -> None:
    subscription = get("subscription", subscription_id)
    paused = subscription["pause_collection"]
    if subscription["ended_at"] is None and paused and paused["resumes_at"] == now():
        with updating(subscription, "customer.subscription.updated"):
            subscription["pause_collection"] = None


@world.agenda.act("stripe.incomplete")
def expire_incomplete(subscription_id: str) -> None:
    """Nobody paid its first invoice in time."""
    subscription = get("subscription", subscription_id)
    if subscription["status"] != "incomplete":
        return
    with updating(subscription, "customer.subscription.updated"):
        subscription.update(status="incomplete_expired", ended_at=now())
    invoice = get("invoice", subscription["latest_invoice"])
    if invoice["status"] == "open":
        give_up(invoice, as_void=True)
