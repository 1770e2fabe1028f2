"""Money and days in templates, as everywhere else in billing."""

from __future__ import annotations

from datetime import datetime

from django import template

from billing import words
from billing.levels import PREMIUM
from billing.models import Interval, Price
from billing.money import shown_money

register = template.Library()


@register.filter
def money(amount: int, currency: str) -> str:
    """Such as $50: the amount is in the smallest unit of the currency."""
    return shown_money(amount, currency)


@register.filter
def day(at: datetime | None) -> str:
    return words.day(at)


@register.simple_tag
def premium_price() -> str:
    """What Premium costs a month, such as "$50 a month"; empty while it is not on offer. One query."""
    offers = Price.objects.on_offer().filter(plan__level=PREMIUM, interval=Interval.MONTH)
    price = offers.order_by("plan__position", "id").first()
    return price.shown if price else ""
