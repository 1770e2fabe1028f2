"""The table of events takes each id once, whatever its month."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from django.db import connection

from common.identities import first_id, new_id, time_of_id
from common.partitions import by_month

MONTHS = by_month("analytics_useranalytics")
INSERT = (
    "INSERT INTO analytics_useranalytics (id, at, audience_id, name, subject, source, properties)"
    " VALUES (%s, %s, 1, 'feature', 'search', '', '{}') ON CONFLICT DO NOTHING"
)


@pytest.mark.django_db
def test_an_event_lies_in_the_month_of_its_id_and_is_there_once() -> None:
    at = datetime(2026, 2, 28, 23, 59, 59, 999_000, tzinfo=UTC)
    identity = new_id(int(at.timestamp() * 1000))
    assert time_of_id(identity) == at
    with connection.cursor() as cursor:
        MONTHS.ensure(cursor, at.date())
        MONTHS.ensure(cursor, date(2026, 2, 1))
        for _ in range(2):
            cursor.execute(INSERT, [identity, at])
        cursor.execute("SELECT tableoid::regclass::text, count(*) FROM analytics_useranalytics GROUP BY 1")
        assert cursor.fetchall() == [("analytics_useranalytics_202602", 1)]
        assert list(MONTHS.days(cursor)) == [date(2026, 2, 1)]


@pytest.mark.django_db
def test_the_first_id_of_a_month_is_not_in_the_month_before() -> None:
    midnight = datetime(2026, 3, 1, tzinfo=UTC)
    with connection.cursor() as cursor:
        MONTHS.ensure(cursor, date(2026, 3, 31))
        cursor.execute(INSERT, [new_id(int(midnight.timestamp() * 1000)), midnight])
        cursor.execute(
            "SELECT tableoid::regclass::text FROM analytics_useranalytics WHERE id >= %s", [first_id(midnight)]
        )
        assert cursor.fetchall() == [("analytics_useranalytics_202603",)]


def test_ids_of_another_version_have_no_time() -> None:
    with pytest.raises(ValueError, match="version 7"):
        time_of_id(uuid4())
