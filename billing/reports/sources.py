"""Where recurring amounts come from. Each source is a SELECT of changes: "from this moment on, so much a year".

Whose money it is says the subject: somebody who subscribes again later is the same customer, by whichever provider.
A new source is a further SELECT with the same columns:

kind, subject       whose it is: 1 a person, 2 a subscription whose person is erased, 3 an organisation; and its key
at                  when it changed
recorded_at         when we came to know it
provider            who takes the money
former_amount, former_currency, former_plan_id      what it was until then; the amount is 0 at the beginning
amount, currency, plan_id                           what it is from then on; the amount is 0 at the end

Amounts are what a year brings in, in the smallest unit of the currency: exact, whatever the interval. `%(as_of)s` is
the moment as of which a report is made: what was recorded later is not in it.
"""

from __future__ import annotations

from billing.models import Provider

CONTRACT = "contract"
# What sells a plan, with its name: the payment providers, and our own contracts.
PROVIDERS: dict[str, str] = {**dict(Provider.choices), CONTRACT: "contract"}

# A step is never dated before one that was recorded earlier: whichever news comes last tells how things stand.
# Who cancels in a trial has never paid, and keeps what they try until its end: that brings in nothing.
SUBSCRIPTIONS = """
SELECT
  kind, subject, at, recorded_at, provider,
  LAG(amount, 1, 0::bigint) OVER steps AS former_amount,
  LAG(currency) OVER steps AS former_currency,
  LAG(plan_id) OVER steps AS former_plan_id,
  amount, currency, plan_id
FROM (
  SELECT
    step.subscription_id,
    step.id,
    CASE WHEN subscription.user_id IS NULL THEN 2 ELSE 1 END AS kind,
    COALESCE(subscription.user_id, subscription.id) AS subject,
    MAX(step.at) OVER so_far AS at,
    step.recorded_at,
    subscription.provider,
    CASE
      WHEN step.to_state = 'cancelled'
        AND BOOL_OR(step.to_state = 'trialing') OVER so_far
        AND NOT BOOL_OR(step.to_state IN ('active', 'past_due')) OVER so_far
      THEN 0
      ELSE step.annual_amount
    END AS amount,
    price.currency,
    price.plan_id
  FROM billing_subscriptiontransition step
  JOIN billing_subscription subscription ON subscription.id = step.subscription_id
  JOIN billing_price price ON price.id = step.price_id
  WHERE step.recorded_at <= %(as_of)s
  WINDOW so_far AS (PARTITION BY step.subscription_id ORDER BY step.id)
) step
WINDOW steps AS (PARTITION BY subscription_id ORDER BY id)
"""

# When an end was brought forward is not recorded: each end is known when it comes.
CONTRACTS = f"""
SELECT
  3, contract.organisation_id, change.at, GREATEST(contract.made_at, change.known_at), '{CONTRACT}',
  change.former_amount, contract.currency, plan.id, change.amount, contract.currency, plan.id
FROM billing_contract contract
CROSS JOIN (SELECT id FROM billing_plan WHERE by_contract ORDER BY position, id LIMIT 1) plan
CROSS JOIN LATERAL (
  VALUES
    (contract.starts_at, contract.made_at, 0, contract.annual_amount),
    (contract.ends_at, contract.ends_at, contract.annual_amount, 0)
) change (at, known_at, former_amount, amount)
WHERE contract.made_at <= %(as_of)s
"""  # noqa: S608 - of constants

ALL_CHANGES = f"({SUBSCRIPTIONS}) UNION ALL ({CONTRACTS})"
