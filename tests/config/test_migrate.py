"""`manage.py migrate` on two machines at once: one after the other."""

from __future__ import annotations

import threading

import pytest
from django.core.management import call_command
from django.db import connection

from common.database import only_one, own_connection


def migrate(*options: str) -> None:
    """In a thread, which has a connection of its own."""
    try:
        call_command("migrate", *options, verbosity=0, interactive=False)
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_whoever_comes_second_waits_for_the_first() -> None:
    with own_connection() as first, first.cursor() as cursor, only_one(cursor, "migrate") as is_ours:
        assert is_ours
        second = threading.Thread(target=migrate)
        second.start()
        second.join(0.7)
        assert second.is_alive()
    second.join(30)
    assert not second.is_alive()


@pytest.mark.django_db(transaction=True)
def test_whoever_only_looks_waits_for_nobody() -> None:
    with own_connection() as first, first.cursor() as cursor, only_one(cursor, "migrate") as is_ours:
        assert is_ours
        for option in ("--plan", "--check"):
            looking = threading.Thread(target=migrate, args=(option,))
            looking.start()
            looking.join(30)
            assert not looking.is_alive()


@pytest.mark.django_db(transaction=True)
def test_a_first_one_that_dies_is_not_waited_for() -> None:
    with own_connection() as first:
        first.execute("SELECT pg_advisory_lock(hashtextextended('migrate', 0))")
    second = threading.Thread(target=migrate)
    second.start()
    second.join(30)
    assert not second.is_alive()
