"""What is remembered is found anew as soon as it changes, whoever reads at that moment, and with no cache at all."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction

from common.remembering import CHANGED, forget, remembered


class Reader:
    """Counts how often something had to be found."""

    def __init__(self) -> None:
        self.found = 0
        self.state = "old"

    def read(self, meanwhile: Callable[[], None] = lambda: None) -> str:
        def find() -> str:
            self.found += 1
            seen = self.state
            meanwhile()
            return seen

        return remembered("thing", find, seconds=60)

    def change(self) -> None:
        self.state = "new"
        forget("thing")


def test_what_was_found_is_remembered(db: None) -> None:
    reader = Reader()
    assert [reader.read() for _ in range(3)] == ["old"] * 3
    assert reader.found == 1


def test_what_is_forgotten_is_found_anew(db: None) -> None:
    reader = Reader()
    reader.read()
    reader.change()
    assert reader.read() == "new"


def test_what_another_release_has_kept_is_let_be_and_its_changes_are_ours(db: None) -> None:
    """Both are at work while one comes in; a class of the other may not even be here."""
    reader = Reader()
    of_the_other = ("another release", b"cgone\nModule\n.")
    cache.set("thing", of_the_other, 60)
    assert [reader.read(), reader.read()] == ["old", "old"]
    assert reader.found == 2
    # Theirs stays, and whoever of us changes the thing does so for them as well.
    assert cache.get("thing") == of_the_other
    reader.change()
    assert cache.get("thing") == CHANGED
    assert reader.read() == "new"


def test_who_read_before_a_change_does_not_bring_the_old_back_after_it(db: None) -> None:
    reader = Reader()
    assert reader.read(meanwhile=reader.change) == "old"
    assert reader.read() == "new"


@pytest.mark.django_db(transaction=True)
def test_who_reads_while_a_change_is_not_yet_committed_does_not_keep_what_was_before() -> None:
    reader = Reader()
    reader.read()
    with transaction.atomic():
        forget("thing")
        # Somebody else, who sees the state of before.
        assert reader.read() == "old"
        reader.state = "new"
    assert reader.read() == "new"


@pytest.mark.django_db(transaction=True)
def test_a_change_that_took_longer_than_its_mark_stands_acts_after_the_commit() -> None:
    reader = Reader()
    with transaction.atomic():
        forget("thing")
        cache.delete("thing")
        assert reader.read() == "old"
        reader.state = "new"
    assert reader.read() == "new"


def test_what_cannot_be_found_is_not_remembered(db: None) -> None:
    def fail() -> str:
        raise LookupError

    for _ in range(2):
        with pytest.raises(LookupError):
            remembered("thing", fail, seconds=60)
    assert remembered("thing", lambda: "there", seconds=60) == "there"


def test_nothing_to_forget_asks_nobody(db: None, settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    without_cache(settings)
    forget()
    assert caplog.records == []


def test_without_a_cache_it_is_found_each_time_and_logged(
    db: None, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    without_cache(settings)
    reader = Reader()
    began = time.monotonic()
    assert [reader.read() for _ in range(2)] == ["old", "old"]
    reader.change()
    assert reader.read() == "new"
    assert time.monotonic() - began < 3
    assert reader.found == 3
    assert {record.levelno for record in caplog.records} == {logging.ERROR}
    # Asked once for each reading, so that a cache that hangs is waited for once.
    assert caplog.text.count("nothing is remembered") == 3
    assert "a change may be seen late" in caplog.text


def without_cache(settings: Any) -> None:
    location = f"unix://{os.environ['VAR_DIR']}/nobody-listens.sock"
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": location}}
