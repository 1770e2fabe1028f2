"""What changed in the recurring amounts: summed by month, currency, plan and provider, in one statement."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from django.db import connection

from billing.reports.sources import ALL_CHANGES


class Segment(NamedTuple):
    """What was bought and through whom: the code of a plan, and a provider or `sources.CONTRACT`."""

    plan: str
    provider: str


class MonthlyChange(NamedTuple):
    """All that changed in a month in one segment. Amounts are a year's, in the smallest unit, below nothing if lost.

    `moved` came from, or went to, other segments. The numbers of customers are of those who came to, or left, the
    segment with such a change. `late` is what of the amounts was not known yet when the month closed, by that many
    customers' steps.
    """

    month: date
    currency: str
    plan: str
    provider: str
    new: int
    reactivation: int
    expansion: int
    contraction: int
    churn: int
    moved: int
    customers_new: int
    customers_returned: int
    customers_left: int
    customers_moved: int
    late: int
    late_steps: int


# legs     what each customer's amount changed by at one moment, by segment: what only passed through at it is no change
# changes  the same with what the customer's whole amount was and became. Where one segment lost what another won at the
#          same moment, that much was moved; only the rest, all of one sign, is won or lost
CHANGES = f"""
WITH legs AS (
  SELECT
    kind, subject, leg.currency, at, leg.plan_id, provider,
    SUM(leg.amount)::bigint AS amount, MAX(recorded_at) AS recorded_at
  FROM ({ALL_CHANGES}) step
  CROSS JOIN LATERAL (
    VALUES (step.currency, step.plan_id, step.amount), (former_currency, former_plan_id, -former_amount)
  ) leg (currency, plan_id, amount)
  WHERE at <= %(as_of)s AND leg.amount <> 0
    AND (step.amount, step.currency, step.plan_id) IS DISTINCT FROM (former_amount, former_currency, former_plan_id)
  GROUP BY kind, subject, leg.currency, at, leg.plan_id, provider
  HAVING SUM(leg.amount) <> 0
),
changes AS (
  SELECT
    *,
    SUM(amount) OVER history AS total,
    RANK() OVER history = 1 AS is_first,
    SUM(amount) OVER moment AS change,
    LEAST(SUM(GREATEST(amount, 0)) OVER moment, SUM(GREATEST(-amount, 0)) OVER moment) AS exchanged,
    SUM(ABS(amount)) OVER same_way - ABS(amount) AS before_it,
    SUM(amount) OVER segment AS total_there
  FROM legs
  WINDOW
    history AS (PARTITION BY kind, subject, currency ORDER BY at),
    moment AS (PARTITION BY kind, subject, currency, at),
    same_way AS (PARTITION BY kind, subject, currency, at, SIGN(amount) ORDER BY plan_id, provider),
    segment AS (PARTITION BY kind, subject, currency, plan_id, provider ORDER BY at)
),
named AS (
  SELECT
    *,
    CASE
      WHEN total = change THEN CASE WHEN is_first THEN 'new' ELSE 'reactivation' END
      WHEN total = 0 THEN 'churn'
      WHEN change > 0 THEN 'expansion'
      WHEN change < 0 THEN 'contraction'
      ELSE 'moved'
    END AS movement,
    SIGN(amount) * GREATEST(0, LEAST(ABS(amount), exchanged - before_it)) AS moved,
    CASE WHEN total_there = amount THEN 1 WHEN total_there = 0 THEN -1 ELSE 0 END AS customers,
    DATE_TRUNC('month', at AT TIME ZONE 'UTC') AS month,
    recorded_at AT TIME ZONE 'UTC' >= DATE_TRUNC('month', at AT TIME ZONE 'UTC') + INTERVAL '1 month' AS is_late
  FROM changes
),
months AS (
  SELECT
    month::date AS month, currency, plan_id, provider,
    COALESCE(SUM(amount - moved) FILTER (WHERE movement = 'new'), 0)::bigint AS new,
    COALESCE(SUM(amount - moved) FILTER (WHERE movement = 'reactivation'), 0)::bigint AS reactivation,
    COALESCE(SUM(amount - moved) FILTER (WHERE movement = 'expansion'), 0)::bigint AS expansion,
    COALESCE(SUM(amount - moved) FILTER (WHERE movement = 'contraction'), 0)::bigint AS contraction,
    COALESCE(SUM(amount - moved) FILTER (WHERE movement = 'churn'), 0)::bigint AS churn,
    SUM(moved)::bigint AS moved,
    COALESCE(SUM(customers) FILTER (WHERE movement = 'new'), 0) AS customers_new,
    COALESCE(SUM(customers) FILTER (WHERE movement = 'reactivation'), 0) AS customers_returned,
    COALESCE(SUM(customers) FILTER (WHERE movement = 'churn'), 0) AS customers_left,
    COALESCE(SUM(customers) FILTER (WHERE movement IN ('expansion', 'contraction', 'moved')), 0) AS customers_moved,
    COALESCE(SUM(amount) FILTER (WHERE is_late), 0)::bigint AS late,
    COUNT(*) FILTER (WHERE is_late) AS late_steps
  FROM named
  GROUP BY month, currency, plan_id, provider
)
SELECT
  month, currency, plan.code, provider, new, reactivation, expansion, contraction, churn, moved,
  customers_new, customers_returned, customers_left, customers_moved, late, late_steps
FROM months
JOIN billing_plan plan ON plan.id = plan_id
ORDER BY month, currency, plan.code, provider
"""  # noqa: S608 - of constants


def monthly_changes(as_of: datetime) -> list[MonthlyChange]:
    """Everything since the beginning that had happened, and was known, by then. One query, however much there is."""
    with connection.cursor() as cursor:
        cursor.execute(CHANGES, {"as_of": as_of})
        return [MonthlyChange._make(row) for row in cursor.fetchall()]
