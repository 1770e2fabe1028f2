"""What a test with committed rows leaves is gone after it, and what migrations made is there again."""

from __future__ import annotations

import threading

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, OperationalError, connection, transaction
from django.test import TransactionTestCase

from community.models import StaffAction
from tests.community.members import make_post
from tests.factories import make_user
from tests.restoring import restore

pytestmark = pytest.mark.django_db(transaction=True)


def content() -> dict[str, str]:
    """Each table → a digest of all its rows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'")
        tables = [name for (name,) in cursor.fetchall()]
        digests = {}
        for name in tables:
            cursor.execute(f"SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM \"{name}\" t")  # noqa: S608
            digests[name] = cursor.fetchone()[0]
        return digests


def test_it_stands_in_for_djangos() -> None:
    assert TransactionTestCase._fixture_teardown is restore  # type: ignore[attr-defined]  # not in the stubs


def test_every_table_is_as_the_migrations_left_it() -> None:
    before = content()
    person = make_user(role="moderator")
    post = make_post(author=person)
    StaffAction.objects.create(deed="lock", reason="x", post=post)
    with pytest.raises(DatabaseError), transaction.atomic():
        StaffAction.objects.all().delete()
    Group.objects.filter(name="author").delete()
    Permission.objects.filter(codename="view_user").update(name="Other")
    ContentType.objects.create(app_label="none", model="none")
    changed = {name for name, digest in content().items() if digest != before[name]}
    assert {"accounts_user", "community_staffaction", "auth_group", "auth_permission", "django_content_type"} <= changed
    restore()
    assert content() == before


def restore_impatiently() -> None:
    """The limit is that of this transaction: whoever gets the connection next from the pool has the usual one."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '50ms'")
        restore()


def test_it_waits_for_whoever_still_writes() -> None:
    written, done = threading.Event(), threading.Event()

    def write() -> None:
        with transaction.atomic():
            Group.objects.create(name="late")
            written.set()
            done.wait(30)
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert written.wait(30)
        with pytest.raises(OperationalError):
            restore_impatiently()
    finally:
        done.set()
        writer.join(30)
        connection.close()
    restore()
    assert not Group.objects.filter(name="late").exists()
