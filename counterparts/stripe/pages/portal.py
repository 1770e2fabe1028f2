"""The customer portal: card, name and address, invoices."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from counterparts.stripe.cards import CARDS, new_card
from counterparts.stripe.charges import message
from counterparts.stripe.collecting import method_for, use_card
from counterparts.stripe.customers import NO_ADDRESS, change_customer
from counterparts.stripe.lines import day, money
from counterparts.stripe.pages.answers import hosted, lead_home, said, show
from counterparts.stripe.pages.secure import afterwards, ask
from counterparts.stripe.store import find, get, now, things
from counterparts.world import Thing

# How long a session of the portal is good for, in seconds.
OPEN_FOR = 3600
ADDRESS = tuple(NO_ADDRESS)


@hosted
def portal(request: HttpRequest, session_id: str) -> HttpResponse:
    session = get("billing_portal.session", session_id)
    if now() > session["created"] + OPEN_FOR:
        return show(request, "over", {"message": "This page has expired."}, status=410)
    customer = get("customer", session["customer"])
    if request.method != "POST":
        return page(request, session, customer)
    wish = request.POST.get("do")
    if wish == "return":
        return lead_home(session["return_url"])
    if wish == "details":
        given = said(request, "name", *ADDRESS)
        change_customer(
            customer,
            {"name": given.pop("name") or None, "address": {name: value or None for name, value in given.items()}},
        )
        return HttpResponseRedirect(session["url"])
    return take_card(request, session, customer)


def page(request: HttpRequest, session: Thing, customer: Thing, *, problem: str = "") -> HttpResponse:
    alive = [one for one in find("subscription", customer=customer["id"]) if one["ended_at"] is None]
    methods = [method for method in map(method_for, alive) if method]
    default = things("payment_method").get(customer["invoice_settings"]["default_payment_method"] or "")
    invoices = [one for one in find("invoice", customer=customer["id"]) if one["number"]]
    shown = {
        "session": session,
        "customer": customer,
        "address": {name: (customer["address"] or {}).get(name) or "" for name in ADDRESS},
        "method": next(iter(methods), default),
        "cards": {kind: card.title for kind, card in CARDS.items()},
        "invoices": [
            {**one, "day": day(one["created"]), "amount": money(one["total"], one["currency"])}
            for one in reversed(invoices)
        ],
        "problem": problem,
    }
    return show(request, "portal", shown, status=422 if problem else 200)


def take_card(request: HttpRequest, session: Thing, customer: Thing) -> HttpResponse:
    given = said(request, "card")
    card = CARDS.get(given["card"])
    if card is None:
        return page(request, session, customer, problem="Choose a card.")
    if card.decline and not card.fails_later:
        return page(request, session, customer, problem=message(card.decline))
    if card.approval:
        return ask("portal", session["id"], given, "Keep this card for How-to-AI")
    return keep_card(session, customer, given, is_approved=False)


@afterwards("portal")
def decided(request: HttpRequest, session_id: str, given: dict[str, str], is_approved: bool) -> HttpResponse:
    session = get("billing_portal.session", session_id)
    customer = get("customer", session["customer"])
    if not is_approved:
        return page(request, session, customer, problem=message("authentication_failed"))
    return keep_card(session, customer, given, is_approved=True)


def keep_card(session: Thing, customer: Thing, given: dict[str, str], *, is_approved: bool) -> HttpResponse:
    details = {"email": customer["email"], "name": customer["name"], "address": customer["address"]}
    use_card(customer, new_card(given["card"], details), is_approved=is_approved)
    flow = session["flow"]
    if flow and flow["after_completion"]["redirect"]:
        return lead_home(flow["after_completion"]["redirect"]["return_url"])
    return HttpResponseRedirect(session["url"])
