"""The plans with which a new platform begins. From then on they are data, edited by staff and not from here."""

from __future__ import annotations

from typing import Any

from django.apps import apps as all_apps
from django.apps.registry import Apps
from django.db import DEFAULT_DB_ALIAS, transaction

from billing.levels import FREE, PREMIUM

CURRENCY = "USD"
# Interval → the smallest unit of the currency.
PREMIUM_PRICES = {"month": 5_000, "year": 50_000}
PLANS: tuple[dict[str, Any], ...] = (
    {
        "code": "free",
        "name": "Free",
        "summary": "Learn at your own pace.",
        "level": FREE,
        "benefits": [
            "All free tutorials and tracks",
            "Progress, streaks and achievements",
            "Ask and answer in the community",
        ],
    },
    {
        "code": "premium",
        "name": "Premium",
        "summary": "Everything we know, as it comes out.",
        "level": PREMIUM,
        "benefits": [
            "All that is in Free",
            "Every premium tutorial and track",
            "The members' rooms of the community",
            "Cancel or pause whenever you like",
        ],
    },
    {
        "code": "enterprise",
        "name": "Enterprise",
        "summary": "Premium for a team.",
        "level": PREMIUM,
        "by_contract": True,
        "benefits": [
            "Premium for every seat",
            "Seats that move with your team",
            "An overview of how your team learns",
            "One contract and one invoice",
        ],
    },
)


def make_standard_plans(using: str = DEFAULT_DB_ALIAS, apps: Apps = all_apps, **kwargs: Any) -> None:
    """After migrations, on a platform that has no plans at all. `apps` are as the migrations have left them."""
    try:
        plans, prices = apps.get_model("billing", "Plan").objects, apps.get_model("billing", "Price").objects
    except LookupError:
        # Migrated back to before there were plans.
        return
    if using != DEFAULT_DB_ALIAS or plans.exists():
        return
    with transaction.atomic():
        for position, columns in enumerate(PLANS):
            plan = plans.create(position=position, **columns)
            if plan.code == PREMIUM:
                for interval, amount in PREMIUM_PRICES.items():
                    prices.create(plan=plan, interval=interval, amount=amount, currency=CURRENCY, version=1)
