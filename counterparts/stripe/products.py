"""Products and prices, and the account to which they belong."""

from __future__ import annotations

from typing import Any

from django.urls import path

from counterparts.stripe.api import resource, takes
from counterparts.stripe.errors import invalid
from counterparts.stripe.events import tell, updating
from counterparts.stripe.params import (
    LIST,
    Asked,
    Shape,
    demand,
    flag,
    mapping,
    merged,
    one_of,
    text,
    time_range,
    whole,
)
from counterparts.stripe.store import chosen, find, get, listed, make, named, now, page, things
from counterparts.world import Thing

RECURRING: Shape = {
    "interval": one_of("day", "week", "month", "year"),
    "interval_count": whole,
    "usage_type": one_of("licensed"),
    "trial_period_days": whole,
}
PRICE: dict[str, Shape] = {
    "active": flag,
    "lookup_key": text,
    "metadata": mapping,
    "nickname": text,
    "tax_behavior": one_of("exclusive", "inclusive", "unspecified"),
    "transfer_lookup_key": flag,
}
NEW_PRICE: dict[str, Shape] = {
    **PRICE,
    "currency": text,
    "product": text,
    "unit_amount": whole,
    "recurring": RECURRING,
    "billing_scheme": one_of("per_unit"),
}
PRODUCT: dict[str, Shape] = {
    "active": flag,
    "default_price": text,
    "description": text,
    "images": [text],
    "marketing_features": [{"name": text}],
    "metadata": mapping,
    "name": text,
    "shippable": flag,
    "statement_descriptor": text,
    "tax_code": text,
    "unit_label": text,
    "url": text,
}


@takes({**PRODUCT, "id": text, "type": one_of("good", "service")}, "name")
def create_product(asked: Asked) -> Thing:
    thing_id = asked.pop("id", None)
    if thing_id in things("product"):
        raise invalid("Product already exists.", param="id", code="resource_already_exists")
    product = make(
        "product",
        "prod_",
        thing_id=thing_id,
        **{
            "active": True,
            "default_price": None,
            "description": None,
            "images": [],
            "marketing_features": [],
            "metadata": {},
            "package_dimensions": None,
            "shippable": None,
            "statement_descriptor": None,
            "tax_code": None,
            "type": "service",
            "unit_label": None,
            "updated": now(),
            "url": None,
            **asked,
        },
    )
    tell("product.created", product)
    return product


@takes(PRODUCT)
def update_product(asked: Asked, product_id: str) -> Thing:
    product = get("product", product_id)
    named("price", asked.get("default_price"), param="default_price")
    asked["metadata"] = merged(product["metadata"], asked.get("metadata"))
    with updating(product, "product.updated"):
        product.update(asked, updated=now())
    return product


@takes()
def delete_product(asked: Asked, product_id: str) -> Thing:
    product = get("product", product_id)
    if find("price", product=product_id):
        raise invalid("This product cannot be deleted because it has one or more user-created prices.")
    del things("product")[product_id]
    tell("product.deleted", product)
    return {"id": product_id, "object": "product", "deleted": True}


@takes({**LIST, "active": flag, "created": time_range, "ids": [text], "url": text})
def list_products(asked: Asked) -> Thing:
    found = chosen("product", asked, "active", "url")
    if asked.get("ids"):
        found = [product for product in found if product["id"] in asked["ids"]]
    return page(found, asked, "/v1/products")


@takes()
def show_product(asked: Asked, product_id: str) -> Thing:
    return get("product", product_id)


@takes(LIST)
def list_features(asked: Asked, product_id: str) -> Thing:
    get("product", product_id)
    return listed([], f"/v1/products/{product_id}/features")


@takes({**NEW_PRICE, "product_data": {"name": text, "metadata": mapping, "active": flag, "id": text}}, "currency")
def create_price(asked: Asked) -> Thing:
    if asked.get("product_data"):
        asked["product"] = create_product.act(asked.pop("product_data"))["id"]
    demand(asked, "product")
    named("product", asked["product"], param="product")
    if asked.get("unit_amount") is None:
        raise invalid("Missing required param: unit_amount.", param="unit_amount", code="parameter_missing")
    take_lookup_key(asked)
    price = make("price", "price_", **price_fields(asked))
    tell("price.created", price)
    return price


def price_fields(asked: Asked) -> dict[str, Any]:
    recurring = asked.get("recurring")
    return {
        "active": asked.get("active", True),
        "billing_scheme": "per_unit",
        "currency": asked["currency"].lower(),
        "custom_unit_amount": None,
        "lookup_key": asked.get("lookup_key"),
        "metadata": asked.get("metadata") or {},
        "nickname": asked.get("nickname"),
        "product": asked["product"],
        "recurring": recurring
        and {
            "interval": recurring["interval"],
            "interval_count": recurring.get("interval_count") or 1,
            "meter": None,
            "trial_period_days": None,
            "usage_type": "licensed",
        },
        "tax_behavior": asked.get("tax_behavior") or "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring" if recurring else "one_time",
        "unit_amount": asked["unit_amount"],
        "unit_amount_decimal": str(asked["unit_amount"]),
    }


def take_lookup_key(asked: Asked) -> None:
    """A lookup key names one price; another has it only if it may be taken away there."""
    may_transfer = asked.pop("transfer_lookup_key", False)
    if not asked.get("lookup_key"):
        return
    for other in find("price", lookup_key=asked["lookup_key"]):
        if not may_transfer:
            raise invalid(
                f"A price (`{other['id']}`) already uses that lookup key.",
                param="lookup_key",
                code="resource_already_exists",
            )
        with updating(other, "price.updated"):
            other["lookup_key"] = None


@takes(PRICE)
def update_price(asked: Asked, price_id: str) -> Thing:
    price = get("price", price_id)
    if price["lookup_key"] == asked.get("lookup_key"):
        asked.pop("lookup_key", None)
    take_lookup_key(asked)
    asked["metadata"] = merged(price["metadata"], asked.get("metadata"))
    with updating(price, "price.updated"):
        price.update(asked)
    return price


@takes(
    {
        **LIST,
        "active": flag,
        "created": time_range,
        "currency": text,
        "lookup_keys": [text],
        "product": text,
        "recurring": {"interval": text},
        "type": one_of("one_time", "recurring"),
    }
)
def list_prices(asked: Asked) -> Thing:
    found = chosen("price", asked, "active", "currency", "product", "type")
    if asked.get("lookup_keys"):
        found = [price for price in found if price["lookup_key"] in asked["lookup_keys"]]
    if asked.get("recurring"):
        interval = asked["recurring"]["interval"]
        found = [price for price in found if (price["recurring"] or {}).get("interval") == interval]
    return page(found, asked, "/v1/prices")


@takes()
def show_price(asked: Asked, price_id: str) -> Thing:
    return get("price", price_id)


urlpatterns = [
    path("v1/products", resource(GET=list_products, POST=create_product)),
    path("v1/products/<product_id>", resource(GET=show_product, POST=update_product, DELETE=delete_product)),
    path("v1/products/<product_id>/features", resource(GET=list_features)),
    path("v1/prices", resource(GET=list_prices, POST=create_price)),
    path("v1/prices/<price_id>", resource(GET=show_price, POST=update_price)),
]
