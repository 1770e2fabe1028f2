"""Lists of what a member has paid, the same for pages and API."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from billing.models import Invoice, Refund
from billing.querysets.invoices import LATEST_FIRST
from common.paging import PAGE_SIZE, Page, page_of

if TYPE_CHECKING:
    from accounts.models import User


def list_invoices(user: User, *, cursor: str = "", size: int = PAGE_SIZE) -> Page:
    """One page of somebody's invoices, each with its `refunds`. Two queries. Raises ValidationError on `cursor`."""
    page = page_of(Invoice.objects.filter(user=user).as_rows(), order=LATEST_FIRST, cursor=cursor, size=size)
    returned = refunds_of([row["id"] for row in page.rows])
    for row in page.rows:
        row["refunds"] = returned[row["id"]]
    return page


def refunds_of(invoices: list[int]) -> dict[int, list[dict[str, Any]]]:
    """By the key of the invoice, the oldest first."""
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for refund in Refund.objects.filter(invoice__in=invoices):
        found[refund.invoice_id].append({"kind": refund.kind, "amount": refund.amount, "at": refund.at})
    return found
