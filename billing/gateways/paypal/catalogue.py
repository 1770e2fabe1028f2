"""Our plans and prices as PayPal's products and plans."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from django.conf import settings

from billing.gateways.base import NotThere, Refused
from billing.gateways.paypal.client import Thing, call, get, in_our_words, once, pages, units
from billing.money import decimal_text, shown_money

if TYPE_CHECKING:
    from billing.models import Plan, Price

PRODUCTS = "/v1/catalogs/products"
PLANS = "/v1/billing/plans"
LARGEST_PAGE = 20
# A payment that fails is tried again after five days and after ten; then PayPal suspends.
FAILURES = 3
ADVERBS = {"month": "monthly", "year": "yearly"}


@in_our_words()
def sync_plan(plan: Plan, *, dry_run: bool) -> list[str]:
    """Bring the product of a plan up to date; says what was, or would be, done. Its name can never be changed."""
    reference = plan.paypal_id or f"how-to-ai-{plan.code}"
    name = f"{settings.SITE_NAME} {plan.name}"
    product = read_or_none(f"{PRODUCTS}/{quote(reference, safe='')}")
    if product is None:
        if not dry_run:
            body = {"id": reference, "name": name, "type": "SERVICE"}
            body |= {"description": plan.summary} if plan.summary else {}
            call("POST", PRODUCTS, json=body, key=once("product", reference, name, plan.summary))
            plan.paypal_id = reference
        return [f"PayPal: make the product {reference}, “{name}”"]
    plan.paypal_id = product["id"]
    if product.get("description", "") == plan.summary:
        return []
    if not dry_run:
        change = {"op": "replace", "path": "/description", "value": plan.summary}
        change = change if plan.summary else {"op": "remove", "path": "/description"}
        call("PATCH", f"{PRODUCTS}/{quote(product['id'], safe='')}", json=[change])
    return [f"PayPal: describe the product {reference} as “{plan.summary}”"]


@in_our_words()
def sync_price(price: Price, *, dry_run: bool) -> list[str]:
    """The same for a price, whose plan has its reference already; a retired one takes no new members.

    Raises Refused if PayPal has another plan by its name.
    """
    name = name_of(price)
    known = known_plan(price)
    if known is None:
        if price.retired_at:
            return []
        if not dry_run:
            price.paypal_id = new_plan(price)["id"]
        return [f"PayPal: make the plan {name}, {shown_money(price.amount, price.currency)} a {price.interval}"]
    if terms_of(known) != own_terms(price):
        raise Refused("price_differs", f"PayPal's plan {known['id']} is not what {name} is here.")
    price.paypal_id = known["id"]
    is_offered = price.retired_at is None
    if (known["status"] == "ACTIVE") == is_offered:
        return []
    if not dry_run:
        call("POST", f"{PLANS}/{known['id']}/{'activate' if is_offered else 'deactivate'}")
    return [f"PayPal: {'offer' if is_offered else 'retire'} the plan {name}"]


def known_plan(price: Price) -> Thing | None:
    """By its reference, or else by our name in its description: it may have been made, and the answer lost."""
    if price.paypal_id and (known := read_or_none(f"{PLANS}/{price.paypal_id}")):
        return known
    if not price.plan.paypal_id:
        return None
    for page in pages(PLANS, product_id=price.plan.paypal_id, page_size=LARGEST_PAGE):
        for plan in page.get("plans", ()):
            if plan.get("description") == description_of(price):
                return get(f"{PLANS}/{plan['id']}")
    return None


def new_plan(price: Price) -> Thing:
    fixed_price = {"currency_code": price.currency, "value": decimal_text(price.amount, price.currency)}
    body = {
        "product_id": price.plan.paypal_id,
        # Members read these on PayPal's page.
        "name": f"{settings.SITE_NAME} {price.plan.name}, {ADVERBS[price.interval]}",
        "description": description_of(price),
        "status": "ACTIVE",
        "billing_cycles": [
            {
                "frequency": {"interval_unit": price.interval.upper(), "interval_count": 1},
                "tenure_type": "REGULAR",
                "sequence": 1,
                "total_cycles": 0,
                "pricing_scheme": {"fixed_price": fixed_price},
            }
        ],
        "payment_preferences": {"auto_bill_outstanding": True, "payment_failure_threshold": FAILURES},
    }
    # With the time, since the rows of another database have the same numbers.
    key = once("plan", price.plan.paypal_id, name_of(price), price.pk, price.created_at)
    made: Thing = call("POST", PLANS, json=body, key=key)
    return made


def name_of(price: Price) -> str:
    """Such as premium-month-usd-v1."""
    return f"{price.plan.code}-{price.interval}-{price.currency.lower()}-v{price.version}"


def description_of(price: Price) -> str:
    return f"{shown_money(price.amount, price.currency)} a {price.interval} ({name_of(price)})"


def terms_of(plan: Thing) -> tuple[object, ...]:
    """Of one that has a single cycle; whatever else there is, is none of ours."""
    (cycle,) = plan["billing_cycles"]
    price = cycle["pricing_scheme"]["fixed_price"]
    frequency = cycle["frequency"]
    return (
        plan["product_id"],
        units(price),
        price["currency_code"],
        frequency["interval_unit"].lower(),
        frequency.get("interval_count", 1),
    )


def own_terms(price: Price) -> tuple[object, ...]:
    return price.plan.paypal_id, price.amount, price.currency, price.interval, 1


def read_or_none(path: str) -> Thing | None:
    try:
        return get(path)
    except NotThere:
        return None
