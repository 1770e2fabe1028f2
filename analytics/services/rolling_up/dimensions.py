"""What is counted of a day, and by what: each dimension as SQL over the tables of `events`, beside this."""

from __future__ import annotations

from dataclasses import dataclass

from analytics.buckets import bucket_sql
from analytics.events import Name
from analytics.matching import matches_sql
from analytics.models.counts import ANONYMOUS, EVERYBODY, Dimension
from analytics.services.rolling_up.events import number, word

VIEW, LEFT, PROGRESS = Name.PAGE_VIEW.value, Name.PAGE_LEFT.value, Name.TUTORIAL_PROGRESS.value
FRACTION, BEFORE = f"coalesce({number('fraction')}, 0)", f"coalesce({number('before')}, 0)"
STARTED = "properties->'started' = 'true'::jsonb"
# Tenths of the text begin with that sign.
BLOCK = f"ltrim({word('block')}, '#')"
FINISHED = f"({FRACTION} >= 1 AND {BEFORE} < 1)"
MOST_AMOUNT = 10**12
# Of a day.
MOST_STEPS, MOST_PAGES_TIMED = 2_000, 100


@dataclass(frozen=True)
class Counted:
    """Keys of a dimension, and its measures, each as SQL of one row of `table`.

    `who` counts among the visitors if it is not NULL, and `visit` among the visits; each once. The others add up.
    """

    dimension: Dimension
    key: str
    table: str = "day_event"
    condition: str = "TRUE"
    events: str = "1"
    who: str = "who"
    visit: str = "visit"
    bounces: str = "0"
    seconds: str = "0"
    amount: str = "0"
    is_hourly: bool = False
    # A row for each page, hour and part would be as many as there are events.
    hours_of_everybody: bool = False
    # Of keys that may be as many as there are events, only everybody's are kept,
    of_everybody: bool = False
    # and of a day only those of which there was most.
    most: int | None = None


def part(column: str) -> str:
    """What makes up a key with others: a bar stands between them."""
    return f"replace({column}, '|', '%7C')"


def named(name: str) -> str:
    return f"name = '{name}'"


def of_visits(dimension: Dimension, key: str, condition: str = "TRUE", *, is_hourly: bool = False) -> Counted:
    return Counted(
        dimension, key, "day_visit", condition, events="views", bounces="bounced::int", seconds="seconds",
        is_hourly=is_hourly,
    )  # fmt: skip


def of_site(key: str, condition: str, *, is_hourly: bool = False) -> Counted:
    """Visits and bounces count where they begin; `amount` is how many events of all kinds there were."""
    return Counted(
        Dimension.SITE,
        key,
        condition=f"is_there AND {condition}",
        events=f"({named(VIEW)})::int",
        visit="CASE WHEN begins THEN visit END",
        bounces="(begins AND bounced)::int",
        seconds="seconds",
        amount="1",
        is_hourly=is_hourly,
    )


def of_vital(key: str, condition: str = "TRUE", *, of_everybody: bool = False) -> Counted:
    """Nobody is counted, only views."""
    told = """(
        SELECT vital, subject, value, segment, hour, NULL::bigint AS who, NULL::int AS visit
        FROM day_event CROSS JOIN LATERAL (VALUES ('lcp', {lcp}), ('inp', {inp}), ('cls', {cls})) AS told (vital, value)
        WHERE name = '{left}' AND value >= 0
    ) AS told"""
    table = told.format(left=LEFT, **{vital: number(vital) for vital in ("lcp", "inp", "cls")})
    return Counted(Dimension.VITAL, key, table, condition, of_everybody=of_everybody)


WITH_VISIT = "(SELECT day_event.*, coalesce(day_visit.source, '') AS visit_source, day_visit.entry FROM day_event"
WITH_VISIT += " LEFT JOIN day_visit USING (visit)) AS visited"
IS_GOAL = matches_sql("goal.event", "goal.subject", name="visited.name", about="visited.subject")
REACHED = f"""(
    SELECT goal.id AS goal, visited.*, page.subject AS page FROM {WITH_VISIT}
    JOIN analytics_goal AS goal ON {IS_GOAL}
    LEFT JOIN day_page AS page ON (page.who, page.visit) = (visited.who, visited.visit)
        AND page.pages = visited.pages - (visited.name = '{VIEW}')::int
) AS reached"""
STEPS = """(
    SELECT former.subject AS former, day_page.* FROM day_page
    JOIN day_page AS former ON (former.who, former.visit) = (day_page.who, day_page.visit)
        AND former.pages = day_page.pages - 1
    WHERE former.subject <> day_page.subject
) AS step"""
TIMED = f"""(
    SELECT subject FROM day_event WHERE name = '{LEFT}' AND subject <> ''
    GROUP BY subject ORDER BY count(*) DESC, subject
    LIMIT {MOST_PAGES_TIMED}
)"""
# A page is told of each time it is hidden, and each time as far as it was seen by then.
SEEN = f"""(
    SELECT who, visit, segment, hour, subject, least(depth, 1) AS depth FROM (
        SELECT who, visit, segment, subject, pages, min(hour) AS hour, max({number("scroll")}) AS depth
        FROM day_event WHERE name = '{LEFT}' AND subject <> '' GROUP BY who, visit, segment, subject, pages
    ) AS viewed WHERE depth >= 0
) AS seen"""
TENTHS = "(SELECT * FROM day_event CROSS JOIN generate_series(1, 10) AS tenth) AS reached"

COUNTED = (
    of_site("''", "TRUE", is_hourly=True),
    of_site(f"'{ANONYMOUS}'", "who < 0"),
    Counted(
        Dimension.PAGE,
        "subject",
        condition=f"name IN ('{VIEW}', '{LEFT}')",
        events=f"({named(VIEW)})::int",
        who=f"CASE WHEN {named(VIEW)} THEN who END",
        visit=f"CASE WHEN {named(VIEW)} THEN visit END",
        bounces=f"({named(VIEW)} AND bounced)::int",
        seconds="seconds",
        is_hourly=True,
        hours_of_everybody=True,
    ),
    of_visits(Dimension.ENTRY, "entry", "entry IS NOT NULL"),
    of_visits(Dimension.EXIT, "exit", "exit IS NOT NULL"),
    Counted(Dimension.STEP, f"{part('former')} || '|' || {part('subject')}", STEPS, of_everybody=True, most=MOST_STEPS),
    of_visits(Dimension.SOURCE, "source", is_hourly=True),
    of_visits(Dimension.MEDIUM, "medium", "medium <> ''"),
    of_visits(Dimension.CAMPAIGN, "campaign", "campaign <> ''"),
    of_visits(Dimension.COUNTRY, "country"),
    of_visits(Dimension.DEVICE, "device"),
    of_visits(Dimension.BROWSER, "browser"),
    of_visits(Dimension.SYSTEM, "system"),
    of_visits(Dimension.TIER, "tier"),
    Counted(Dimension.EVENT, "name", condition=f"name <> '{Name.KEPT_OUT}'", seconds="seconds", is_hourly=True),
    Counted(Dimension.FEATURE, "subject", condition=named(Name.FEATURE)),
    Counted(
        Dimension.TUTORIAL_STARTED,
        part("subject"),
        condition=f"{named(PROGRESS)} AND {STARTED}",
    ),
    Counted(Dimension.TUTORIAL_FINISHED, part("subject"), condition=f"{named(PROGRESS)} AND {FINISHED}"),
    Counted(
        Dimension.TUTORIAL_BLOCK,
        f"{part('subject')} || '|' || {part(BLOCK)}",
        condition=f"{named(PROGRESS)} AND {FRACTION} > {BEFORE}",
    ),
    Counted(
        Dimension.TUTORIAL_BLOCK,
        f"{part('subject')} || '|#' || tenth * 10",
        TENTHS,
        f"{named(PROGRESS)} AND {BEFORE} < tenth / 10.0 AND {FRACTION} >= tenth / 10.0",
    ),
    Counted(
        Dimension.TUTORIAL_TIME,
        part("subject"),
        condition=named(PROGRESS),
        seconds=f"least(greatest(coalesce({number('seconds')}, 0), 0), 86400)::int",
    ),
    Counted(
        Dimension.TUTORIAL_TIME,
        f"{part('subject')} || '|' || {bucket_sql(number('total'))}",
        condition=f"{named(PROGRESS)} AND {FINISHED} AND {number('total')} >= 0",
    ),
    Counted(
        Dimension.ENGAGEMENT, f"{part('subject')} || '|' || {part(word('category'))}", condition=named(Name.ENGAGEMENT)
    ),
    Counted(
        Dimension.SUBSCRIPTION,
        f"{part('subject')} || '|' || {part(word('plan'))}",
        condition=named(Name.SUBSCRIPTION),
        amount=f"least(greatest(coalesce({number('amount')}, 0), -{MOST_AMOUNT}), {MOST_AMOUNT})::bigint",
    ),
    Counted(Dimension.SIGN_UP, "visit_source", WITH_VISIT, named(Name.SIGN_UP)),
    Counted(Dimension.GOAL, f"goal || '|' || {part('visit_source')}", REACHED),
    Counted(Dimension.GOAL_PAGE, f"goal || '|before|' || {part('page')}", REACHED, "page IS NOT NULL"),
    Counted(Dimension.GOAL_PAGE, f"goal || '|entry|' || {part('entry')}", REACHED, "entry IS NOT NULL"),
    of_vital(f"vital || '||' || {bucket_sql('value')}"),
    of_vital(
        f"vital || '|' || {part('subject')} || '|' || {bucket_sql('value')}",
        f"subject IN {TIMED}",
        of_everybody=True,
    ),
    Counted(Dimension.SCROLL, "subject", SEEN, amount="round(depth * 100)::bigint"),
    Counted(
        Dimension.KEPT_OUT,
        "subject",
        condition=named(Name.KEPT_OUT),
        events=f"least(greatest(coalesce({number('count')}, 1), 0), {MOST_AMOUNT})::bigint",
    ),
)

SQL = ("key", "table", "condition", "events", "who", "visit", "bounces", "seconds", "amount")
# Three levels, each by numbers alone: twice as quick as counting distinct people of each key.
COUNT = """
INSERT INTO {into} (dimension, segment, {span}key, events, visitors, visits, bounces, seconds, amount)
WITH by_visit AS (
    SELECT {span}{key} AS key, segment, {who} AS who, {visit} AS visit, sum({events}) AS events,
        sum({bounces}) AS bounces, sum({seconds}) AS seconds, sum({amount}) AS amount
    FROM {table} WHERE {condition} GROUP BY {span_places}{key_place}, segment, {who_places}
), by_who AS (
    SELECT {span}key, segment, who, sum(events) AS events, count(visit) AS visits, sum(bounces) AS bounces,
        sum(seconds) AS seconds, sum(amount) AS amount
    FROM by_visit GROUP BY {span}key, segment, who
)
SELECT '{dimension}', {segment}, {span}key, sum(events), count(who), sum(visits), sum(bounces),
    sum(seconds), sum(amount)
FROM by_who GROUP BY {parts} {most}
"""
PARTS = "GROUPING SETS (({span}key, segment), ({span}key))"
ALONE = "{span}key"
MOST = "ORDER BY sum(events) DESC, key LIMIT {most}"


def statement(counted: Counted, *, into: str, by_hour: bool = False) -> str:
    """Into a table of counts, with its `hour` if it is of those. Everybody's, and mostly each segment's."""
    first, span = (2, "hour, ") if by_hour else (1, "")
    has_parts = not (counted.of_everybody or (by_hour and counted.hours_of_everybody))
    return COUNT.format(
        into=into,
        span=span,
        span_places=span,
        segment=f"coalesce(segment, {EVERYBODY})" if has_parts else EVERYBODY,
        parts=(PARTS if has_parts else ALONE).format(span=span),
        most="" if counted.most is None else MOST.format(most=counted.most),
        key_place=first,
        who_places=f"{first + 2}, {first + 3}",
        dimension=counted.dimension.value,
        **{name: getattr(counted, name) for name in SQL},
    )
