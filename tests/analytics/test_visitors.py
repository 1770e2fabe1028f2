"""Visitors are told apart on one day, and by nobody on another."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import RequestFactory
from pytest_django import Settings

from analytics.visitors import KEY, Salt, number_of, visitor_of
from common import metrics
from tests.analytics.browsers import CHROME, FIREFOX

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def another_process() -> None:
    """What a process remembers is gone with it."""
    Salt.value, Salt.day, Salt.day_ends, Salt.ask_again = b"", "", 0.0, 0.0


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    def clear() -> None:
        another_process()
        keys = list(metrics.valkey().scan_iter(f"{KEY}*"))
        if keys:
            metrics.valkey().delete(*keys)

    clear()
    yield
    clear()


@pytest.fixture
def no_valkey(settings: Settings) -> Iterator[None]:
    """Nothing answers at this address."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    metrics.valkey.cache_clear()
    yield
    metrics.valkey.cache_clear()


def test_a_visitor_is_a_negative_number_the_same_all_day() -> None:
    with time_machine.travel(NOON, tick=False):
        first = number_of("192.0.2.7", CHROME)
    another_process()
    with time_machine.travel(NOON + timedelta(hours=11, minutes=59), tick=False):
        assert number_of("192.0.2.7", CHROME) == first
    assert -(2**63) <= first < 0


def test_another_network_browser_or_day_is_another_visitor() -> None:
    with time_machine.travel(NOON, tick=False):
        today = [number_of("192.0.2.7", CHROME), number_of("192.0.2.8", CHROME), number_of("192.0.2.7", FIREFOX)]
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        tomorrow = number_of("192.0.2.7", CHROME)
    assert len({*today, tomorrow}) == 4


def test_the_day_is_that_of_the_figures(settings: Settings) -> None:
    settings.ANALYTICS_TIME_ZONE = "America/New_York"
    midnight = datetime(2026, 11, 30, 5, tzinfo=UTC)
    numbers = []
    for moment in (midnight - timedelta(hours=6), midnight - timedelta(seconds=1), midnight):
        with time_machine.travel(moment, tick=False):
            numbers.append(number_of("192.0.2.7", CHROME))
    assert numbers[0] == numbers[1] != numbers[2]


def test_the_salt_is_gone_soon_after_its_day() -> None:
    with time_machine.travel(datetime.now(UTC).replace(hour=23, minute=59, second=0), tick=False) as clock:
        number_of("192.0.2.7", CHROME)
        del clock
    (key,) = metrics.valkey().scan_iter(f"{KEY}*")
    assert 0 < int(metrics.valkey().ttl(key)) <= 3 * 60


def test_processes_agree_and_the_salt_is_nowhere_but_in_valkey() -> None:
    with time_machine.travel(NOON, tick=False):
        number_of("192.0.2.7", CHROME)
        ours = Salt.value
        another_process()
        number_of("192.0.2.7", CHROME)
    assert Salt.value == ours
    assert metrics.valkey().get(f"{KEY}2026-11-30") == ours.hex()


@pytest.mark.usefixtures("no_valkey")
def test_while_valkey_is_away_visitors_are_told_apart_by_the_process() -> None:
    first = number_of("192.0.2.7", CHROME)
    assert first == number_of("192.0.2.7", CHROME) != number_of("192.0.2.8", CHROME)
    # And it is not asked again for each.
    asked = Salt.ask_again
    number_of("192.0.2.9", CHROME)
    assert Salt.ask_again == asked


def test_what_was_counted_while_it_was_away_stays_one_visitor(settings: Settings) -> None:
    with time_machine.travel(NOON, tick=False):
        url, settings.REDIS_URL = settings.REDIS_URL, "redis://127.0.0.1:1/0"
        metrics.valkey.cache_clear()
        first = number_of("192.0.2.7", CHROME)
        settings.REDIS_URL = url
        metrics.valkey.cache_clear()
    with time_machine.travel(NOON + timedelta(minutes=2), tick=False):
        assert number_of("192.0.2.7", CHROME) == first
    assert metrics.valkey().get(f"{KEY}2026-11-30") == Salt.value.hex()


def test_a_forwarded_address_that_no_proxy_of_ours_wrote_is_not_believed(settings: Settings) -> None:
    make = RequestFactory(REMOTE_ADDR="192.0.2.7", HTTP_USER_AGENT=CHROME).get
    settings.PROXY_COUNT = 0
    assert visitor_of(make("/", HTTP_X_FORWARDED_FOR="198.51.100.1")) == visitor_of(make("/"))
    settings.PROXY_COUNT = 1
    honest = visitor_of(make("/", HTTP_X_FORWARDED_FOR="198.51.100.1"))
    assert visitor_of(make("/", HTTP_X_FORWARDED_FOR="203.0.113.9, 198.51.100.1")) == honest
    assert visitor_of(make("/", HTTP_X_FORWARDED_FOR="198.51.100.2")) != honest


def test_all_addresses_of_one_household_are_one_network() -> None:
    make = RequestFactory(HTTP_USER_AGENT=CHROME).get
    ours = {visitor_of(make("/", REMOTE_ADDR=f"2001:db8:1:1::{end}")) for end in ("1", "2", "ffff")}
    assert len(ours) == 1
    assert visitor_of(make("/", REMOTE_ADDR="2001:db8:1:2::1")) not in ours
