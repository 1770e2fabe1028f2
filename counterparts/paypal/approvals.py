"""PayPal's page on which the buyer consents, or changes their mind."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render

from counterparts.paypal import cycles
from counterparts.paypal.agreements import behind, change_status, changed, plan_of
from counterparts.paypal.api import moment_of, now
from counterparts.paypal.money import units
from counterparts.world import Thing, world

# With which wallet somebody agrees, and what becomes of it.
WALLETS = {
    "works": "A wallet that works",
    "fails_later": "A wallet that pays now and fails at the next renewal",
    "fails": "A wallet from which nothing can be taken",
    "refused": "A wallet that PayPal refuses",
}
# What a wallet is after the consent, where it is not what it was before.
AFTERWARDS = {"fails_later": "fails"}
LIFE = timedelta(hours=3)
BUYER: Thing = {
    "email_address": "buyer@example.com",
    "payer_id": "2J6QB8YJQSJRJ",
    "name": {"given_name": "Bea", "surname": "Buyer"},
}


def approval(request: HttpRequest) -> HttpResponse:
    """Both /webapps/billing/subscriptions?ba_token=… and the same for a revision, …/update?ba_token=…"""
    token = request.GET.get("ba_token", "")
    with world.lock:
        consent = world.things["paypal.consent"].get(token)
        if consent is None or is_over(consent):
            return render(request, "counterparts/paypal/over.html", status=404)
        if not leads_home(consent):
            return HttpResponseForbidden("The return address is not one of the platform's.", content_type="text/plain")
        if request.method == "GET":
            return page(request, consent)
        if request.method != "POST":
            return HttpResponseNotAllowed(["GET", "POST"])
        return decide(request, token, consent)


def is_over(consent: Thing) -> bool:
    """It was given already, or asked for too long ago."""
    subscription = world.things["paypal.subscription"][consent["subscription"]]
    wanted = ("APPROVAL_PENDING",) if consent["revision"] is None else ("ACTIVE", "SUSPENDED")
    is_used = consent.get("is_used", False) or subscription["status"] not in wanted
    return is_used or now() > moment_of(consent["asked_at"]) + LIFE


def leads_home(consent: Thing) -> bool:
    return all(world.outbox.is_home(url) for url in (consent["return_url"], consent["cancel_url"]))


def page(request: HttpRequest, consent: Thing, *, refused: bool = False) -> HttpResponse:
    subscription = world.things["paypal.subscription"][consent["subscription"]]
    revision = consent["revision"]
    plan = plan_of(subscription)
    if revision is not None:
        plan = revision.get("own_plan") or world.things["paypal.plan"][revision["plan_id"]]
    shown = {
        "brand": consent["brand"],
        "plan": plan,
        "is_revision": revision is not None,
        "terms": [terms_of(cycle) for cycle in plan["billing_cycles"]],
        "starts": moment_of(subscription["start_time"]),
        "wallets": WALLETS,
        "refused": refused,
    }
    return render(request, "counterparts/paypal/approval.html", shown)


def terms_of(cycle: Thing) -> str:
    """In words: what a cycle costs, how long it is and how often it comes."""
    frequency, price = cycle["frequency"], cycle.get("pricing_scheme", {}).get("fixed_price")
    unit, count = frequency["interval_unit"].lower(), frequency["interval_count"]
    every = f"every {count} {unit}s" if count > 1 else f"every {unit}"
    cost = f"{price['value']} {price['currency_code']}" if price and units(price, "") else "Free"
    times = cycle["total_cycles"]
    return f"{cost}, {every}" + (f", {times} {'times' if times > 1 else 'time'}" if times else "")


def decide(request: HttpRequest, token: str, consent: Thing) -> HttpResponse:
    if request.POST.get("decision") != "agree":
        return HttpResponseRedirect(with_names(consent["cancel_url"], token, consent))
    wallet = request.POST.get("wallet", "works")
    if wallet == "refused" or wallet not in WALLETS:
        return page(request, consent, refused=True)
    agree(consent, wallet)
    return HttpResponseRedirect(with_names(consent["return_url"], token, consent))


def agree(consent: Thing, wallet: str) -> None:
    consent["is_used"] = True
    subscription = world.things["paypal.subscription"][consent["subscription"]]
    hidden = behind(subscription)
    if consent["revision"] is not None:
        cycles.take_revision(subscription, consent["revision"])
        return
    subscription["subscriber"] = BUYER | subscription.get("subscriber", {})
    hidden["wallet"] = "works" if wallet in AFTERWARDS else wallet
    if hidden["awaits_merchant"]:
        subscription["status"] = "APPROVED"
        changed(subscription, "UPDATED")
    else:
        cycles.begin(subscription)
    hidden["wallet"] = AFTERWARDS.get(wallet, wallet)


def with_names(url: str, token: str, consent: Thing) -> str:
    names = {"subscription_id": consent["subscription"], "ba_token": token, "token": consent["token"]}
    return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(names)}"


def autopay(request: HttpRequest, subscription_id: str) -> HttpResponse:
    """/myaccount/autopay/connect/…: where buyers end what they pay automatically, or choose another wallet."""
    with world.lock:
        subscription = world.things["paypal.subscription"].get(subscription_id)
        if subscription is None or "billing_info" not in subscription:
            return render(request, "counterparts/paypal/over.html", status=404)
        if request.method == "POST" and request.POST.get("decision") == "cancel":
            cancel_by_buyer(subscription)
        elif request.method == "POST":
            behind(subscription)["wallet"] = "fails" if request.POST.get("wallet") == "fails" else "works"
        shown = {
            "subscription": subscription,
            "plan": plan_of(subscription),
            "wallet": behind(subscription)["wallet"],
            "wallets": {name: WALLETS[name] for name in ("works", "fails")},
        }
        return render(request, "counterparts/paypal/autopay.html", shown)


def receipt(request: HttpRequest, sale_id: str) -> HttpResponse:
    """/activity/payment/…: what was paid."""
    with world.lock:
        sale = world.things["paypal.sale"].get(sale_id)
        if sale is None:
            return render(request, "counterparts/paypal/over.html", status=404)
        plan = plan_of(world.things["paypal.subscription"][sale["billing_agreement_id"]])
        return render(request, "counterparts/paypal/receipt.html", {"sale": sale, "plan": plan})


def cancel_by_buyer(subscription: Thing) -> None:
    if subscription["status"] in ("ACTIVE", "SUSPENDED"):
        change_status(subscription, "CANCELLED", "Cancelled by the buyer.")
