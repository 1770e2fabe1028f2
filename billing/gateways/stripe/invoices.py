"""Stripe's invoices as payments: what each is for, what was paid, what went back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from billing.gateways.base import Payment, Return
from billing.gateways.stripe.client import Thing, every, moment, pages
from billing.models import InvoiceStatus, RefundKind

STATUSES = {
    "draft": InvoiceStatus.OPEN,
    "open": InvoiceStatus.OPEN,
    "paid": InvoiceStatus.PAID,
    "void": InvoiceStatus.VOID,
    "uncollectible": InvoiceStatus.UNCOLLECTIBLE,
}
# Of refunds that did not happen after all.
UNDONE = ("failed", "canceled")
# Of disputes in which the bank has taken the money; before, it only asks, and afterwards it may have given it back.
TAKEN = ("needs_response", "under_review", "lost")


def invoices_of(subscription: str) -> list[Thing]:
    """Newest first, with the payments made for each."""
    return list(pages("invoices", subscription=subscription, expand=["data.payments"]))


def charges_for(invoices: list[Thing]) -> list[Thing]:
    """Every charge of the customer since the oldest paid invoice, with its refunds; nothing is asked if none is paid.

    No invoice and no payment of one says that its money went back: only the charge does.
    """
    paid = [invoice for invoice in invoices if invoice["amount_paid"]]
    if not paid:
        return []
    since = {"gte": min(invoice["created"] for invoice in paid)}
    return list(pages("charges", customer=paid[0]["customer"], created=since, expand=["data.refunds"]))


def payments_of(invoices: list[Thing], charges: list[Thing]) -> tuple[Payment, ...]:
    """Oldest first."""
    returned: dict[str, list[Return]] = defaultdict(list)
    for charge in charges:
        returned[charge["payment_intent"] or charge["id"]] += returns_of_charge(charge)
    return tuple(
        payment_of(invoice, (*returns_of_payments(invoice, returned), *credit_notes_of(invoice)))
        for invoice in reversed(invoices)
    )


def payment_of(invoice: Thing, returns: tuple[Return, ...]) -> Payment:
    lines = every(invoice["lines"], "invoices", invoice["id"], "lines")
    period = period_of(lines) or {"start": invoice["period_start"], "end": invoice["period_end"]}
    status, steps = STATUSES[invoice["status"]], invoice["status_transitions"]
    return Payment(
        reference=invoice["id"],
        number=invoice["number"] or "",
        status=status,
        currency=invoice["currency"].upper(),
        total=invoice["total"],
        tax=sum(tax["amount"] for tax in invoice["total_taxes"] or ()),
        paid=invoice["amount_paid"],
        period_start=moment(period["start"]),
        period_end=moment(period["end"]),
        issued_at=moment(steps["finalized_at"] or invoice["created"]),
        paid_at=moment(steps["paid_at"] or invoice["created"]) if status == InvoiceStatus.PAID else None,
        replaces_former=any(line["amount"] < 0 and is_for_time(line) for line in lines),
        # A discount stands beside the amount of a line, so that one over everything is no trial.
        is_trial=bool(lines) and not any(line["amount"] for line in lines),
        hosted_url=invoice["hosted_invoice_url"] or "",
        pdf_url=invoice["invoice_pdf"] or "",
        returns=returns,
    )


def period_of(lines: list[Thing]) -> Thing | None:
    """What is bought: of what is charged for time, what lasts longest. The others give back, or are for what was."""
    for_time = [line for line in lines if is_for_time(line)]
    charged = [line for line in for_time if line["amount"] > 0]
    periods: list[Thing] = [line["period"] for line in charged or for_time]
    return max(periods, key=lambda period: period["end"], default=None)


def is_for_time(line: Thing) -> bool:
    """Whether a line stands for a part of the subscription; staff may add others by hand."""
    parent = line["parent"] or {}
    details = parent.get("invoice_item_details")
    return bool(parent.get("subscription_item_details") or (details and details["proration"]))


def returns_of_charge(charge: Thing) -> Iterator[Return]:
    for refund in every(charge["refunds"], "refunds", charge=charge["id"]) if charge["amount_refunded"] else ():
        if refund["status"] not in UNDONE:
            yield return_of(refund, RefundKind.REFUND, refund["amount"])
    for dispute in pages("disputes", charge=charge["id"]) if charge["disputed"] else ():
        if dispute["status"] in TAKEN:
            yield return_of(dispute, RefundKind.DISPUTE, dispute["amount"])


def returns_of_payments(invoice: Thing, returned: dict[str, list[Return]]) -> Iterator[Return]:
    for payment in every(invoice["payments"], "invoice_payments", invoice=invoice["id"]):
        paid_by = payment["payment"]
        yield from returned.get(paid_by.get("payment_intent") or paid_by.get("charge") or "", ())


def credit_notes_of(invoice: Thing) -> Iterator[Return]:
    """What they took off the invoice, or put to the customer's credit; what they refunded is a refund already."""
    if not (invoice["pre_payment_credit_notes_amount"] or invoice["post_payment_credit_notes_amount"]):
        return
    for note in pages("credit_notes", invoice=invoice["id"]):
        amount = note["amount"] - sum(refund["amount_refunded"] for refund in note["refunds"])
        if note["status"] != "void" and amount > 0:
            yield return_of(note, RefundKind.CREDIT_NOTE, amount)


def return_of(thing: Thing, kind: RefundKind, amount: int) -> Return:
    return Return(
        reference=thing["id"], kind=kind, amount=amount, at=moment(thing["created"]), reason=thing["reason"] or ""
    )
