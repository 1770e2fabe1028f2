"""Payments, refunds and disputes."""

from __future__ import annotations

from typing import Any

from counterparts.paypal import errors, events
from counterparts.paypal.api import Answer, Call, link, now, written
from counterparts.paypal.errors import Refusal
from counterparts.paypal.money import money, units, written_amount
from counterparts.world import Thing, new_id, world

PATH = "/v1/payments/sale"
# How a sale's state is called among the transactions of a subscription.
STATUSES = {
    "completed": "COMPLETED",
    "partially_refunded": "PARTIALLY_REFUNDED",
    "refunded": "REFUNDED",
    "denied": "DECLINED",
}


def record(subscription: Thing, amount: int, currency: str, *, paid: bool) -> Thing:
    sale_id = new_id("", 17).upper()
    sale: Thing = {
        "id": sale_id,
        "state": "completed" if paid else "denied",
        "amount": old_money(amount, currency),
        "payment_mode": "INSTANT_TRANSFER",
        "protection_eligibility": "ELIGIBLE",
        "protection_eligibility_type": "ITEM_NOT_RECEIVED_ELIGIBLE,UNAUTHORIZED_PAYMENT_ELIGIBLE",
        "transaction_fee": {"value": written_amount(fee_of(amount), currency), "currency": currency},
        "billing_agreement_id": subscription["id"],
        "create_time": written(now()),
        "update_time": written(now()),
        "links": [link(f"{PATH}/{sale_id}", "self"), link(f"{PATH}/{sale_id}/refund", "refund", "POST")],
    }
    if "custom_id" in subscription:
        sale["custom"] = subscription["custom_id"]
    world.things["paypal.sale"][sale_id] = sale
    world.things["paypal.sales_of"].setdefault(subscription["id"], {"ids": []})["ids"].append(sale_id)
    return sale


def sales_of(subscription: Thing) -> list[Thing]:
    """Oldest first."""
    ids = world.things["paypal.sales_of"].get(subscription["id"], {"ids": []})["ids"]
    return [world.things["paypal.sale"][sale_id] for sale_id in ids]


def old_money(amount: int, currency: str) -> Thing:
    """As the payments API writes amounts, which is older than the others."""
    total = written_amount(amount, currency)
    return {"total": total, "currency": currency, "details": {"subtotal": total}}


def fee_of(amount: int) -> int:
    """3.49 % and 49 cents."""
    return amount * 349 // 10_000 + 49


def tell_completed(sale: Thing) -> None:
    events.tell("PAYMENT.SALE.COMPLETED", "sale", sale)


def amount_of(sale: Thing) -> int:
    return units({"currency_code": sale["amount"]["currency"], "value": sale["amount"]["total"]}, "/amount")


def as_transaction(sale: Thing) -> Thing:
    amount, currency = amount_of(sale), sale["amount"]["currency"]
    fee = fee_of(amount)
    subscription = world.things["paypal.subscription"][sale["billing_agreement_id"]]
    subscriber = subscription.get("subscriber", {})
    transaction: Thing = {
        "id": sale["id"],
        "status": STATUSES[sale["state"]],
        "amount_with_breakdown": {
            "gross_amount": money(amount, currency),
            "fee_amount": money(fee, currency),
            "net_amount": money(amount - fee, currency),
        },
        "time": sale["create_time"],
    }
    if "name" in subscriber:
        transaction["payer_name"] = subscriber["name"]
    if "email_address" in subscriber:
        transaction["payer_email"] = subscriber["email_address"]
    return transaction


def show(call: Call, sale_id: str) -> Answer:
    return 200, find_sale(sale_id)


def find_sale(sale_id: str) -> Thing:
    sale = world.things["paypal.sale"].get(sale_id)
    if sale is None:
        raise Refusal(404, "INVALID_RESOURCE_ID", "Requested resource ID was not found.")
    return sale


def refund_by_merchant(call: Call, sale_id: str) -> Answer:
    """All that is left of it, unless the request names an amount."""
    asked: Any = call.body.get("amount")
    amount = None
    if asked is not None:
        amount = units({"currency_code": asked.get("currency"), "value": asked.get("total")}, "/amount")
        if asked["currency"] != find_sale(sale_id)["amount"]["currency"]:
            raise errors.invalid(errors.INVALID, "/amount/currency", asked["currency"])
    return 201, refund(sale_id, amount, call.body.get("reason", ""))


def refund(sale_id: str, amount: int | None, reason: str) -> Thing:
    """The refund as the API shows it. `amount` None: all that is left."""
    sale = find_sale(sale_id)
    currency, before = sale["amount"]["currency"], refunded_of(sale_id)
    left = amount_of(sale) - before
    if sale["state"] == "denied" or left == 0:
        raise Refusal(400, "TRANSACTION_ALREADY_REFUNDED", "This transaction has already been refunded.")
    amount = left if amount is None else amount
    if not 0 < amount <= left:
        raise Refusal(400, "REFUND_EXCEEDED_TRANSACTION_AMOUNT", "Refund amount exceeds what is left to refund.")
    refund_id = new_id("", 17).upper()
    made: Thing = {
        "id": refund_id,
        "state": "completed",
        "sale_id": sale_id,
        "amount": old_money(amount, currency),
        "refund_to_payer": {"value": written_amount(amount, currency), "currency": currency},
        "total_refunded_amount": {"value": written_amount(before + amount, currency), "currency": currency},
        "create_time": written(now()),
        "update_time": written(now()),
        "links": [link(f"/v1/payments/refund/{refund_id}", "self"), link(f"{PATH}/{sale_id}", "sale")],
    }
    if reason:
        made["reason"] = reason
    world.things["paypal.refund"][refund_id] = made
    sale |= {"state": "refunded" if amount == left else "partially_refunded", "update_time": written(now())}
    events.tell("PAYMENT.SALE.REFUNDED", "refund", made)
    return made


def refunded_of(sale_id: str) -> int:
    refunds = (each for each in world.things["paypal.refund"].values() if each["sale_id"] == sale_id)
    return sum(amount_of(each) for each in refunds)


def reverse(sale_id: str) -> Thing:
    """The bank or PayPal took back what was left of it: nothing that anybody asked for by the API."""
    sale = find_sale(sale_id)
    currency, amount = sale["amount"]["currency"], amount_of(sale) - refunded_of(sale_id)
    sale |= {"state": "refunded", "update_time": written(now())}
    events.tell("PAYMENT.SALE.REVERSED", "sale", sale | {"amount": old_money(-amount, currency)})
    return sale


def dispute(sale_id: str, reason: str) -> Thing:
    sale = find_sale(sale_id)
    amount, currency = amount_of(sale), sale["amount"]["currency"]
    dispute_id = f"PP-D-{len(world.things['paypal.dispute']) + 27801}"
    opened: Thing = {
        "dispute_id": dispute_id,
        "create_time": written(now()),
        "update_time": written(now()),
        "disputed_transactions": [
            {
                "seller_transaction_id": sale_id,
                "create_time": sale["create_time"],
                "transaction_status": "COMPLETED",
                "gross_amount": money(amount, currency),
                "custom": sale.get("custom", ""),
            }
        ],
        "reason": reason,
        "status": "OPEN",
        "dispute_state": "OPEN_INQUIRIES",
        "dispute_amount": money(amount, currency),
        "dispute_life_cycle_stage": "INQUIRY",
        "dispute_channel": "INTERNAL",
        "links": [link(f"/v1/customer/disputes/{dispute_id}", "self")],
    }
    world.things["paypal.dispute"][dispute_id] = opened
    events.tell("CUSTOMER.DISPUTE.CREATED", "dispute", opened)
    return opened


def resolve(dispute_id: str, *, for_buyer: bool) -> Thing:
    """If it ends in the buyer's favour, the payment is reversed."""
    settled = world.things["paypal.dispute"][dispute_id]
    outcome: Thing = {"outcome_code": "RESOLVED_BUYER_FAVOUR" if for_buyer else "RESOLVED_SELLER_FAVOUR"}
    if for_buyer:
        outcome["amount_refunded"] = settled["dispute_amount"]
        reverse(settled["disputed_transactions"][0]["seller_transaction_id"])
    settled |= {
        "status": "RESOLVED",
        "dispute_state": "RESOLVED",
        "update_time": written(now()),
        "dispute_outcome": outcome,
    }
    events.tell("CUSTOMER.DISPUTE.RESOLVED", "dispute", settled)
    return settled
