"""Checkout: what is bought, for how much, with which card."""

from __future__ import annotations

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse

from counterparts.stripe.cards import CARDS, approve, attach, new_card
from counterparts.stripe.charges import message
from counterparts.stripe.coupons import claimed
from counterparts.stripe.customers import TAX_IDS, change_customer, new_customer, new_tax_id
from counterparts.stripe.events import tell
from counterparts.stripe.lines import money, price_text
from counterparts.stripe.pages.answers import hosted, lead_home, said, show
from counterparts.stripe.pages.secure import afterwards, ask
from counterparts.stripe.sessions import customer_details, items_of, reckon, trial_of
from counterparts.stripe.starting import Start, start
from counterparts.stripe.store import get, named, things
from counterparts.world import Thing

FIELDS = ("email", "name", "country", "postal_code", "card", "promotion_code", "tax_id_type", "tax_id")


@hosted
def checkout(request: HttpRequest, session_id: str) -> HttpResponse:
    session = get("checkout.session", session_id)
    if session["status"] != "open":
        words = "This has been paid for." if session["status"] == "complete" else "This page has expired."
        return show(request, "over", {"message": words}, status=410)
    if request.method != "POST":
        return page(request, session, {})
    given = said(request, *FIELDS)
    if request.POST.get("do") == "apply":
        return apply_code(request, session, given)
    problem = problem_of(session, given)
    if problem:
        return page(request, session, given, problem=problem)
    if given["card"] and CARDS[given["card"]].approval:
        return ask("checkout", session_id, given, f"{money(session['amount_total'], session['currency'])} to How-to-AI")
    return subscribe(request, session, given, is_approved=False)


def page(request: HttpRequest, session: Thing, given: dict[str, str], *, problem: str = "") -> HttpResponse:
    currency, trial_end = session["currency"], trial_of(session)
    customer = things("customer").get(session["customer"] or "", {})
    shown = {
        "session": session,
        "items": [
            {"name": item["description"], "price": price_text(item["price"]), "quantity": item["quantity"]}
            for item in items_of(session)
        ],
        "subtotal": money(session["amount_subtotal"], currency),
        "discount": money(session["total_details"]["amount_discount"], currency),
        "has_discount": bool(session["discounts"]),
        "total": money(session["amount_total"], currency),
        "trial_end": trial_end and datetime.fromtimestamp(trial_end, UTC),
        "cards": {kind: card.title for kind, card in CARDS.items()},
        "may_go_without": may_go_without(session),
        "tax_id_types": TAX_IDS,
        "email": customer.get("email") or session["customer_email"] or "",
        "given": {"card": "works"} | given,
        "problem": problem,
    }
    return show(request, "checkout", shown, status=422 if problem else 200)


def may_go_without(session: Thing) -> bool:
    """Whether no card is asked for, since nothing is due today."""
    return bool(session["payment_method_collection"] == "if_required" and session["amount_total"] == 0)


def apply_code(request: HttpRequest, session: Thing, given: dict[str, str]) -> HttpResponse:
    code = claimed(given["promotion_code"], session["customer"], session["amount_subtotal"])
    if code is None or not session["allow_promotion_codes"]:
        return page(request, session, given, problem="This code is invalid.")
    session["discounts"] = [{"coupon": None, "promotion_code": code["id"]}]
    reckon(session)
    return page(request, session, given)


def problem_of(session: Thing, given: dict[str, str]) -> str:
    """What is wrong with the form, in words; empty if nothing is."""
    if not (given["email"] or session["customer"] or session["customer_email"]):
        return "An e-mail address is needed."
    if given["card"] not in CARDS and not (given["card"] == "" and may_go_without(session)):
        return "Choose a card."
    if given["tax_id"] and given["tax_id_type"] not in TAX_IDS:
        return "Choose what kind of tax id it is."
    card = CARDS.get(given["card"])
    return message(card.decline) if card and card.decline and not card.fails_later else ""


@afterwards("checkout")
def decided(request: HttpRequest, session_id: str, given: dict[str, str], is_approved: bool) -> HttpResponse:
    session = get("checkout.session", session_id)
    if not is_approved:
        return page(request, session, given, problem=message("authentication_failed"))
    if session["status"] != "open":
        return show(request, "over", {"message": "This page has expired."}, status=410)
    return subscribe(request, session, given, is_approved=True)


def subscribe(request: HttpRequest, session: Thing, given: dict[str, str], *, is_approved: bool) -> HttpResponse:
    customer = buyer(session, given)
    method = None
    if given["card"]:
        details = {"email": customer["email"], "name": given["name"] or None, "address": address(given)}
        method = attach(new_card(given["card"], details), customer)
        if is_approved:
            approve(method)
    hidden = things("checkout")[session["id"]]["subscription_data"]
    settings = hidden.get("trial_settings") or {"end_behavior": {"missing_payment_method": "create_invoice"}}
    subscription = start(
        Start(
            customer=customer,
            items=[(item["price"], item["quantity"]) for item in items_of(session)],
            trial_end=trial_of(session),
            method=method,
            is_own_method=True,
            metadata=hidden.get("metadata") or {},
            description=hidden.get("description"),
            discounts=session["discounts"],
            has_automatic_tax=session["automatic_tax"]["enabled"],
            without_card=settings["end_behavior"]["missing_payment_method"],
            session=session["id"],
            holder_is_there=True,
        )
    )
    tax_ids = [{"type": given["tax_id_type"], "value": given["tax_id"]}] if given["tax_id"] else []
    session.update(
        customer=customer["id"],
        customer_details=customer_details(
            customer["email"], address=address(given), name=given["name"] or customer["name"], tax_ids=tax_ids
        ),
        invoice=subscription["latest_invoice"],
        payment_status="paid" if session["amount_total"] else "no_payment_required",
        status="complete",
        subscription=subscription["id"],
        url=None,
    )
    tell("checkout.session.completed", session)
    return lead_home(session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"]))


def buyer(session: Thing, given: dict[str, str]) -> Thing:
    """The customer of the session, or a new one, with what was said about them."""
    customer = named("customer", session["customer"], param="customer")
    said_of_them = {"name": given["name"], "address": address(given)}
    if customer is None:
        customer = new_customer({"email": session["customer_email"] or given["email"], **said_of_them})
    else:
        may_change = things("checkout")[session["id"]]["customer_update"]
        change_customer(
            customer,
            {name: value for name, value in said_of_them.items() if value and may_change.get(name) == "auto"},
        )
    if given["tax_id"] and session["tax_id_collection"]["enabled"]:
        new_tax_id(customer, given["tax_id_type"], given["tax_id"])
    return customer


def address(given: dict[str, str]) -> Thing | None:
    if not given["country"]:
        return None
    empty = dict.fromkeys(("city", "line1", "line2", "state"))
    return {**empty, "country": given["country"].upper(), "postal_code": given["postal_code"] or None}
