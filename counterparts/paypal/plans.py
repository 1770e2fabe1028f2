"""Plans: what is paid for a product, how often."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime, timedelta

from counterparts.paypal import errors, events, patching
from counterparts.paypal.api import Answer, Call, find, link, moment_of, now, page_of, require, written
from counterparts.paypal.money import units
from counterparts.world import Thing, new_id, world

PATH = "/v1/billing/plans"
UNITS = ("DAY", "WEEK", "MONTH", "YEAR")
FIELDS = ("product_id", "name", "description", "payment_preferences", "taxes", "quantity_supported")
PREFERENCES = {
    "auto_bill_outstanding": True,
    "setup_fee_failure_action": "CANCEL",
    "payment_failure_threshold": 0,
}
CHANGEABLE = {
    "/(description|name|taxes/percentage)": ("replace",),
    "/payment_preferences/(auto_bill_outstanding|payment_failure_threshold|setup_fee|setup_fee_failure_action)": (
        "replace",
    ),
}
# A price that changes leaves the payments of the next ten days as they were.
NOTICE = timedelta(days=10)


def create(call: Call) -> Answer:
    body = call.body
    require(body, "product_id", "name", "billing_cycles", "payment_preferences")
    if body["product_id"] not in world.things["paypal.product"]:
        raise errors.not_there()
    plan_id = new_id("P-", 24).upper()
    plan: Thing = {"id": plan_id, "status": body.get("status", "ACTIVE")}
    plan |= {field: deepcopy(body[field]) for field in FIELDS if field in body}
    plan["payment_preferences"] = PREFERENCES | plan["payment_preferences"]
    plan["billing_cycles"] = [made_cycle(cycle) for cycle in body["billing_cycles"]]
    check_order(plan["billing_cycles"])
    plan |= {"create_time": written(now()), "update_time": written(now())}
    plan["links"] = links(plan_id, plan["status"])
    world.things["paypal.plan"][plan_id] = plan
    note_prices(plan)
    events.tell("BILLING.PLAN.CREATED", "plan", plan)
    return 201, plan if call.wants_all else in_short(plan)


def made_cycle(asked: Thing) -> Thing:
    require(asked, "frequency", "tenure_type", "sequence")
    frequency = {"interval_count": 1} | asked["frequency"]
    if frequency.get("interval_unit") not in UNITS:
        raise errors.invalid(errors.INVALID, "/billing_cycles/frequency/interval_unit", frequency)
    cycle: Thing = {"total_cycles": 1} | asked | {"frequency": frequency}
    if cycle["tenure_type"] == "REGULAR" and "pricing_scheme" not in cycle:
        raise errors.invalid(errors.MISSING, "/billing_cycles/pricing_scheme")
    if "pricing_scheme" in cycle:
        cycle["pricing_scheme"] = made_scheme(cycle["pricing_scheme"], version=1)
    return cycle


def made_scheme(asked: Thing, *, version: int) -> Thing:
    """Only fixed prices are sold here."""
    price = asked.get("fixed_price")
    if price is None or units(price, "/pricing_scheme/fixed_price") < 0:
        raise errors.invalid(errors.MISSING, "/pricing_scheme/fixed_price")
    times = {"create_time": written(now()), "update_time": written(now())}
    return {"version": version, "fixed_price": deepcopy(price)} | times


def check_order(cycles: list[Thing]) -> None:
    """Trials first, then the one regular cycle, numbered from 1."""
    cycles.sort(key=lambda cycle: cycle["sequence"])
    kinds = [cycle["tenure_type"] for cycle in cycles]
    if "REGULAR" not in kinds:
        raise errors.unprocessable(
            "MISSING_REGULAR_BILLING_CYCLE", "Plan should have at least one regular billing cycle."
        )
    if kinds.count("REGULAR") > 1:
        issue = "MULTIPLE_REGULAR_BILLING_CYCLES_NOT_SUPPORTED"
        raise errors.unprocessable(issue, "Only one regular billing cycle is allowed.")
    if [cycle["sequence"] for cycle in cycles] != list(range(1, len(cycles) + 1)):
        description = "Billing cycle sequence should start with `1` and be consecutive."
        raise errors.unprocessable("INVALID_BILLING_CYCLE_SEQUENCE", description)
    if kinds[-1] != "REGULAR":
        description = "Trial Billing cycle should precede regular billing cycle."
        raise errors.unprocessable("INVALID_BILLING_CYCLE_SEQUENCE", description)
    if any(cycle["tenure_type"] == "TRIAL" and cycle["total_cycles"] < 1 for cycle in cycles):
        description = "Total cycles for trial billing must be greater than '0'."
        raise errors.unprocessable("INVALID_TRIAL_BILLING_TOTAL_CYCLES", description)


def in_short(plan: Thing) -> Thing:
    fields = ("id", "product_id", "name", "status", "description", "create_time", "links")
    return {field: plan[field] for field in fields if field in plan}


def links(plan_id: str, status: str) -> list[Thing]:
    verb = "deactivate" if status == "ACTIVE" else "activate"
    return [
        link(f"{PATH}/{plan_id}", "self"),
        link(f"{PATH}/{plan_id}", "edit", "PATCH"),
        link(f"{PATH}/{plan_id}/{verb}", verb, "POST"),
    ]


def listed(call: Call) -> Answer:
    product, names = call.query.get("product_id"), call.query.get("plan_ids")
    found = [
        plan
        for plan in world.things["paypal.plan"].values()
        if (product is None or plan["product_id"] == product) and (names is None or plan["id"] in names.split(","))
    ]
    return 200, page_of(call, "plans", [plan if call.wants_all else in_short(plan) for plan in found], PATH)


def show(call: Call, plan_id: str) -> Answer:
    return 200, find("plan", plan_id)


def change(call: Call, plan_id: str) -> Answer:
    plan = find("plan", plan_id)
    operations = patching.checked(call.body, CHANGEABLE)
    if plan["status"] == "INACTIVE":
        description = "Status update is the only patchable filed on an inactive plan."
        raise errors.unprocessable("PLAN_STATUS_INACTIVE", description)
    for operation in operations:
        patching.apply(plan, operation)
    changed(plan, "UPDATED")
    return 204, None


def activate(call: Call, plan_id: str) -> Answer:
    plan = find("plan", plan_id)
    if plan["status"] == "ACTIVE":
        description = "Invalid plan status for activate action; plan status should be either created or inactive."
        raise errors.unprocessable("PLAN_STATUS_INVALID", description)
    plan["status"] = "ACTIVE"
    changed(plan, "ACTIVATED")
    return 204, None


def deactivate(call: Call, plan_id: str) -> Answer:
    """Whoever has it keeps it."""
    plan = find("plan", plan_id)
    if plan["status"] != "ACTIVE":
        description = "Invalid plan status for deactivate action; plan status should be active."
        raise errors.unprocessable("PLAN_STATUS_INVALID", description)
    plan["status"] = "INACTIVE"
    changed(plan, "DEACTIVATED")
    return 204, None


def update_pricing(call: Call, plan_id: str) -> Answer:
    """New prices, also for whoever has the plan already."""
    plan = find("plan", plan_id)
    require(call.body, "pricing_schemes")
    for asked in call.body["pricing_schemes"]:
        cycle = cycle_of(plan, asked.get("billing_cycle_sequence"))
        former = cycle.get("pricing_scheme", {"version": 0})
        scheme = made_scheme(asked.get("pricing_scheme", {}), version=former["version"] + 1)
        check_currency(former, scheme)
        cycle["pricing_scheme"] = scheme
    note_prices(plan)
    changed(plan, "PRICING-CHANGE.ACTIVATED")
    return 204, None


def cycle_of(plan: Thing, sequence: object) -> Thing:
    for cycle in plan["billing_cycles"]:
        if cycle["sequence"] == sequence:
            found: Thing = cycle
            return found
    description = "The provided billing cycle sequence is not available."
    raise errors.unprocessable("INVALID_BILLING_CYCLE_SEQUENCE", description)


def check_currency(former: Thing, scheme: Thing) -> None:
    currency = scheme["fixed_price"]["currency_code"]
    if "fixed_price" in former and former["fixed_price"]["currency_code"] != currency:
        description = "The currency code is different from the plan's currency code."
        raise errors.unprocessable("CURRENCY_MISMATCH", description)


def changed(plan: Thing, what: str) -> None:
    plan["update_time"] = written(now())
    plan["links"] = links(plan["id"], plan["status"])
    events.tell(f"BILLING.PLAN.{what}", "plan", plan)


def note_prices(plan: Thing) -> None:
    """Every price that a cycle ever had is kept, oldest first, for those who still pay a former one."""
    kept = world.things["paypal.prices"].setdefault(plan["id"], {})
    for cycle in plan["billing_cycles"]:
        schemes = kept.setdefault(str(cycle["sequence"]), [])
        scheme = cycle.get("pricing_scheme")
        if scheme is not None and scheme not in schemes:
            schemes.append(deepcopy(scheme))


def scheme_at(plan: Thing, cycle: Thing, *, since: datetime, at: datetime) -> Thing | None:
    """What somebody who subscribed at `since` pays at `at` for a cycle; None if it is free."""
    schemes = world.things["paypal.prices"][plan["id"]][str(cycle["sequence"])]
    old = [
        scheme
        for scheme in schemes
        if moment_of(scheme["create_time"]) <= since or moment_of(scheme["create_time"]) + NOTICE <= at
    ]
    return (old or schemes)[-1] if schemes else None
