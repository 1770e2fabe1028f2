"""Money that came in and went back, when it did: the view of the cash box."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from django.db import connection


class MonthOfPayments(NamedTuple):
    """Of one currency, plan and provider; amounts in the smallest unit, with tax, none below nothing.

    `refunded` is what we gave back, `disputed` what banks took back; `credited` was taken off invoices and is no money.
    """

    month: date
    currency: str
    plan: str
    provider: str
    payments: int
    collected: int
    tax: int
    refunded: int
    disputed: int
    credited: int


# Where an invoice was paid in part, that part of its tax was.
PAYMENTS = """
WITH booked AS (
  SELECT
    id AS invoice_id, paid_at AS at, 1 AS payments, amount_paid AS collected,
    CASE WHEN total > 0 THEN ROUND(tax::numeric * LEAST(amount_paid, total) / total) ELSE 0 END AS tax,
    0 AS refunded, 0 AS disputed, 0 AS credited
  FROM billing_invoice
  WHERE paid_at <= %(as_of)s AND amount_paid > 0
  UNION ALL
  SELECT
    invoice_id, at, 0, 0, 0,
    CASE WHEN kind = 'refund' THEN amount ELSE 0 END,
    CASE WHEN kind = 'dispute' THEN amount ELSE 0 END,
    CASE WHEN kind = 'credit_note' THEN amount ELSE 0 END
  FROM billing_refund
  WHERE at <= %(as_of)s
)
SELECT
  DATE_TRUNC('month', booked.at AT TIME ZONE 'UTC')::date, invoice.currency, plan.code, invoice.provider,
  SUM(payments), SUM(collected)::bigint, SUM(booked.tax)::bigint,
  SUM(refunded)::bigint, SUM(disputed)::bigint, SUM(credited)::bigint
FROM booked
JOIN billing_invoice invoice ON invoice.id = booked.invoice_id
JOIN billing_subscription subscription ON subscription.id = invoice.subscription_id
JOIN billing_price price ON price.id = subscription.price_id
JOIN billing_plan plan ON plan.id = price.plan_id
GROUP BY 1, 2, 3, 4
"""


def payments(as_of: datetime) -> list[MonthOfPayments]:
    """All by then, as it stands now. One query."""
    with connection.cursor() as cursor:
        cursor.execute(PAYMENTS, {"as_of": as_of})
        return [MonthOfPayments._make(row) for row in cursor.fetchall()]
