"""What Stripe says of customers and payments, to look at. It is changed in our own admin, or at Stripe."""

from __future__ import annotations

import warnings
from typing import Any

from django.apps import apps
from django.contrib import admin
from djstripe import models as stripe

from billing.money import shown_money
from common.admin import RecordAdmin

with warnings.catch_warnings():
    # Of what Django 6.0 changes for a form of dj-stripe's, which is not used here.
    warnings.simplefilter("ignore", DeprecationWarning)
    from djstripe import admin as djstripes  # noqa: F401 - so that there is what we take away

# dj-stripe's own pages write, and ask Stripe; those of what is not mirrored are empty.
admin.site.unregister(
    [model for model in apps.get_app_config("djstripe").get_models() if admin.site.is_registered(model)]
)


class MirrorAdmin(RecordAdmin):
    search_fields = ("id__exact",)
    search_help_text = "By Stripe's id."
    # Their numbers are in the order in which they came.
    ordering = ("-djstripe_id",)
    show_full_result_count = False

    @admin.display(description="amount")
    def money(self, row: Any) -> str:
        """Of what Stripe said: dj-stripe's own columns are in hundredths here and in whole units there."""
        said = row.stripe_data
        amount = next((said[name] for name in ("amount", "total", "unit_amount", "amount_off") if name in said), None)
        return "" if amount is None else shown_money(amount, (said.get("currency") or "").upper())


# What the list shows of each, between its id and the time at which it was made.
COLUMNS: dict[Any, tuple[str, ...]] = {
    stripe.Customer: ("subscriber", "email"),
    stripe.Subscription: ("customer", "status", "cancel_at_period_end"),
    stripe.Invoice: ("customer", "status", "money"),
    stripe.Charge: ("customer", "status", "money"),
    stripe.PaymentMethod: ("customer", "type"),
    stripe.Refund: ("charge_id", "status", "money"),
    stripe.Dispute: ("charge_id", "status", "reason", "money"),
    stripe.Product: ("name", "active"),
    stripe.Price: ("product_id", "lookup_key", "active", "money"),
    stripe.Coupon: ("name", "duration", "percent_off", "money"),
    stripe.PromotionCode: ("code", "active", "times_redeemed"),
}
# How to fetch the words for a column together with the rows.
TOGETHER = {"subscriber": "subscriber", "customer": "customer__subscriber"}

for model, columns in COLUMNS.items():
    fields = ("id", *columns, "created", "livemode", "djstripe_updated", "stripe_data")
    admin.site.register(
        model,
        MirrorAdmin,
        list_display=("id", *columns, "created"),
        list_select_related=[TOGETHER[name] for name in columns if name in TOGETHER],
        fields=fields,
        readonly_fields=fields,
    )
