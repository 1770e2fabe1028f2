"""What is kept of pages is made once for all processes, fetched once by each, and never older than was said."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import time_machine
from django.core.cache import cache

from common.kept import MOST_NEAR, begin_generation, generation, kept, near


class Maker:
    """Says how often it was asked."""

    def __init__(self) -> None:
        self.made = 0

    def make(self) -> str:
        self.made += 1
        return f"page {self.made}"

    def page(self, *facts: object) -> str:
        return kept(self.make, "page", *facts, seconds=60)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(time.time(), tick=False) as traveller:
        yield traveller


def as_another_process() -> None:
    near.clear()


def test_it_is_made_once_for_all_processes() -> None:
    maker = Maker()
    assert maker.page() == maker.page() == "page 1"
    as_another_process()
    assert maker.page() == "page 1"


def test_who_has_it_near_asks_the_cache_no_more() -> None:
    maker = Maker()
    maker.page()
    cache.clear()
    assert maker.page() == "page 1"


def test_other_facts_are_another_page() -> None:
    maker = Maker()
    assert [maker.page(1), maker.page(2), maker.page(1)] == ["page 1", "page 2", "page 1"]


def test_what_changes_makes_another_generation(db: None) -> None:
    maker = Maker()
    maker.page(generation("things"))
    begin_generation("things")
    assert maker.page(generation("things")) == "page 2"


def test_it_is_made_anew_when_its_time_is_over(clock: time_machine.Traveller) -> None:
    maker = Maker()
    maker.page()
    clock.shift(61)
    cache.clear()
    assert maker.page() == "page 2"


def test_who_fetches_it_late_has_it_only_for_the_rest_of_its_time(clock: time_machine.Traveller) -> None:
    maker = Maker()
    maker.page()
    clock.shift(50)
    as_another_process()
    assert maker.page() == "page 1"
    clock.shift(11)
    cache.clear()
    assert maker.page() == "page 2"


def test_a_clock_that_was_put_back_keeps_nothing_longer(clock: time_machine.Traveller) -> None:
    maker = Maker()
    maker.page()
    clock.shift(-3600)
    maker.page()
    clock.shift(61)
    cache.clear()
    assert maker.page() == "page 2"


def test_what_was_asked_for_longest_ago_makes_room() -> None:
    maker = Maker()
    for number in range(MOST_NEAR):
        maker.page(number)
    maker.page(0)
    maker.page(MOST_NEAR)
    cache.clear()
    assert maker.page(0) == "page 1"
    assert maker.page(1) == f"page {MOST_NEAR + 2}"
