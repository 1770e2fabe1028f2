"""As in production: a role that may log in and make databases, and nothing more, and a dump of several megabytes."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from psycopg import Connection, sql
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow

from ops.gateways.backups import server
from ops.services.backups import restoring

ROWS = 6_000
# Of each of them, bytes that zstd can halve at best: so what is stored of the table is above 5 MB too.
ROW_SIZE = 1_920


@dataclass(frozen=True)
class Ordinary:
    """`database` belongs to `role`, as which Django is connected to it; others may come as a superuser."""

    database: str
    role: str
    superuser_conninfo: str

    def superuser(self, name: str = "") -> AbstractContextManager[Connection[TupleRow]]:
        where = make_conninfo(self.superuser_conninfo, dbname=name or self.database, application_name="a superuser")
        return server.connected_to(where, what=name or self.database)


@pytest.fixture
def ordinary(transactional_db: None, backups_folder: Path) -> Iterator[Ordinary]:
    before = connection.settings_dict["NAME"], connection.settings_dict["USER"]
    name = f"{before[0][:30]}_plain"
    made = Ordinary(name, role=name, superuser_conninfo=server.conninfo())

    def use(database: str, user: str) -> None:
        restoring.disconnect()
        connection.settings_dict["NAME"], connection.settings_dict["USER"] = database, user

    remove(made)
    with made.superuser(server.NEUTRAL) as conn:
        conn.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(sql.Identifier(made.role)))
        let_in(conn, made.role)
    use(name, made.role)
    fill(made)
    yield made
    use(*before)
    remove(made)


def let_in(conn: Connection[TupleRow], role: str) -> None:
    """Whoever runs the tests may be this role too; waits until the server knows."""
    me = pwd.getpwuid(os.geteuid()).pw_name
    with Path(server.one(conn, "SHOW ident_file")).open("a") as file:
        file.write(f"owner {me} {role}\n")
    known = "SELECT count(*) FROM pg_ident_file_mappings WHERE pg_username = %s"
    assert server.one(conn, known, [role])
    conn.execute("SELECT pg_reload_conf()")
    while True:
        try:
            psycopg.connect(make_conninfo(conn.info.dsn, user=role)).close()
        except psycopg.OperationalError:
            conn.execute("SELECT pg_sleep(0.01)")
        else:
            return


def fill(ordinary: Ordinary) -> None:
    """Everything in it is the role's own, as `migrate` would have made it."""
    with server.connected(server.NEUTRAL) as conn:
        conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(ordinary.database)))
    template = make_conninfo(ordinary.superuser_conninfo, dbname=os.environ["TEST_DATABASE_TEMPLATE"])
    programs = Path(settings.PG_BIN)
    with subprocess.Popen([programs / "pg_dump", "-Fc", "-Z0", "-d", template], stdout=subprocess.PIPE) as dump:
        subprocess.run(
            [programs / "pg_restore", "--no-owner", "--exit-on-error", "-d", server.conninfo()],
            stdin=dump.stdout,
            check=True,
        )
    with server.connected() as conn:
        conn.execute("CREATE TABLE bulk (id int PRIMARY KEY, body text NOT NULL)")
        conn.execute(
            "INSERT INTO bulk SELECT row, (SELECT string_agg(md5(row || '/' || part), '')"
            " FROM generate_series(1, %s) part) FROM generate_series(1, %s) row",
            [ROW_SIZE // 32, ROWS],
        )


def remove(ordinary: Ordinary) -> None:
    role = sql.Identifier(ordinary.role)
    with ordinary.superuser(server.NEUTRAL) as conn:
        for database in server.databases_named(conn, ordinary.database):
            conn.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(database)))
        conn.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(role))


@pytest.fixture
def eager_autovacuum(ordinary: Ordinary) -> Iterator[None]:
    """One that looks each second, and then stays at the large table for minutes, as it does in a large database."""
    with server.connected() as conn:
        conn.execute(
            "ALTER TABLE bulk SET (autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1,"
            " autovacuum_analyze_threshold = 1, autovacuum_vacuum_insert_threshold = 1)"
        )
    with ordinary.superuser(server.NEUTRAL) as conn:
        conn.execute("ALTER SYSTEM SET autovacuum_naptime = '1s'")
        conn.execute("SELECT pg_reload_conf()")
        yield
        conn.execute("ALTER SYSTEM RESET autovacuum_naptime")
        conn.execute("SELECT pg_reload_conf()")
