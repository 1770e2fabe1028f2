"""Every read of invoices that has a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import F, QuerySet

if TYPE_CHECKING:
    from accounts.models import User
    from billing.models import Invoice

LATEST_FIRST = ("-issued_at", "-id")
COLUMNS = (
    *("id", "provider", "number", "status", "currency", "total", "tax", "amount_paid", "amount_refunded"),
    *("period_start", "period_end", "issued_at", "paid_at", "hosted_url", "pdf_url"),
)


class InvoiceQuerySet(QuerySet["Invoice"]):
    def of(self, user: User) -> InvoiceQuerySet:
        """Somebody's, with subscription, price and plan, and what was given back. In the order of `LATEST_FIRST`."""
        return self.filter(user=user).select_related("subscription__price__plan").prefetch_related("refunds")

    def as_rows(self) -> QuerySet[Invoice, dict[str, Any]]:
        """What lists show; `plan` and `plan_name` are those that the subscription has now."""
        price = "subscription__price__plan"
        return self.values(*COLUMNS, plan=F(f"{price}__code"), plan_name=F(f"{price}__name"))
