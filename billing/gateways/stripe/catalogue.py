"""Our plans and prices as Stripe's products and prices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from billing.djstripe_mirror import mirror
from billing.gateways.base import NotThere, Refused
from billing.gateways.stripe.client import Thing, answer_of, client, in_our_words, once, read
from billing.money import shown_money

if TYPE_CHECKING:
    from stripe.params import ProductCreateParams, ProductUpdateParams

    from billing.models import Plan, Price


@in_our_words()
def sync_plan(plan: Plan, *, dry_run: bool) -> list[str]:
    """Bring the product of a plan up to date; says what was, or would be, done."""
    reference = plan.stripe_id or f"how-to-ai-{plan.code}"
    name = f"{settings.SITE_NAME} {plan.name}"
    product = read_or_none("products", reference)
    if product is None:
        if not dry_run:
            product = new_product(reference, name, plan.summary)
            plan.stripe_id = product["id"]
        return [f"Stripe: make the product {reference}, “{name}”"]
    plan.stripe_id = product["id"]
    wanted: ProductUpdateParams = {"name": name, "description": plan.summary, "active": True}
    if all((product[field] or "") == value for field, value in wanted.items()):
        return []
    if not dry_run:
        mirror(answer_of(client().v1.products.update(product["id"], params=wanted)))
    return [f"Stripe: change the product {reference} to “{name}”: {plan.summary}"]


def new_product(reference: str, name: str, description: str) -> Thing:
    params: ProductCreateParams = {"id": reference, "name": name}
    # An empty one is refused here, and only here.
    if description:
        params["description"] = description
    product = answer_of(client().v1.products.create(params=params))
    mirror(product)
    return product


@in_our_words()
def sync_price(price: Price, *, dry_run: bool) -> list[str]:
    """The same for a price, whose plan has its reference already; a retired one takes no new members.

    Raises Refused if Stripe has another price by its name.
    """
    name = name_of(price)
    known = known_price(price, name)
    if known is None:
        if price.retired_at:
            return []
        if not dry_run:
            price.stripe_id = new_price(price, name)["id"]
        return [f"Stripe: make the price {name}, {shown_money(price.amount, price.currency)} a {price.interval}"]
    if terms_of(known) != own_terms(price):
        raise Refused("price_differs", f"Stripe's price {known['id']} is not what {name} is here.")
    price.stripe_id = known["id"]
    is_offered = price.retired_at is None
    if known["active"] == is_offered:
        return []
    if not dry_run:
        mirror(answer_of(client().v1.prices.update(known["id"], params={"active": is_offered})))
    return [f"Stripe: {'offer' if is_offered else 'retire'} the price {name}"]


def known_price(price: Price, name: str) -> Thing | None:
    """By its reference, or else by its name: it may have been made, and the answer lost."""
    if price.stripe_id and (known := read_or_none("prices", price.stripe_id)):
        return known
    found = read("prices", lookup_keys=[name])["data"]
    return found[0] if found else None


def new_price(price: Price, name: str) -> Thing:
    made = client().v1.prices.create(
        params={
            "product": price.plan.stripe_id,
            "currency": price.currency.lower(),
            "unit_amount": price.amount,
            "recurring": {"interval": "year" if price.interval == "year" else "month"},
            "lookup_key": name,
            "nickname": name,
            "metadata": {"price": str(price.pk)},
        },
        options={"idempotency_key": once("price", price.plan.stripe_id, name, price.pk, price.created_at)},
    )
    answer = answer_of(made)
    mirror(answer)
    return answer


def name_of(price: Price) -> str:
    """Such as premium-month-usd-v1, by which anybody finds it at Stripe."""
    return f"{price.plan.code}-{price.interval}-{price.currency.lower()}-v{price.version}"


def terms_of(price: Thing) -> tuple[object, ...]:
    recurring = price["recurring"] or {}
    return (
        price["product"],
        price["unit_amount"],
        price["currency"],
        recurring.get("interval"),
        recurring.get("interval_count"),
    )


def own_terms(price: Price) -> tuple[object, ...]:
    return price.plan.stripe_id, price.amount, price.currency.lower(), price.interval, 1


def read_or_none(*path: str) -> Thing | None:
    try:
        return read(*path)
    except NotThere:
        return None
