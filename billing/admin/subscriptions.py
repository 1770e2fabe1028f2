"""Subscriptions, invoices and refunds, to look at: they follow the providers, and members and time change them."""

from __future__ import annotations

from django.contrib import admin

from billing.models import AccessGrant, Invoice, Refund, Subscription, SubscriptionTransition
from billing.money import shown_money
from common.admin import RecordAdmin, RecordInline


class TransitionInline(RecordInline):
    model = SubscriptionTransition
    fields = ("at", "name", "from_state", "to_state", "price", "cause", "by")


class GrantInline(RecordInline):
    model = AccessGrant
    verbose_name_plural = "what it opened"
    fields = readonly_fields = ("source", "level", "starts_at", "ends_at", "revoked_at")


@admin.register(Subscription)
class SubscriptionAdmin(RecordAdmin):
    list_display = ("user", "price", "provider", "state", "current_period_end", "checked_at")
    list_filter = ("state", "provider", "price__plan", "price__interval")
    list_select_related = ("user", "price__plan")
    search_fields = ("user__email", "user__profile__handle", "reference")
    ordering = ("-id",)
    # Whoever has the address of a checkout stands at the till in somebody's name.
    exclude = ("checkout_url",)
    show_full_result_count = False
    inlines = (TransitionInline, GrantInline)


class RefundInline(RecordInline):
    model = Refund
    fields = ("at", "kind", "amount", "reason", "reference")


@admin.register(Invoice)
class InvoiceAdmin(RecordAdmin):
    list_display = ("issued_at", "number", "user", "shown_total", "status", "shown_refunded", "provider")
    list_filter = ("status", "provider", "currency")
    list_select_related = ("user",)
    search_fields = ("user__email", "user__profile__handle", "number", "reference")
    ordering = ("-issued_at", "-id")
    show_full_result_count = False
    inlines = (RefundInline,)

    @admin.display(description="total", ordering="total")
    def shown_total(self, invoice: Invoice) -> str:
        return shown_money(invoice.total, invoice.currency)

    @admin.display(description="given back", ordering="amount_refunded")
    def shown_refunded(self, invoice: Invoice) -> str:
        return shown_money(invoice.amount_refunded, invoice.currency) if invoice.amount_refunded else ""
