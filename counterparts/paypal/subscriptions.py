"""Subscriptions, as the merchant sees and changes them."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime
from typing import Any

from counterparts.paypal import cycles, errors, events, patching, plans, sales
from counterparts.paypal.agreements import STATUSES_WITH_BILLING, behind, change_status, changed, plan_of
from counterparts.paypal.api import Answer, Call, find, link, moment_of, now, require, written
from counterparts.paypal.money import units
from counterparts.world import Thing, new_id, world

PATH = "/v1/billing/subscriptions"
PAGES = "/webapps/billing/subscriptions"
FIELDS = ("plan_id", "quantity", "shipping_amount", "subscriber", "custom_id")
LONGEST_REASON = 128
CHANGEABLE = {
    "/(custom_id|shipping_amount|subscriber/shipping_address)": ("add", "replace"),
    "/(start_time|billing_info/outstanding_balance)": ("replace",),
    "/plan/taxes/(inclusive|percentage)": ("add", "replace"),
    "/plan/payment_preferences/(auto_bill_outstanding|payment_failure_threshold)": ("replace",),
    r"/plan/billing_cycles/@sequence==\d+/pricing_scheme/fixed_price": ("add", "replace"),
    r"/plan/billing_cycles/@sequence==\d+/total_cycles": ("replace",),
}


def create(call: Call) -> Answer:
    body = call.body
    plan = checked_plan(body)
    subscription_id = new_id("I-", 12).upper()
    subscription: Thing = {"id": subscription_id, "status": "APPROVAL_PENDING", "status_update_time": written(now())}
    subscription |= {field: deepcopy(body[field]) for field in FIELDS if field in body}
    subscription.setdefault("quantity", "1")
    subscription["start_time"] = written(start_asked_for(body))
    subscription |= {"plan_overridden": "plan" in body, "create_time": written(now()), "update_time": written(now())}
    token = new_id("BA-", 17).upper()
    subscription["links"] = links(subscription, approve=f"{PAGES}?ba_token={token}")
    world.things["paypal.subscription"][subscription_id] = subscription
    context = body.get("application_context", {})
    world.things["paypal.behind"][subscription_id] = {
        "own_plan": overridden(plan, body["plan"]) if "plan" in body else None,
        "awaits_merchant": context.get("user_action") == "CONTINUE",
        "wallet": "works",
    }
    world.things["paypal.consent"][token] = asked_consent(subscription_id, context)
    events.tell("BILLING.SUBSCRIPTION.CREATED", "subscription", shown(subscription))
    return 201, shown(subscription) if call.wants_all else in_short(subscription)


def checked_plan(body: Thing) -> Thing:
    require(body, "plan_id")
    plan = find("plan", body["plan_id"])
    if plan["status"] != "ACTIVE":
        description = "Invalid plan status for subscription creation; plan status should be active."
        raise errors.unprocessable("PLAN_STATUS_INVALID", description)
    if "quantity" in body and not plan.get("quantity_supported"):
        description = "Subscription can't have quantity as the plan does not support quantity."
        raise errors.unprocessable("SUBSCRIPTION_CANNOT_HAVE_QUANTITY", description)
    if "application_context" in body:
        require(body["application_context"], "return_url", "cancel_url")
    return plan


def start_asked_for(body: Thing) -> datetime:
    if "start_time" not in body:
        return now()
    try:
        start = moment_of(body["start_time"])
    except ValueError:
        raise errors.invalid(errors.MALFORMED, "/start_time", body["start_time"]) from None
    if start <= now():
        issue = "INVALID_PARAMETER_VALUE", "Start time must be a valid future date and time."
        raise errors.invalid(issue, "/start_time", body["start_time"])
    return start


def overridden(plan: Thing, wanted: Thing) -> Thing:
    """The plan of one subscription alone, with some things otherwise."""
    own = deepcopy(plan)
    for cycle in wanted.get("billing_cycles", []):
        target = plans.cycle_of(own, cycle.get("sequence"))
        if "pricing_scheme" in cycle:
            scheme = plans.made_scheme(cycle["pricing_scheme"], version=1)
            plans.check_currency(target.get("pricing_scheme", {}), scheme)
            target["pricing_scheme"] = scheme
        target["total_cycles"] = cycle.get("total_cycles", target["total_cycles"])
    for part in ("payment_preferences", "taxes"):
        if part in wanted:
            own[part] = own.get(part, {}) | wanted[part]
    return own


def asked_consent(subscription_id: str, context: Thing, revision: Thing | None = None) -> Thing:
    """What the buyer is asked on PayPal's page, and where they go then."""
    return {
        "subscription": subscription_id,
        "asked_at": written(now()),
        "return_url": context.get("return_url", ""),
        "cancel_url": context.get("cancel_url", ""),
        "brand": context.get("brand_name", ""),
        "token": new_id("", 17).upper(),
        "revision": revision,
    }


def links(subscription: Thing, *, approve: str = "") -> list[Thing]:
    path = f"{PATH}/{subscription['id']}"
    shown_links = [link(approve, "approve")] if approve else []
    shown_links += [link(path, "edit", "PATCH"), link(path, "self")]
    verbs = {"ACTIVE": ("suspend", "cancel", "capture"), "SUSPENDED": ("activate", "cancel", "capture")}
    shown_links += [link(f"{path}/{verb}", verb, "POST") for verb in verbs.get(subscription["status"], ())]
    return shown_links


def show(call: Call, subscription_id: str) -> Answer:
    wanted = call.query.get("fields", "").split(",")
    return 200, shown(find("subscription", subscription_id), *wanted)


def shown(subscription: Thing, *fields: str) -> Thing:
    """As the API shows it; "plan" and "last_failed_payment" only to those who ask for them."""
    whole = dict(subscription)
    if subscription["status"] != "APPROVAL_PENDING":
        whole["links"] = links(subscription)
    if "billing_info" in whole and "last_failed_payment" not in fields:
        info = whole["billing_info"]
        whole["billing_info"] = {name: info[name] for name in info if name != "last_failed_payment"}
    if "plan" in fields:
        whole["plan"] = plan_of(subscription)
    return whole


def in_short(subscription: Thing) -> Thing:
    return {field: subscription[field] for field in ("id", "status", "create_time", "links")}


def change(call: Call, subscription_id: str) -> Answer:
    subscription = find("subscription", subscription_id)
    operations = patching.checked(call.body, CHANGEABLE)
    if subscription["status"] not in ("ACTIVE", "SUSPENDED"):
        description = "Invalid subscription status for patch action; subscription status should be either active or "
        raise errors.unprocessable("SUBSCRIPTION_STATUS_INVALID", description + "suspended.")
    for operation in operations:
        change_one(subscription, operation)
    changed(subscription, "UPDATED")
    return 204, None


def change_one(subscription: Thing, operation: Thing) -> None:
    path = operation["path"]
    if path == "/start_time" and cycles.has_begun(subscription):
        description = "The start time cannot be updated for a subscription that has been activated."
        raise errors.unprocessable("INVALID_START_TIME", description)
    if path == "/billing_info/outstanding_balance":
        owed = units(subscription["billing_info"]["outstanding_balance"], path)
        if units(operation["value"], path) > owed:
            description = "The new outstanding balance cannot be greater than the current outstanding balance."
            raise errors.unprocessable("AMOUNT_GREATER_THAN_OUTSTANDING_BALANCE", description)
    if not path.startswith("/plan/"):
        patching.apply(subscription, operation)
        return
    own = behind(subscription).get("own_plan") or deepcopy(plan_of(subscription))
    patching.apply(own, operation | {"path": path.removeprefix("/plan")})
    behind(subscription)["own_plan"] = own
    subscription["plan_overridden"] = True


def revise(call: Call, subscription_id: str) -> Answer:
    """Another plan or quantity. The buyer must consent, and it costs otherwise only from the next billing time."""
    subscription, body = find("subscription", subscription_id), call.body
    if subscription["status"] not in ("ACTIVE", "SUSPENDED"):
        raise errors.unprocessable()
    plan = world.things["paypal.plan"].get(body.get("plan_id", subscription["plan_id"]))
    if plan is None:
        raise errors.not_there("Requested resource ID was not found.")
    if plan["product_id"] != plan_of(subscription)["product_id"]:
        description = "The old and the new plans should be for the same product."
        raise errors.unprocessable("PLAN_PRODUCT_NOT_COMPATIBLE", description)
    if plan["status"] != "ACTIVE":
        raise errors.unprocessable()
    token = new_id("BA-", 17).upper()
    revision = {field: deepcopy(body[field]) for field in ("quantity", "shipping_amount") if field in body}
    revision["plan_id"] = plan["id"]
    if "plan" in body:
        revision["own_plan"] = overridden(plan, body["plan"])
    context = body.get("application_context", {})
    world.things["paypal.consent"][token] = asked_consent(subscription_id, context, revision)
    answer: Thing = {
        field: revision[field] for field in ("plan_id", "quantity", "shipping_amount") if field in revision
    }
    answer["plan_overridden"] = "plan" in body
    answer["links"] = links(subscription, approve=f"{PAGES}/update?ba_token={token}")
    return 200, answer


def reason_in(body: Any, *, required: bool) -> str:
    reason = body.get("reason", "") if isinstance(body, dict) else ""
    if len(reason) > LONGEST_REASON:
        raise errors.invalid(errors.TOO_LONG, "/reason", reason)
    if required and not reason:
        raise errors.invalid(None)
    return str(reason)


def suspend(call: Call, subscription_id: str) -> Answer:
    subscription = find("subscription", subscription_id)
    reason = reason_in(call.body, required=True)
    if subscription["status"] != "ACTIVE":
        description = "Invalid subscription status for suspend action; subscription status should be active."
        raise errors.unprocessable("SUBSCRIPTION_STATUS_INVALID", description)
    change_status(subscription, "SUSPENDED", reason)
    return 204, None


def cancel(call: Call, subscription_id: str) -> Answer:
    subscription = find("subscription", subscription_id)
    reason = reason_in(call.body, required=True)
    if subscription["status"] not in ("ACTIVE", "SUSPENDED"):
        description = (
            "Invalid subscription status for cancel action; subscription status should be active or suspended."
        )
        raise errors.unprocessable("SUBSCRIPTION_STATUS_INVALID", description)
    change_status(subscription, "CANCELLED", reason)
    return 204, None


def activate(call: Call, subscription_id: str) -> Answer:
    """Begin what the buyer has approved, or go on with what was suspended."""
    subscription = find("subscription", subscription_id)
    reason = reason_in(call.body, required=False)
    if subscription["status"] == "APPROVED":
        cycles.begin(subscription)
        return 204, None
    if subscription["status"] != "SUSPENDED":
        description = "Invalid subscription status for activate action; subscription status should be suspended."
        raise errors.unprocessable("SUBSCRIPTION_STATUS_INVALID", description)
    if cycles.has_failed_too_often(subscription):
        description = "Subscription cannot be activated after payment failure threshold has reached."
        raise errors.unprocessable("SUBSCRIPTION_CANNOT_BE_ACTIVATED", description)
    cycles.go_on(subscription, reason)
    return 204, None


def capture(call: Call, subscription_id: str) -> Answer:
    """Ask for what is outstanding, now."""
    subscription, body = find("subscription", subscription_id), call.body
    require(body, "note", "capture_type", "amount")
    if body["capture_type"] != "OUTSTANDING_BALANCE":
        raise errors.invalid(errors.INVALID, "/capture_type", body["capture_type"])
    if subscription["status"] not in STATUSES_WITH_BILLING:
        description = "Invalid subscription status for capture action; subscription status should be active or "
        raise errors.unprocessable("SUBSCRIPTION_STATUS_INVALID", description + "suspended or expired.")
    balance = subscription["billing_info"]["outstanding_balance"]
    owed, asked = units(balance, ""), units(body["amount"], "/amount")
    if owed == 0:
        description = "Current outstanding balance should be greater than zero."
        raise errors.unprocessable("ZERO_OUTSTANDING_BALANCE", description)
    if body["amount"]["currency_code"] != balance["currency_code"]:
        description = "The currency code is different from the subscription's currency code."
        raise errors.unprocessable("CURRENCY_MISMATCH", description)
    if asked > owed:
        description = "The capture amount can not be greater than the current outstanding balance."
        raise errors.unprocessable("AMOUNT_GREATER_THAN_OUTSTANDING_BALANCE", description)
    sale = cycles.charge(subscription, asked=asked, owed=owed)
    return 200, sales.as_transaction(sale)


def transactions(call: Call, subscription_id: str) -> Answer:
    """What was paid, and what failed, within a time. The window may not be left out."""
    subscription = find("subscription", subscription_id)
    start, end = (time_in(call, name) for name in ("start_time", "end_time"))
    found = [
        sales.as_transaction(sale)
        for sale in sales.sales_of(subscription)
        if start <= moment_of(sale["create_time"]) <= end
    ]
    path = f"{PATH}/{subscription_id}/transactions"
    # Newest first, as PayPal lists them.
    return 200, {"transactions": found[::-1], "links": [link(path, "self")]}


def time_in(call: Call, name: str) -> datetime:
    text = call.query.get(name)
    if text is None:
        raise errors.invalid(errors.MISSING, name)
    try:
        return moment_of(text)
    except ValueError:
        raise errors.invalid(errors.MALFORMED, name, text) from None
