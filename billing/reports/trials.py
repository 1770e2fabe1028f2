"""How many of those who tried have become paying."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from django.db import connection


class MonthOfTrials(NamedTuple):
    """Trials of one currency, plan and provider that ended in a month; `paying`: those that were paid for since."""

    month: date
    currency: str
    plan: str
    provider: str
    ended: int
    paying: int


# A trial ends when the subscription becomes active, misses its payment, or ends. Who cancels in a trial keeps it until
# its end. To be paying takes money: a first invoice over nothing, or one that fails, is no conversion.
TRIALS = """
WITH steps AS (
  SELECT
    id, subscription_id, to_state, price_id, MAX(at) OVER so_far AS at,
    BOOL_OR(to_state = 'trialing') OVER so_far AS has_tried,
    COUNT(*) FILTER (WHERE to_state IN ('active', 'past_due', 'ended')) OVER so_far AS settled
  FROM billing_subscriptiontransition
  WHERE recorded_at <= %(as_of)s
  WINDOW so_far AS (PARTITION BY subscription_id ORDER BY id)
),
trials AS (
  SELECT DISTINCT ON (subscription_id) subscription_id, price_id, at
  FROM steps
  WHERE has_tried AND settled = 1 AND to_state IN ('active', 'past_due', 'ended') AND at <= %(as_of)s
  ORDER BY subscription_id, id
)
SELECT
  DATE_TRUNC('month', trials.at AT TIME ZONE 'UTC')::date, price.currency, plan.code, subscription.provider,
  COUNT(*), COUNT(paid.subscription_id)
FROM trials
JOIN billing_subscription subscription ON subscription.id = trials.subscription_id
JOIN billing_price price ON price.id = trials.price_id
JOIN billing_plan plan ON plan.id = price.plan_id
LEFT JOIN (
  SELECT DISTINCT subscription_id FROM billing_invoice WHERE amount_paid > 0 AND paid_at <= %(as_of)s
) paid ON paid.subscription_id = trials.subscription_id
GROUP BY 1, 2, 3, 4
"""


def trials(as_of: datetime) -> list[MonthOfTrials]:
    """All that had ended by then. One query."""
    with connection.cursor() as cursor:
        cursor.execute(TRIALS, {"as_of": as_of})
        return [MonthOfTrials._make(row) for row in cursor.fetchall()]
