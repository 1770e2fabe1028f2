"""What was counted of somebody is theirs: they get all of it, however much it is, and it goes with their account."""

from __future__ import annotations

import io
import json
import tracemalloc
import zipfile
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from accounts.models import User
from accounts.personal_data.archive import write_archive
from analytics.models import Audience, MemberDay, MemberSummary, Note, Segment, UserAnalytics
from common.partitions import by_month

pytestmark = pytest.mark.django_db
MANY = 8_000
MOST_MEMORY = 8 * 1024 * 1024  # bytes; all of the rows at once take twice as much

# Ids of version 7, with the person and a number at their end.
INSERT = """
INSERT INTO analytics_useranalytics (id, at, name, user_id, visitor, audience_id, subject, source, properties)
SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '70008000'
        || lpad(to_hex(%(user)s::int), 4, '0') || lpad(to_hex(number), 8, '0'))::uuid,
    at, 'page_view', %(user)s, -number, %(audience)s, '/tutorials/', '', '{}'
FROM generate_series(1, %(many)s) AS number,
    LATERAL (SELECT %(now)s::timestamptz - number * interval '10 ms') AS made (at)
"""


def plant(person: User, many: int) -> None:
    segment, _ = Segment.objects.get_or_create(tier="free", country="DE", device="phone")
    audience, _ = Audience.objects.get_or_create(segment=segment, browser="Firefox", system="Android")
    now = timezone.now()
    with connection.cursor() as cursor:
        for day in (now.date(), (now - timedelta(hours=1)).date()):
            by_month("analytics_useranalytics").ensure(cursor, day)
        cursor.execute(INSERT, {"user": person.pk, "audience": audience.pk, "many": many, "now": now})


def test_an_export_has_all_events_and_holds_few_in_memory(learner: User, stranger: User) -> None:
    plant(learner, MANY)
    plant(stranger, 3)
    stream = io.BytesIO()
    tracemalloc.start()
    try:
        write_archive(learner, stream, at=timezone.now())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    events = json.loads(zipfile.ZipFile(stream).read("analytics/useranalytics.json"))
    assert len(events) == MANY
    assert {event["subject"] for event in events} == {"/tutorials/"}
    assert events[0]["audience.segment.country"] == "DE"
    assert not any("visitor" in event for event in events)
    assert peak < MOST_MEMORY


def test_what_was_counted_goes_with_the_account_and_nobody_elses(learner: User, stranger: User, admin: User) -> None:
    for person in (learner, stranger):
        plant(person, 3)
        MemberDay.objects.create(user=person, day="2026-11-02", segment=1)
        MemberSummary.objects.create(user=person)
        Note.objects.create(day="2026-11-02", text="We were in the news.", made_by=person)
    learner.erase_after = timezone.now() - timedelta(seconds=1)
    learner.save()
    call_command("erase_accounts", verbosity=0)
    assert set(UserAnalytics.objects.values_list("user_id", flat=True)) == {stranger.pk}
    assert UserAnalytics.objects.count() == 3
    assert set(MemberDay.objects.values_list("user_id", flat=True)) == {stranger.pk}
    assert set(MemberSummary.objects.values_list("user_id", flat=True)) == {stranger.pk}
    assert sorted(Note.objects.values_list("made_by", flat=True), key=str) == [stranger.pk, None]
