"""After a test whose rows were committed, the database is again as the migrations left it.

Django would truncate every table, which gives each of its indexes a new file, and make all permissions anew: a quarter
of a second a test, of which dj-stripe's empty tables are a third.
"""

from __future__ import annotations

from typing import Any

from django.db import OperationalError, connection
from psycopg.errors import DeadlockDetected

TRIES = 5

# A schema beside ours, with a copy of each table in which migrations, or what follows them, put rows.
REMEMBER = """
DO $$
DECLARE
    name text;
    has_rows boolean;
BEGIN
    DROP SCHEMA IF EXISTS untouched CASCADE;
    CREATE SCHEMA untouched;
    CREATE TABLE untouched.table_there AS
        SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r';
    FOR name IN SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' LOOP
        EXECUTE format('SELECT EXISTS (TABLE public.%I)', name) INTO has_rows;
        IF has_rows THEN
            EXECUTE format('CREATE TABLE untouched.%1$I AS TABLE public.%1$I', name);
        END IF;
    END LOOP;
END $$
"""
# Without triggers: one of ours refuses to delete, and keys between tables are whole again at the end. The lock waits,
# as that of a TRUNCATE does, for whoever is still writing.
RESTORE = """
DO $$
DECLARE
    name text;
    is_changed boolean;
    columns text;
BEGIN
    SET LOCAL session_replication_role = replica;
    -- Days and months that a test has made.
    FOR name IN
        SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relispartition AND relkind = 'r'
        AND relname NOT IN (TABLE untouched.table_there)
    LOOP
        EXECUTE format('DROP TABLE public.%I', name);
    END LOOP;
    FOR name IN SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' LOOP
        EXECUTE format('LOCK TABLE public.%I IN SHARE ROW EXCLUSIVE MODE', name);
        IF to_regclass(format('untouched.%I', name)) IS NULL THEN
            EXECUTE format('DELETE FROM public.%I', name);
            CONTINUE;
        END IF;
        EXECUTE format(
            'SELECT EXISTS (TABLE public.%1$I EXCEPT ALL TABLE untouched.%1$I)'
            ' OR EXISTS (TABLE untouched.%1$I EXCEPT ALL TABLE public.%1$I)', name
        ) INTO is_changed;
        IF is_changed THEN
            SELECT string_agg(quote_ident(attname), ', ') INTO columns FROM pg_attribute
                WHERE attrelid = format('public.%I', name)::regclass
                AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
            EXECUTE format('DELETE FROM public.%I', name);
            EXECUTE format('INSERT INTO public.%1$I (%2$s) SELECT %2$s FROM untouched.%1$I', name, columns);
        END IF;
    END LOOP;
END $$
"""


def remember() -> None:
    with connection.cursor() as cursor:
        cursor.execute(REMEMBER)


def restore(_test: Any = None) -> None:
    """In the place of TransactionTestCase._fixture_teardown."""
    for left in reversed(range(TRIES)):
        try:
            with connection.cursor() as cursor:
                cursor.execute(RESTORE)
        except OperationalError as error:
            # A request that a closing browser left behind holds a table that we come to later, and wants one of ours.
            if not (left and isinstance(error.__cause__, DeadlockDetected)):
                raise
        else:
            return
