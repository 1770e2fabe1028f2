"""What became of failed payments."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from django.db import connection


class MonthOfRecovery(NamedTuple):
    """Times of missing payments that ended in a month, by currency, plan and provider; `month` is None while they last.

    The amounts are a year's, of what was at stake, in the smallest unit.
    """

    month: date | None
    currency: str
    plan: str
    provider: str
    recovered: int
    lost: int
    lasting: int
    saved_annual: int
    lost_annual: int
    lasting_annual: int


# Cancelling does not pay what is owed, so those steps are passed over: it ends well if the subscription is active (or
# in trial) again, and badly if it ends or is paused.
EPISODES = """
WITH steps AS (
  SELECT
    subscription_id, to_state, price_id, annual_amount,
    LEAD(to_state) OVER subscription AS next_state,
    MAX(at) OVER (subscription ROWS BETWEEN UNBOUNDED PRECEDING AND 1 FOLLOWING) AS next_at
  FROM billing_subscriptiontransition
  WHERE recorded_at <= %(as_of)s AND at <= %(as_of)s AND to_state <> 'cancelled'
  WINDOW subscription AS (PARTITION BY subscription_id ORDER BY id)
),
episodes AS (
  SELECT
    *,
    CASE
      WHEN next_state IN ('active', 'trialing') THEN 'recovered'
      WHEN next_state IS NULL THEN 'lasting'
      ELSE 'lost'
    END AS outcome
  FROM steps
  WHERE to_state = 'past_due' AND next_state IS DISTINCT FROM 'past_due'
)
SELECT
  CASE WHEN outcome <> 'lasting' THEN DATE_TRUNC('month', next_at AT TIME ZONE 'UTC')::date END,
  price.currency, plan.code, subscription.provider,
  COUNT(*) FILTER (WHERE outcome = 'recovered'),
  COUNT(*) FILTER (WHERE outcome = 'lost'),
  COUNT(*) FILTER (WHERE outcome = 'lasting'),
  COALESCE(SUM(annual_amount) FILTER (WHERE outcome = 'recovered'), 0)::bigint,
  COALESCE(SUM(annual_amount) FILTER (WHERE outcome = 'lost'), 0)::bigint,
  COALESCE(SUM(annual_amount) FILTER (WHERE outcome = 'lasting'), 0)::bigint
FROM episodes
JOIN billing_subscription subscription ON subscription.id = episodes.subscription_id
JOIN billing_price price ON price.id = episodes.price_id
JOIN billing_plan plan ON plan.id = price.plan_id
GROUP BY 1, 2, 3, 4
"""


def recovery(as_of: datetime) -> list[MonthOfRecovery]:
    """All that had begun by then. One query."""
    with connection.cursor() as cursor:
        cursor.execute(EPISODES, {"as_of": as_of})
        return [MonthOfRecovery._make(row) for row in cursor.fetchall()]
