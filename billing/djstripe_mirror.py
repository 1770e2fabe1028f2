"""Keeps dj-stripe's tables a copy of what Stripe said last, for staff to look at.

dj-stripe's own `sync_from_stripe_data` is not for this: of what hangs on an object (its customer, its invoice) it
takes over what is new and never what has changed, it asks Stripe for more in the middle of a transaction, and it
writes our secret key into a table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Field, ForeignKey
from djstripe import models as stripe

if TYPE_CHECKING:
    from accounts.models import User

# What is kept, by Stripe's names, each after what it belongs to.
KEPT: dict[str, Any] = {
    "product": stripe.Product,
    "price": stripe.Price,
    "coupon": stripe.Coupon,
    "promotion_code": stripe.PromotionCode,
    "customer": stripe.Customer,
    "payment_method": stripe.PaymentMethod,
    "subscription": stripe.Subscription,
    "subscription_item": stripe.SubscriptionItem,
    "invoice": stripe.Invoice,
    "charge": stripe.Charge,
    "refund": stripe.Refund,
    "dispute": stripe.Dispute,
}
# What all members have in common. Were it written with each of their subscriptions, these would wait for each other.
CATALOGUE = frozenset({"product", "price", "coupon", "promotion_code"})
# Each is kept only together with this; what is a person's thus always leads to the person, and erasure finds it.
BELONGS_TO = {
    "price": "product",
    "payment_method": "customer",
    "subscription": "customer",
    "subscription_item": "subscription",
    "invoice": "customer",
    "charge": "customer",
    "refund": "charge",
    "dispute": "charge",
}
# Links that Stripe says elsewhere than under the column's name.
ELSEWHERE = {
    ("customer", "default_payment_method"): ("invoice_settings", "default_payment_method"),
    ("invoice", "subscription"): ("parent", "subscription_details", "subscription"),
}
OURS = frozenset({"djstripe_id", "djstripe_created", "djstripe_updated", "subscriber", "date_purged"})
# Expanded in an answer, but with a secret in it and of no interest.
NEVER_KEPT = "payment_intent"

Data = Mapping[str, Any]


@transaction.atomic
def mirror(*answers: Data, subscriber: User | None = None) -> None:
    """Keep each object in these answers of Stripe's, expanded ones within others too, as it is there.

    A customer is kept whose member is said here or is known already; what belongs to nobody known is passed over.
    Products, prices and discounts within others are kept if they are new. Nothing is asked of Stripe.
    """
    named = {(each.get("object"), each.get("id")) for each in answers}
    found: dict[str, dict[str, Data]] = {kind: {} for kind in KEPT}
    for each in objects_in(answers):
        found[each["object"]][each["id"]] = each
    there = Known()
    chosen: dict[str, list[Data]] = {}
    for kind, objects in found.items():
        for key, each in objects.items():
            is_old_news = kind in CATALOGUE and (kind, key) not in named and there.has(kind, key)
            if not is_old_news and belongs(each, there, subscriber):
                there.add(kind, key)
                chosen.setdefault(kind, []).append(each)
    for kind, rows in chosen.items():
        write(kind, rows, there, subscriber)


class Known:
    """Which objects there are: in this answer, or in a table already."""

    def __init__(self) -> None:
        self.keys: set[tuple[str, str]] = set()

    def add(self, kind: str, key: str) -> None:
        self.keys.add((kind, key))

    def has(self, kind: str, key: str) -> bool:
        if (kind, key) not in self.keys:
            rows = KEPT[kind]._base_manager.filter(id=key).values_list("pk")
            # A customer who is being erased meanwhile is not there, and one who will be waits for us.
            if (rows.select_for_update() if kind == "customer" else rows).first():
                self.add(kind, key)
        return (kind, key) in self.keys


def objects_in(value: Any) -> Iterator[Data]:
    """Those of a kind that is kept, at any depth; not those that Stripe has deleted."""
    if isinstance(value, Mapping):
        if value.get("object") in KEPT and not value.get("deleted"):
            yield value
        value = value.values()
    elif not isinstance(value, list | tuple):
        return
    for each in value:
        yield from objects_in(each)


def belongs(each: Data, there: Known, subscriber: User | None) -> bool:
    kind = each["object"]
    if kind == "customer":
        return subscriber is not None or there.has(kind, each["id"])
    owner = BELONGS_TO.get(kind)
    if owner is None:
        return True
    key = key_of(each.get(owner))
    return key is not None and there.has(owner, key)


def write(kind: str, objects: list[Data], there: Known, subscriber: User | None) -> None:
    model = KEPT[kind]
    fields = [field for field in model._meta.concrete_fields if field.name not in OURS]
    rows = [model(**{field.attname: value_of(field, each, there) for field in fields}) for each in objects]
    updated = [field.name for field in fields if field.name != "id"] + ["djstripe_updated"]
    if kind == "customer" and subscriber is not None:
        for row in rows:
            row.subscriber = subscriber
        updated.append("subscriber")
    # A coupon is known by its name, which may be the same in Stripe's test mode.
    unique = ["id", "livemode"] if kind == "coupon" else ["id"]
    model._base_manager.bulk_create(rows, update_conflicts=True, unique_fields=unique, update_fields=updated)


def value_of(field: Field[Any, Any], each: Data, there: Known) -> Any:
    if field.name == "stripe_data":
        return without_others(each)
    if isinstance(field, ForeignKey):
        return linked(field, each, there)
    # dj-stripe's columns know how Stripe writes times and amounts.
    value = field.stripe_to_db(each) if hasattr(field, "stripe_to_db") else each.get(field.name)
    return "" if value is None and not field.null else value


def linked(field: ForeignKey[Any, Any], each: Data, there: Known) -> str | int | None:
    """What the column points to, if that is kept."""
    value: Any = each
    for step in ELSEWHERE.get((each["object"], field.name), (field.name,)):
        value = (value or {}).get(step)
    key = key_of(value)
    kind = next((kind for kind, model in KEPT.items() if model is field.related_model), None)
    if not (key and kind and there.has(kind, key)):
        return None
    if field.target_field.name == "id":
        return key
    # A price is named by its row's number, not by Stripe's key. It is written already.
    row: int = KEPT[kind]._base_manager.values_list("pk", flat=True).get(id=key)
    return row


def key_of(value: Any) -> str | None:
    """Stripe names another object by its key, or tells it whole."""
    key: str | None = value.get("id") if isinstance(value, Mapping) else value
    return key


def without_others(value: Any, within: bool = False) -> Any:
    """What Stripe said, with other objects that it told whole named by their keys: each has its own row, or none."""
    if isinstance(value, Mapping):
        if within and (value.get("object") in KEPT or value.get("object") == NEVER_KEPT):
            return value["id"]
        return {name: without_others(each, within=True) for name, each in value.items()}
    if isinstance(value, list):
        # Lists are of what belongs here: items, lines.
        return [without_others(each) for each in value]
    return value
