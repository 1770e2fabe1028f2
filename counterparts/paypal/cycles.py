"""The life of a subscription by the clock: trial, payments, failures, the end."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from counterparts.paypal import plans, sales
from counterparts.paypal.agreements import behind, change_status, changed, plan_of
from counterparts.paypal.api import moment_of, now, written
from counterparts.paypal.money import money, units
from counterparts.paypal.months import later
from counterparts.world import Thing, world

# A payment that fails is tried again so often, after so long each.
RETRIES = 2
PAUSE = timedelta(days=5)


def begin(subscription: Thing) -> None:
    """The buyer has consented: the first cycle begins, now or at the time that was asked for."""
    start = max(moment_of(subscription["start_time"]), now())
    preferences = plan_of(subscription)["payment_preferences"]
    currency = currency_of(subscription)
    subscription["start_time"] = written(start)
    subscription["billing_info"] = {
        "outstanding_balance": money(0, currency),
        "cycle_executions": [executions(cycle) for cycle in plan_of(subscription)["billing_cycles"]],
        "failed_payments_count": 0,
    }
    behind(subscription).update(
        anchor=written(start),
        times=0,
        sequence=1,
        frequency=plan_of(subscription)["billing_cycles"][0]["frequency"],
        subscribed_at=written(now()),
    )
    change_status(subscription, "ACTIVE")
    fee = units(preferences["setup_fee"], "") if "setup_fee" in preferences else 0
    if fee:
        charge(subscription, asked=fee, owed=fee)
        failed = subscription["billing_info"]["failed_payments_count"] > 0
        if failed and preferences["setup_fee_failure_action"] == "CANCEL":
            change_status(subscription, "CANCELLED", "The payment of the setup fee failed.")
            return
    if start <= now():
        begin_cycle(subscription)
    else:
        expect(subscription, start)


def executions(cycle: Thing) -> Thing:
    return {
        "tenure_type": cycle["tenure_type"],
        "sequence": cycle["sequence"],
        "cycles_completed": 0,
        "cycles_remaining": cycle["total_cycles"],
        "current_pricing_scheme_version": cycle.get("pricing_scheme", {}).get("version", 1),
        "total_cycles": cycle["total_cycles"],
    }


def currency_of(subscription: Thing) -> str:
    """That of the regular price, which comes last."""
    price = plan_of(subscription)["billing_cycles"][-1]["pricing_scheme"]["fixed_price"]
    return str(price["currency_code"])


def has_begun(subscription: Thing) -> bool:
    return int(behind(subscription).get("times", 0)) > 0


def expect(subscription: Thing, at: datetime) -> None:
    """Something is due then. What was expected before no longer is."""
    behind(subscription)["due"] = written(at)
    world.agenda.add(at, "paypal.cycle", subscription["id"])
    if charges_again(subscription):
        subscription["billing_info"]["next_billing_time"] = written(at)
    else:
        subscription["billing_info"].pop("next_billing_time", None)


@world.agenda.act("paypal.cycle")
def cycle_is_due(subscription_id: str) -> None:
    subscription = world.things["paypal.subscription"][subscription_id]
    if subscription["status"] == "ACTIVE" and behind(subscription)["due"] == written(now()):
        begin_cycle(subscription)


def take_revision(subscription: Thing, revision: Thing) -> None:
    """The buyer consented to another plan. It is shown at once, and holds from the next billing time."""
    hidden = behind(subscription)
    hidden["own_plan"] = revision.get("own_plan")
    hidden["revised"] = True
    subscription |= {field: revision[field] for field in revision if field != "own_plan"}
    subscription["plan_overridden"] = "own_plan" in revision
    changed(subscription, "UPDATED")


def begin_cycle(subscription: Thing) -> None:
    """The next cycle begins now and is paid for; or the last one has ended."""
    hidden = behind(subscription)
    adopt_revision(subscription)
    cycle = current_cycle(subscription)
    if cycle is None:
        change_status(subscription, "EXPIRED")
        return
    hidden.update(times=hidden["times"] + 1, frequency=cycle["frequency"])
    note_execution(subscription, cycle)
    price = price_of(subscription, cycle)
    expect(subscription, later(moment_of(hidden["anchor"]), cycle["frequency"], hidden["times"]))
    hidden["retries"] = 0
    owed = units(subscription["billing_info"]["outstanding_balance"], "")
    bills_rest = plan_of(subscription)["payment_preferences"]["auto_bill_outstanding"]
    if price:
        charge(subscription, asked=price + owed if bills_rest else price, owed=owed + price)


def adopt_revision(subscription: Thing) -> None:
    """From now on it costs what the plan does to which the buyer consented, and its regular cycle begins."""
    hidden = behind(subscription)
    if not hidden.pop("revised", False):
        return
    cycles = plan_of(subscription)["billing_cycles"]
    hidden.update(anchor=written(now()), times=0, sequence=cycles[-1]["sequence"])
    subscription["billing_info"]["cycle_executions"] = [executions(cycles[-1])]


def current_cycle(subscription: Thing) -> Thing | None:
    """The one that begins now: of the same kind as the last, unless that has been often enough."""
    hidden = behind(subscription)
    cycles = plan_of(subscription)["billing_cycles"]
    cycle: Thing = cycles[hidden["sequence"] - 1]
    if not is_used_up(cycle, hidden["times"]):
        return cycle
    if hidden["sequence"] == len(cycles):
        return None
    hidden.update(anchor=written(now()), times=0, sequence=hidden["sequence"] + 1)
    following: Thing = cycles[hidden["sequence"] - 1]
    return following


def is_used_up(cycle: Thing, times: int) -> bool:
    return bool(0 < cycle["total_cycles"] <= times)


def charges_again(subscription: Thing) -> bool:
    """Whether a payment follows, or only the end."""
    hidden, cycles = behind(subscription), plan_of(subscription)["billing_cycles"]
    if hidden.get("revised"):
        return True
    return hidden["sequence"] < len(cycles) or not is_used_up(cycles[-1], hidden["times"])


def note_execution(subscription: Thing, cycle: Thing) -> None:
    info = subscription["billing_info"]
    for execution in info["cycle_executions"]:
        if execution["sequence"] == cycle["sequence"]:
            execution["cycles_completed"] += 1
            execution["cycles_remaining"] = max(0, execution["cycles_remaining"] - 1)
    if cycle["tenure_type"] == "REGULAR" and cycle["total_cycles"]:
        anchor = moment_of(behind(subscription)["anchor"])
        info["final_payment_time"] = written(later(anchor, cycle["frequency"], cycle["total_cycles"] - 1))


def price_of(subscription: Thing, cycle: Thing) -> int:
    """What this cycle costs this subscriber, with what is sent along and the tax on top."""
    hidden, plan = behind(subscription), plan_of(subscription)
    scheme = cycle.get("pricing_scheme")
    if hidden.get("own_plan") is None:
        scheme = plans.scheme_at(plan, cycle, since=moment_of(hidden["subscribed_at"]), at=now())
    if scheme is None:
        return 0
    price = units(scheme["fixed_price"], "") * int(subscription["quantity"])
    if "shipping_amount" in subscription:
        price += units(subscription["shipping_amount"], "")
    taxes = plan.get("taxes", {"inclusive": True})
    if not taxes.get("inclusive", True):
        price += int((price * Decimal(taxes["percentage"]) / 100).to_integral_value())
    return price


def charge(subscription: Thing, *, asked: int, owed: int) -> Thing:
    """Ask the wallet for an amount; `owed` is all that is open, this included. The sale may have failed."""
    info, currency = subscription["billing_info"], currency_of(subscription)
    pays = behind(subscription)["wallet"] == "works"
    sale = sales.record(subscription, asked, currency, paid=pays)
    info["outstanding_balance"] = money(owed - asked if pays else owed, currency)
    if not pays:
        fail(subscription, asked, currency)
        return sale
    info["failed_payments_count"] = 0
    info.pop("last_failed_payment", None)
    info["last_payment"] = {"amount": money(asked, currency), "time": written(now())}
    sales.tell_completed(sale)
    return sale


def fail(subscription: Thing, asked: int, currency: str) -> None:
    info, hidden = subscription["billing_info"], behind(subscription)
    info["failed_payments_count"] += 1
    info["last_failed_payment"] = {
        "amount": money(asked, currency),
        "time": written(now()),
        "reason_code": "PAYER_CANNOT_PAY",
    }
    last = has_failed_too_often(subscription)
    if not last and hidden.get("retries", 0) < RETRIES:
        hidden["retries"] = hidden.get("retries", 0) + 1
        retry = now() + PAUSE
        hidden["retry"] = info["last_failed_payment"]["next_payment_retry_time"] = written(retry)
        world.agenda.add(retry, "paypal.retry", subscription["id"])
    changed(subscription, "PAYMENT.FAILED")
    if last and subscription["status"] == "ACTIVE":
        change_status(subscription, "SUSPENDED")


def has_failed_too_often(subscription: Thing) -> bool:
    threshold = plan_of(subscription)["payment_preferences"]["payment_failure_threshold"]
    return bool(0 < threshold <= subscription["billing_info"]["failed_payments_count"])


@world.agenda.act("paypal.retry")
def try_again(subscription_id: str) -> None:
    subscription = world.things["paypal.subscription"][subscription_id]
    owed = units(subscription["billing_info"]["outstanding_balance"], "")
    if subscription["status"] == "ACTIVE" and owed and behind(subscription)["retry"] == written(now()):
        charge(subscription, asked=owed, owed=owed)


def go_on(subscription: Thing, reason: str) -> None:
    """After a suspension. Payments whose time passed meanwhile are not asked for; the days of the month stay.

    The documents do not say whether PayPal catches up. This is the harder case for the merchant.
    """
    hidden = behind(subscription)
    due = moment_of(hidden["due"])
    while due <= now():
        hidden["times"] += 1
        due = later(moment_of(hidden["anchor"]), hidden["frequency"], hidden["times"])
    expect(subscription, due)
    change_status(subscription, "ACTIVE", reason, name="RE-ACTIVATED")
