"""How many came how far in a funnel: of those who began on a day, within as many days as it allows.

Within one day anybody is followed; over more days members only, by the events that carry their name.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from analytics.days import DAY, start_of, zone
from analytics.matching import matches_sql
from analytics.models import Funnel
from analytics.models.counts import EVERYBODY, Dimension
from common.identities import first_id

WITHIN_A_DAY = """
WITH {steps}
INSERT INTO funnel_count (day, dimension, segment, key, visitors)
SELECT %s, '{dimension}', coalesce(segment, {everybody}), key, count(*)
FROM ({reached}) AS reached JOIN day_who USING (who)
GROUP BY GROUPING SETS ((key, segment), (key))
"""

# The first hit of a step is the best to go on from: whatever follows a later one follows it too.
OVER_DAYS = """
WITH hit AS MATERIALIZED (
    SELECT user_id AS who, at, (at AT TIME ZONE %s)::date AS day, name, subject, row_number() OVER (ORDER BY id) AS n
    FROM analytics_useranalytics
    WHERE id >= %s AND id < %s AND user_id IS NOT NULL AND ({any_step})
), {steps}
INSERT INTO funnel_count (day, dimension, segment, key, visitors)
SELECT reached.day, '{dimension}', coalesce(segment, {everybody}), key, count(*)
FROM ({reached}) AS reached
JOIN analytics_memberday AS member ON (member.user_id, member.day) = (reached.who, reached.day)
GROUP BY GROUPING SETS ((reached.day, key, segment), (reached.day, key))
"""


def step_matches(step: dict[str, str], values: list[Any], table: str) -> str:
    """A condition on the rows of a table, whose parameters are added to `values`."""
    event, subject = step["event"], step.get("subject", "")
    values += [event, subject, subject, subject, subject]
    return matches_sql("%s::text", "%s::text", name=f"{table}.name", about=f"{table}.subject")


def count_within_a_day(cursor: Any, funnel: Funnel, day: date) -> None:
    """Into funnel_count, of the events in day_event."""
    values: list[Any] = []
    first = step_matches(funnel.steps[0], values, "day_event")
    steps = [f"step_1 AS (SELECT who, min(n) AS n FROM day_event WHERE who IS NOT NULL AND {first} GROUP BY who)"]
    for number, step in enumerate(funnel.steps[1:], 2):
        steps.append(
            f"step_{number} AS (SELECT who, min(day_event.n) AS n FROM step_{number - 1} AS former"
            f" JOIN day_event USING (who) WHERE day_event.n > former.n AND"
            f" {step_matches(step, values, 'day_event')} GROUP BY who)"
        )
    reached = " UNION ALL ".join(
        f"SELECT who, '{funnel.pk}|{number}' AS key FROM step_{number}" for number in range(1, len(steps) + 1)
    )
    sql = WITHIN_A_DAY.format(
        steps=", ".join(steps), reached=reached, dimension=Dimension.FUNNEL.value, everybody=EVERYBODY
    )
    cursor.execute(sql, [*values, day])


def count_over_days(cursor: Any, funnel: Funnel, days: Sequence[date]) -> None:
    """Into funnel_count, for each of these days, which follow each other, on which somebody may have begun."""
    last_of_all = days[-1] + (funnel.days - 1) * DAY
    values = [zone().key, first_id(start_of(days[0])), first_id(start_of(last_of_all + DAY))]
    any_step = " OR ".join(step_matches(step, values, "analytics_useranalytics") for step in funnel.steps)
    steps = ["step_1 AS (SELECT who, day, min(n) AS n FROM hit WHERE day >= %s AND day <= %s AND"]
    values += [days[0], days[-1]]
    steps[0] += f" {step_matches(funnel.steps[0], values, 'hit')} GROUP BY who, day)"
    for number, step in enumerate(funnel.steps[1:], 2):
        values.append(funnel.days)
        steps.append(
            f"step_{number} AS (SELECT former.who, former.day, min(hit.n) AS n FROM step_{number - 1} AS former"
            f" JOIN hit ON hit.who = former.who AND hit.n > former.n AND hit.day < former.day + %s"
            f" WHERE {step_matches(step, values, 'hit')} GROUP BY former.who, former.day)"
        )
    reached = " UNION ALL ".join(
        f"SELECT who, day, '{funnel.pk}|{number}' AS key FROM step_{number}" for number in range(1, len(steps) + 1)
    )
    sql = OVER_DAYS.format(
        any_step=any_step,
        steps=", ".join(steps),
        reached=reached,
        dimension=Dimension.FUNNEL.value,
        everybody=EVERYBODY,
    )
    cursor.execute(sql, values)
