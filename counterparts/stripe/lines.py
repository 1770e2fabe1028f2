"""The lines of an invoice: whole periods, and what a change in the middle of one gives back and charges."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from counterparts.stripe.discounts import coupons_of, net, taken_off
from counterparts.stripe.periods import part, period_end
from counterparts.stripe.store import things
from counterparts.world import Thing, new_id


@dataclass
class Line:
    item: Thing
    price: Thing
    quantity: int
    # Cents before discounts; below zero it is given back.
    amount: int
    start: int
    end: int
    description: str
    is_proration: bool = False
    # The line that is given back in part, with the invoice on which it stands.
    credited: Thing | None = None
    # The invoice item that has waited for this invoice.
    waited_as: str | None = None
    # What each discount takes off, in cents.
    off: dict[str, int] = field(default_factory=dict)

    def shown(self, invoice: Thing, subscription: Thing) -> Thing:
        return {
            "id": new_id("il_"),
            "object": "line_item",
            "amount": self.amount,
            "currency": invoice["currency"],
            "description": self.description,
            "discount_amounts": [{"amount": off, "discount": name} for name, off in self.off.items()],
            "discountable": not self.is_proration,
            "discounts": list(self.off),
            "invoice": invoice["id"],
            "livemode": False,
            "metadata": dict(subscription["metadata"]),
            "parent": {
                "invoice_item_details": None,
                "subscription_item_details": {
                    "invoice_item": self.waited_as,
                    "proration": self.is_proration,
                    "proration_details": {"credited_items": self.credited},
                    "subscription": subscription["id"],
                    "subscription_item": self.item["id"],
                },
                "type": "subscription_item_details",
            },
            "period": {"end": self.end, "start": self.start},
            "pretax_credit_amounts": [
                {"amount": off, "discount": name, "type": "discount"} for name, off in self.off.items()
            ],
            "pricing": {
                "price_details": {"price": self.price["id"], "product": self.price["product"]},
                "type": "price_details",
                "unit_amount_decimal": self.price["unit_amount_decimal"],
            },
            "quantity": self.quantity,
            "quantity_decimal": str(self.quantity),
            "subscription": subscription["id"],
            "subtotal": self.amount,
            "taxes": [],
        }


def period_lines(subscription: Thing, start: int) -> list[Line]:
    """Each item for a whole period from `start`, discounts taken off."""
    items = subscription["items"]["data"]
    lines = [whole_period(item, subscription["billing_cycle_anchor"], start) for item in items]
    return discounted(subscription, lines, start)


def whole_period(item: Thing, anchor: int, start: int) -> Line:
    price, quantity = item["price"], item["quantity"]
    return Line(
        item=item,
        price=price,
        quantity=quantity,
        amount=price["unit_amount"] * quantity,
        start=start,
        end=period_end(price, anchor, start),
        description=f"{quantity} x {product_name(price)} (at {price_text(price)})",
    )


def discounted(subscription: Thing, lines: list[Line], at: int) -> list[Line]:
    taken = taken_off(coupons_of(subscription, at), [0 if line.is_proration else line.amount for line in lines])
    for line, off in zip(lines, taken, strict=True):
        line.off = off
    return lines


def trial_lines(subscription: Thing) -> list[Line]:
    return [
        Line(
            item=item,
            price=item["price"],
            quantity=item["quantity"],
            amount=0,
            start=subscription["trial_start"],
            end=subscription["trial_end"],
            description=f"Trial period for {product_name(item['price'])}",
        )
        for item in subscription["items"]["data"]
    ]


def unused(item: Thing, at: int) -> list[Line]:
    """What was billed for an item and falls to the time after `at`, to be given back: a line, or none."""
    billed = things("billed").get(item["id"])
    if not billed or at >= billed["end"]:
        return []
    back = part(billed["net"], billed["start"], billed["end"], at)
    if back == 0:
        return []
    return [
        Line(
            item=item,
            price=item["price"],
            quantity=item["quantity"],
            amount=-back,
            start=at,
            end=billed["end"],
            description=f"Unused time on {quantity_text(item)}{product_name(item['price'])} after {day(at)}",
            is_proration=True,
            credited={"invoice": billed["invoice"], "invoice_line_items": [billed["line"]]},
        )
    ]


def remaining(subscription: Thing, item: Thing, at: int) -> Line:
    """What an item costs from `at` to the end of the running period; its discounts are in the amount."""
    start, end = item["current_period_start"], item["current_period_end"]
    amount = net(coupons_of(subscription, at), item["price"]["unit_amount"] * item["quantity"])
    return Line(
        item=item,
        price=item["price"],
        quantity=item["quantity"],
        amount=part(amount, start, end, at),
        start=at,
        end=end,
        description=f"Remaining time on {quantity_text(item)}{product_name(item['price'])} after {day(at)}",
        is_proration=True,
    )


def note_billed(line: Thing) -> None:
    """Remember what an item was billed for, net of discounts, from the line as shown: a change gives back a part."""
    item_id = line["parent"]["subscription_item_details"]["subscription_item"]
    if line["amount"] >= 0:
        things("billed")[item_id] = {
            "net": line["amount"] - sum(off["amount"] for off in line["discount_amounts"]),
            "start": line["period"]["start"],
            "end": line["period"]["end"],
            "invoice": line["invoice"],
            "line": line["id"],
        }


def product_name(price: Thing) -> str:
    return str(things("product")[price["product"]]["name"])


def quantity_text(item: Thing) -> str:
    return f"{item['quantity']} x " if item["quantity"] > 1 else ""


def price_text(price: Thing) -> str:
    return f"{money(price['unit_amount'], price['currency'])} / {interval_text(price)}"


def interval_text(price: Thing) -> str:
    recurring: dict[str, Any] = price["recurring"]
    count = recurring["interval_count"]
    return str(recurring["interval"]) if count == 1 else f"{count} {recurring['interval']}s"


def money(amount: int, currency: str) -> str:
    sign = "-" if amount < 0 else ""
    whole, cents = divmod(abs(amount), 100)
    mark = {"usd": "$", "eur": "€", "gbp": "£"}.get(currency, currency.upper() + " ")
    return f"{sign}{mark}{whole:,}.{cents:02}"


def day(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%d %b %Y}"
