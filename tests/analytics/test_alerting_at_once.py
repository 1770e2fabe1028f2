"""Rules that staff change while they are looked at, each with a connection of their own."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from analytics.models import Alert, AlertRule, SavedMetric
from analytics.models.counts import Dimension
from analytics.services import alerting
from tests.analytics.test_alerting import NOW, YESTERDAY, a_rule, count
from tests.at_once import overtaken

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def rule() -> AlertRule:
    count(YESTERDAY, 3)
    return a_rule(SavedMetric.objects.create(name="Visitors", dimension=Dimension.SITE, measure="visitors"))


def test_a_rule_that_is_silenced_at_that_moment_tells_nothing(rule: AlertRule) -> None:
    silence = partial(alerting.snooze, rule=AlertRule.objects.get(), until=NOW + timedelta(days=1))
    assert overtaken(silence, partial(alerting.check, NOW)) == []
    assert not Alert.objects.exists()


def test_a_rule_that_is_deleted_at_that_moment_keeps_no_other_from_being_told(rule: AlertRule) -> None:
    other = a_rule(rule.metric, name="Much too few")
    (alert,) = overtaken(rule.delete, partial(alerting.check, NOW))
    assert alert.rule == other
    assert alert.mailed_at is not None
