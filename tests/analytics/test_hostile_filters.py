"""Whatever is asked of a report stays a value: it never becomes a part of the statement that is put together there.

Below the doors, which would refuse most of it: ruff does not look at these files (S608), so this does.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from analytics import reports
from analytics.models import AlertRule, Funnel, SavedMetric
from analytics.models.counts import Dimension
from analytics.reports import View, metrics

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MARK = "hostile"
# Each breaks out of another kind of quoting, and each holds the mark.
HOSTILE = [
    f"' OR '1'='1 {MARK}",
    f"'; SELECT pg_sleep(9) -- {MARK}",
    f"{MARK}') UNION TABLE pg_user --",
    f'" {MARK} $$ \\',
    f"%s %(tier)s %% {MARK}",
    f"{{0}} {{sums}} {MARK}",
]
FILTERS = [field.name for field in fields(View) if field.type == "str"]


def funnel() -> Funnel:
    steps = [{"event": "page_view", "subject": "/"}, {"event": "sign_up"}]
    return Funnel.objects.get_or_create(name="Way", defaults={"steps": steps})[0]


def of_dimensions(ask: Callable[..., Any]) -> None:
    for dimension in Dimension:
        ask(dimension)


# Each report: what of it takes a text. Those that take none but the filters of the view are asked for these only.
REPORTS: dict[str, Callable[[View, str], Any]] = {
    "by_day": lambda view, text: of_dimensions(lambda dimension: reports.by_day(view, dimension, text)),
    "by_hour": lambda view, text: reports.by_hour(view, Dimension.SITE, text),
    "cohorts": lambda view, _: [reports.cohorts(view, until=DAY, signed_up=also) for also in (True, False)],
    "conversion": lambda view, _: reports.conversion(view),
    "counts_of": lambda view, text: of_dimensions(lambda dimension: reports.counts_of(view, dimension, [text])),
    "engagement": lambda view, _: reports.engagement(view),
    "funnel": lambda view, _: reports.funnel(view, funnel()),
    "goals": lambda view, _: reports.goals(view),
    "kept_out": lambda view, _: reports.kept_out(view),
    "live": lambda _, __: reports.live(NOW),
    "members": lambda view, _: reports.members(view),
    "steps_from": reports.steps_from,
    "steps_to": reports.steps_to,
    "subscriptions": lambda view, _: reports.subscriptions(view),
    "top": lambda view, text: of_dimensions(lambda dimension: reports.top(view, dimension, search=text)),
    "totals": lambda view, _: reports.totals(view),
    "tutorial": reports.tutorial,
    "tutorials": lambda view, _: reports.tutorials(view),
    "vitals": lambda view, _: reports.vitals(view),
    "ways": lambda view, text: reports.ways(view, event=text, subject=text, steps=4),
}


def statements_of(ask: Callable[[], Any]) -> list[tuple[str, str]]:
    """What was given to the database: each statement, and its values as text."""
    given: list[tuple[str, str]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        given.append((str(sql), repr(params)))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        ask()
    return given


def test_every_report_is_asked() -> None:
    functions = {name for name in reports.__all__ if inspect.isfunction(getattr(reports, name))}
    assert set(REPORTS) == functions
    assert FILTERS == ["tier", "country", "device", "topic"]


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("text", HOSTILE)
def test_no_report_takes_a_filter_into_its_statement(name: str, text: str) -> None:
    for filtered in FILTERS:
        view = View(DAY, DAY, **{filtered: text})
        given = statements_of(lambda view=view: REPORTS[name](view, text))  # type: ignore[misc]
        assert given
        assert [sql for sql, _ in given if MARK in sql] == []


def test_what_is_asked_does_come_to_the_statements_as_a_value() -> None:
    """Or the test above would hold for reports that leave their filters out."""
    text = HOSTILE[0]
    # What happens now, and what was not counted, is of everybody.
    assert {name for name, ask in REPORTS.items() if not reaches(ask, text)} == {"kept_out", "live"}


def reaches(ask: Callable[[View, str], Any], text: str) -> bool:
    return any(MARK in values for _, values in statements_of(lambda: ask(View(DAY, DAY, tier=text), text)))


@pytest.mark.parametrize("text", HOSTILE)
def test_an_order_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        reports.top(View(DAY, DAY), Dimension.PAGE, order=text)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_saved_metric_is_values_only(text: str) -> None:
    for filtered in ("tier", "country", "device", "key"):
        metric = SavedMetric(name="x", measure="visits", dimension=Dimension.PAGE, **{filtered: text})
        for period in AlertRule.Period.values:
            given = statements_of(lambda metric=metric, period=period: metrics.figures_of(metric, period, NOW))  # type: ignore[misc]
            assert any(MARK in values for _, values in given)
            assert [sql for sql, _ in given if MARK in sql] == []


def test_a_statement_that_takes_a_filter_in_would_be_found() -> None:
    def ask() -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT '{MARK}'")

    assert [sql for sql, _ in statements_of(ask) if MARK in sql] != []
