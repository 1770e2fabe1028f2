"""The hosted page of an invoice, where it can be paid, and the invoice as a file."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from counterparts.stripe.cards import CARDS, new_card
from counterparts.stripe.charges import message
from counterparts.stripe.collecting import collect, use_card
from counterparts.stripe.errors import invalid
from counterparts.stripe.lines import day, money
from counterparts.stripe.pages.answers import hosted, said, show
from counterparts.stripe.pages.pdf import pdf_of
from counterparts.stripe.pages.secure import afterwards, ask
from counterparts.stripe.store import get, things
from counterparts.world import Thing


@hosted
def invoice(request: HttpRequest, invoice_id: str) -> HttpResponse:
    found = get("invoice", invoice_id)
    if request.method != "POST":
        return page(request, found)
    if found["status"] != "open":
        return page(request, found, problem=f"This invoice is {found['status']}.")
    given = said(request, "card")
    card = CARDS.get(given["card"])
    if card is None:
        return page(request, found, problem="Choose a card.")
    if card.decline and not card.fails_later:
        return page(request, found, problem=message(card.decline))
    if card.approval:
        return ask("invoice", invoice_id, given, f"{money(found['amount_due'], found['currency'])} to How-to-AI")
    return pay(found, given, is_approved=False)


def page(request: HttpRequest, found: Thing, *, problem: str = "") -> HttpResponse:
    shown = {
        "invoice": found,
        "created": day(found["created"]),
        "lines": [(line["description"], money(line["amount"], found["currency"])) for line in found["lines"]["data"]],
        "sums": sums(found),
        "cards": {kind: card.title for kind, card in CARDS.items()},
        "problem": problem,
    }
    return show(request, "invoice", shown, status=422 if problem else 200)


def sums(found: Thing) -> list[tuple[str, str]]:
    """The amounts below the lines, each with its name; those that are nothing are left out."""
    off = sum(discount["amount"] for discount in found["total_discount_amounts"])
    from_balance = found["amount_due"] - found["total"]
    amounts = [
        ("Subtotal", found["subtotal"], True),
        ("Discount", -off, off),
        ("Total", found["total"], True),
        ("From or to your balance", from_balance, from_balance),
        ("Amount due", found["amount_due"], True),
        ("Paid", found["amount_paid"], found["status"] == "paid"),
    ]
    return [(name, money(amount, found["currency"])) for name, amount, is_shown in amounts if is_shown]


@afterwards("invoice")
def decided(request: HttpRequest, invoice_id: str, given: dict[str, str], is_approved: bool) -> HttpResponse:
    found = get("invoice", invoice_id)
    if not is_approved:
        return page(request, found, problem=message("authentication_failed"))
    return pay(found, given, is_approved=True)


def pay(found: Thing, given: dict[str, str], *, is_approved: bool) -> HttpResponse:
    customer = get("customer", found["customer"])
    method = new_card(given["card"], {"email": customer["email"], "name": customer["name"]})
    use_card(customer, method, is_approved=is_approved)
    collect(found, method=method, holder_is_there=True, may_retry=False)
    return HttpResponseRedirect(found["hosted_invoice_url"])


@hosted
def pdf(request: HttpRequest, invoice_id: str) -> HttpResponse:
    found = get("invoice", invoice_id)
    if found["number"] is None:
        raise invalid("A draft has no file yet.")
    response = HttpResponse(pdf_of(text_of(found)), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="Invoice-{found["number"]}.pdf"'
    return response


def text_of(found: Thing) -> list[str]:
    address = found["customer_address"] or {}
    to = [
        found["customer_name"],
        found["customer_email"],
        *(address.get(name) for name in ("line1", "city", "country")),
    ]
    notes = [note for note in things("credit_note").values() if note["invoice"] == found["id"]]
    return [
        f"Invoice {found['number']}",
        f"Date: {day(found['created'])}    Status: {found['status']}",
        "From: How-to-AI (stand-in for Stripe, no money moved)",
        "To: " + ", ".join(part for part in to if part),
        *(f"Tax id: {tax_id['value']}" for tax_id in found["customer_tax_ids"]),
        "",
        *(f"{line['description']}: {money(line['amount'], found['currency'])}" for line in found["lines"]["data"]),
        "",
        *(f"{name}: {amount}" for name, amount in sums(found)),
        *(f"Credit note {note['number']}: {money(-note['amount'], note['currency'])}" for note in notes),
    ]
