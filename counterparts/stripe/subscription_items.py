"""Items of subscriptions, as the API shows and changes them."""

from __future__ import annotations

from django.urls import path

from counterparts.stripe.api import resource, takes
from counterparts.stripe.changing import change
from counterparts.stripe.errors import missing
from counterparts.stripe.params import LIST, Asked, mapping, one_of, text, whole
from counterparts.stripe.store import get, page, things
from counterparts.stripe.subscriptions import PAYMENT, PRORATION
from counterparts.world import Thing

ITEM = ("metadata", "price", "quantity")


@takes({**LIST, "subscription": text}, "subscription")
def list_items(asked: Asked) -> Thing:
    subscription = get("subscription", asked["subscription"], param="subscription")
    return page(subscription["items"]["data"], asked, "/v1/subscription_items")


@takes()
def show(asked: Asked, item_id: str) -> Thing:
    return found(item_id)[1]


@takes(
    {
        "metadata": mapping,
        "payment_behavior": one_of(*PAYMENT),
        "price": text,
        "proration_behavior": PRORATION,
        "proration_date": whole,
        "quantity": whole,
    }
)
def update(asked: Asked, item_id: str) -> Thing:
    subscription, _ = found(item_id)
    wish = {name: asked.pop(name) for name in ITEM if name in asked}
    change(subscription, asked | {"items": [{"id": item_id, **wish}]})
    return found(item_id)[1]


def found(item_id: str) -> tuple[Thing, Thing]:
    """The subscription to which an item belongs, and the item."""
    for subscription in things("subscription").values():
        for item in subscription["items"]["data"]:
            if item["id"] == item_id:
                return subscription, item
    raise missing("subscription_item", item_id, "item")


urlpatterns = [
    path("v1/subscription_items", resource(GET=list_items)),
    path("v1/subscription_items/<item_id>", resource(GET=show, POST=update)),
]
