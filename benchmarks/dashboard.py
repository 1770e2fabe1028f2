"""What the figures of the dashboard take: against their own SQL alone, and against the same from single events.

`python benchmarks/dashboard.py` makes 1,000,000 events of 50,000 visits in 90 days, counts them, and measures each
report over 1, 30 and 90 days; `--ten` does so again with ten times as many in the same days, and compares. With
`--minute` only a minute's roll-up is measured, on a day of 100,000 events; `--visits NUMBER` makes fewer events. Two
minutes; with `--ten` half an hour.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from server import ROOT, production

from config.embedded import Place

DAYS, EVENTS_OF_VISIT, MEMBERS, PAGES = 90, 20, 2_000, 400
ROUNDS = 15
FIRST_PAGE = "/tutorials/tutorial-0/"
# Seconds: how often beat has the days counted, and after which all that came in is to be shown.
EVERY, FRESH = 30, 60
# Of a report's time, to its statements alone: times, and milliseconds beside.
MOST_TIMES, MOST_MORE, MOST_GROWTH = 3.0, 5.0, 1.2

SEGMENTS = """
INSERT INTO analytics_segment (tier, country, device)
SELECT tier, country, device FROM unnest(ARRAY['visitor', 'free', 'premium']) AS tier,
    unnest(ARRAY['', 'DE', 'US', 'FR', 'IN', 'BR', 'GB', 'NL', 'PL', 'ES']) AS country,
    unnest(ARRAY['desktop', 'phone', 'tablet']) AS device;
INSERT INTO analytics_audience (segment_id, browser, system)
SELECT id, browser, system FROM analytics_segment,
    unnest(ARRAY['Firefox', 'Chrome', 'Safari']) AS browser, unnest(ARRAY['Linux', 'Windows']) AS system;
"""
# Each fifth visit is a member's. A visit has twenty events, a minute or so apart; some pages are liked far more.
EVENTS = """
WITH visit AS MATERIALIZED (
    SELECT number, CASE WHEN number %% 5 = 0 THEN 1 + number / 5 %% %(members)s END AS member,
        %(start)s::timestamptz + number %% %(days)s * interval '1 day' + random() * interval '23 hours' AS at,
        1 + floor(random() * 540)::int AS audience,
        (ARRAY['', '', 'google.com', 'news.example', 'a.example', 'newsletter'])[1 + floor(random() * 6)::int] AS source
    FROM generate_series(1, %(visits)s) AS number
), event AS (
    SELECT visit.*, step, visit.at + step * interval '70 seconds' * random() AS moment,
        (ARRAY['page_view', 'page_view', 'page_left', 'page_view', 'page_left', 'page_view', 'page_left', 'feature',
            'page_view', 'tutorial_progress'])[1 + step %% 10] AS name,
        floor(%(pages)s * power(random(), 3))::int AS page
    FROM visit, generate_series(0, %(events)s - 1) AS step
), stamped AS (
    SELECT *, uuidv7(moment - clock_timestamp()) AS id FROM event
)
INSERT INTO analytics_useranalytics (id, at, user_id, visitor, audience_id, name, subject, source, properties)
SELECT id, uuid_extract_timestamp(id), member, -number, audience,
    CASE WHEN name = 'tutorial_progress' AND member IS NULL THEN 'page_view' ELSE name END,
    CASE name WHEN 'feature' THEN 'search' WHEN 'tutorial_progress' THEN 'tutorial-' || page %% 40
        ELSE '/tutorials/tutorial-' || page || '/' END,
    CASE WHEN step = 0 THEN source ELSE '' END,
    CASE name
        WHEN 'page_left' THEN jsonb_build_object('seconds', floor(random() * 90), 'lcp', floor(400 + random() * 3000))
        WHEN 'tutorial_progress'
            THEN jsonb_build_object('fraction', 0.5, 'before', 0.25, 'seconds', 60, 'block', 'b-' || page %% 7)
        ELSE '{}' END
FROM stamped ORDER BY id
"""
RAW = {
    "totals": "SELECT count(DISTINCT coalesce(user_id, visitor)), count(*) FILTER (WHERE name = 'page_view')"
    " FROM analytics_useranalytics WHERE id >= %s AND id < %s",
    "by day": "SELECT at::date, count(DISTINCT coalesce(user_id, visitor)), count(*) FILTER (WHERE name = 'page_view')"
    " FROM analytics_useranalytics WHERE id >= %s AND id < %s GROUP BY 1",
    "top pages": "SELECT subject, count(*), count(DISTINCT coalesce(user_id, visitor)) FROM analytics_useranalytics"
    " WHERE id >= %s AND id < %s AND name = 'page_view' GROUP BY 1 ORDER BY 2 DESC LIMIT 20",
}


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="how-to-ai-dashboard-") as folder:
        Path(folder).chmod(0o711)
        home = Path(folder) / "var"
        with Place(home).attached() as urls:
            os.environ.update(urls | production(home) | {"DJANGO_SETTINGS_MODULE": "config.settings"})
            subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, check=True)
            sys.path.insert(0, str(ROOT))
            import django

            django.setup()
            from common.database import patient

            with patient():
                measure()


def measure() -> None:
    today = date(2026, 11, 29)
    run(SEGMENTS)
    if "--minute" not in sys.argv:
        fill(today, visits=visits())
        first = reports_of(today)
        if "--ten" in sys.argv:
            fill(today, visits=450_000)
            growth(first, reports_of(today))
    a_minute(today + timedelta(days=1))


def visits() -> int:
    return int(sys.argv[sys.argv.index("--visits") + 1]) if "--visits" in sys.argv else 50_000


def run(sql: str, values: Any = None) -> list[tuple[Any, ...]]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


def fill(last: date, *, visits: int, days: int = DAYS) -> None:
    from django.db import connection, transaction

    from analytics.days import start_of
    from analytics.services.retention import MONTHS
    from analytics.services.rolling_up import rebuild

    first = last - timedelta(days=days - 1)
    with transaction.atomic(), connection.cursor() as cursor:
        for number in range(days + 1):
            MONTHS.ensure(cursor, first + timedelta(days=number))
    values = {"start": start_of(first), "days": days, "members": MEMBERS, "visits": visits}
    begun = time.perf_counter()
    run(EVENTS, values | {"events": EVENTS_OF_VISIT, "pages": PAGES})
    made = time.perf_counter()
    run("VACUUM ANALYZE analytics_useranalytics")
    vacuumed = time.perf_counter()
    list(rebuild(first, last, start_of(last) + timedelta(hours=23)))
    counted = time.perf_counter()
    run("VACUUM ANALYZE analytics_dailycount, analytics_hourlycount, analytics_memberday")
    ((events, rows),) = run("SELECT (SELECT count(*) FROM analytics_useranalytics), count(*) FROM analytics_dailycount")
    ((size,),) = run("SELECT pg_total_relation_size('analytics_dailycount') / 1048576")
    print(
        f"\n{events:,} events made in {made - begun:.0f} s; {days} days counted in {counted - vacuumed:.0f} s", end=" "
    )
    print(f"({rows:,} rows by day, {size:,} MiB)", flush=True)


def reports_of(last: date) -> dict[str, float]:
    """Milliseconds of each report over 90 days; prints a line of each and of each span."""
    times = {}
    print("\n| report | days | whole, ms | its SQL alone, ms | times | limit kept | from single events, ms | times |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for days in (1, 30, 90):
        for name, report in reports(last, days).items():
            whole, alone = against_its_sql(report)
            raw = from_events(name, last, days)
            kept = whole <= MOST_TIMES * alone + MOST_MORE
            row = f"| {name} | {days} | {whole:.2f} | {alone:.2f} | {whole / alone:.1f} | {kept} |"
            print(row, f"{raw:.0f} | {raw / whole:.0f} |" if raw else "| |", flush=True)
            if days == 90:
                times[name] = whole
    return times


def reports(last: date, days: int) -> dict[str, Callable[[], Any]]:
    from analytics import reports as ask
    from analytics.days import start_of
    from analytics.models.counts import Dimension
    from analytics.reports import View

    view = View(last - timedelta(days=days - 1), last)
    phones = View(view.first, last, device="phone", tier="visitor")
    found: dict[str, Callable[[], Any]] = {
        "totals": partial(ask.totals, view),
        "totals of visitors with phones": partial(ask.totals, phones),
        "by day": partial(ask.by_day, view),
        "top pages": partial(ask.top, view, Dimension.PAGE),
        "top pages, phones": partial(ask.top, phones, Dimension.PAGE),
        "top sources": partial(ask.top, view, Dimension.SOURCE),
        "members": partial(ask.members, view),
        "cohorts": partial(ask.cohorts, view, until=last),
        "conversion": partial(ask.conversion, view),
        "steps from a page": partial(ask.steps_from, view, FIRST_PAGE),
        "ways from and to a page": partial(ask.ways, view, event="page_view", subject=FIRST_PAGE, steps=4),
        "ways of visitors with phones": partial(ask.ways, phones, event="page_view", subject=FIRST_PAGE, steps=4),
        "tutorials": partial(ask.tutorials, view),
        "a tutorial": partial(ask.tutorial, view, "tutorial-0"),
        "vitals": partial(ask.vitals, view),
        "live": partial(ask.live, start_of(last) + timedelta(hours=20)),
    }
    if days <= 31:
        found["by hour"] = partial(ask.by_hour, view)
    return found


def against_its_sql(report: Callable[[], Any]) -> tuple[float, float]:
    """Milliseconds of a report, and of the same statements asked with psycopg alone: medians of turns."""
    from django.db import connection

    from common.database import own_connection

    asked: list[tuple[str, Any]] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        asked.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        report()
    whole, alone = [], []
    with own_connection() as beside:
        for _ in range(ROUNDS):
            whole.append(timed(report))
            alone.append(timed(lambda: [beside.execute(sql, params).fetchall() for sql, params in asked]))
    return statistics.median(whole), statistics.median(alone)


def from_events(name: str, last: date, days: int) -> float | None:
    from analytics.days import start_of
    from common.identities import first_id

    if name not in RAW:
        return None
    ends = [first_id(start_of(last - timedelta(days=days - 1))), first_id(start_of(last + timedelta(days=1)))]
    return statistics.median(timed(lambda: run(RAW[name], ends)) for _ in range(3))


def timed(deed: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    deed()
    return (time.perf_counter() - begun) * 1000


def growth(before: dict[str, float], after: dict[str, float]) -> None:
    print("\n| report, 90 days | 10,000,000 against 1,000,000 events | limit kept |")
    print("| --- | --- | --- |")
    for name, whole in before.items():
        times = after[name] / whole
        print(f"| {name} | {times:.2f} | {times <= MOST_GROWTH} |")


def a_minute(day: date) -> None:
    """On a day of 100,000 events, of which some came in just now."""
    from analytics.days import start_of
    from analytics.models import DirtyHour
    from analytics.services.rolling_up import roll_up

    fill(day, visits=100_000 // EVENTS_OF_VISIT, days=1)
    now = start_of(day) + timedelta(hours=22)
    times = []
    for number in range(5):
        DirtyHour.objects.create(hour=now - timedelta(hours=number))
        times.append(timed(partial(roll_up, now)))
    print(f"\na minute's roll-up on a day of 100,000 events: {statistics.median(times) / 1000:.2f} s", end=" ")
    print(f"({', '.join(f'{each / 1000:.2f}' for each in times)}); begun each {EVERY} s,", end=" ")
    print(f"it shows what came in within {EVERY + statistics.median(times) / 1000:.0f} s (limit {FRESH})")


if __name__ == "__main__":
    main()
