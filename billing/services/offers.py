"""What staff do with plans and prices, and how the providers come to know of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from billing.gateways import ready_gateways
from billing.models import Plan, Price

if TYPE_CHECKING:
    from accounts.models import User
    from billing.gateways.base import Gateway

NOT_ALLOWED = "You do not have the right to change prices."
NO_PRICES = "{plan} has no price to choose: it is free, or made by contract."
SAME_PRICE = "This is the price already."
ONE_CURRENCY = "{plan} is sold in {currency}, and a plan has all its prices in one currency."


@transaction.atomic
def set_price(*, plan: Plan, interval: str, amount: int, currency: str = "USD", by: User) -> Price:
    """Offer a plan for another price from now on, as a new version; whoever pays the old one keeps it.

    `amount` is in the smallest unit of the currency. `sync_plans` tells the providers; until it has, the new price
    cannot be paid there. Raises PermissionDenied; ValidationError by field.
    """
    if not (by.acts_as_staff and by.has_perm("billing.add_price")):
        raise PermissionDenied(NOT_ALLOWED)
    # One after another: two who change a price at once make two versions.
    Plan.objects.select_for_update().get(pk=plan.pk)
    price = next_price(plan=plan, interval=interval, amount=amount, currency=currency)
    plan.prices.on_offer().filter(interval=interval).update(retired_at=timezone.now())
    price.save(force_insert=True)
    return price


def next_price(*, plan: Plan, interval: str, amount: int, currency: str) -> Price:
    """The version that `set_price` would save. Raises ValidationError by field."""
    if plan.by_contract or not plan.prices.exists():
        raise ValidationError({"plan": ValidationError(NO_PRICES.format(plan=plan), code="no_prices")})
    if other := plan.prices.exclude(currency=currency).first():
        words = ONE_CURRENCY.format(plan=plan, currency=other.currency)
        raise ValidationError({"currency": ValidationError(words, code="another_currency")})
    versions = plan.prices.filter(interval=interval)
    if versions.on_offer().filter(amount=amount).exists():
        raise ValidationError({"amount": ValidationError(SAME_PRICE, code="same_price")})
    last = versions.aggregate(last=Max("version"))["last"] or 0
    price = Price(plan=plan, interval=interval, amount=amount, currency=currency, version=last + 1)
    # That another is on offer is no fault: it is retired when this one is saved.
    price.full_clean(exclude=["plan", "retired_at"])
    return price


def sync_plans(*, dry_run: bool = False) -> list[str]:
    """Tell each provider that is set up of all plans with prices; says what was, or would be, done.

    Twice in a row does nothing the second time. Raises ProviderError; what was told before stays told.
    """
    return [line for gateway in ready_gateways() for line in sync_with(gateway, dry_run=dry_run)]


def sync_with(gateway: Gateway, *, dry_run: bool) -> list[str]:
    done: list[str] = []
    column = f"{gateway.provider}_id"
    for plan in Plan.objects.filter(prices__isnull=False, by_contract=False).distinct():
        done += gateway.sync_plan(plan, dry_run=dry_run)
        if not dry_run:
            plan.save(update_fields=[column])
        for price in plan.prices.order_by("interval", "version"):
            # The plan's reference may be new, and the price's own copy of the plan does not know it.
            price.plan = plan
            done += gateway.sync_price(price, dry_run=dry_run)
            if not dry_run:
                price.save(update_fields=[column])
    return done
