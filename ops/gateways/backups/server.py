"""The database server, by connections of our own: Django's have limits of time that a backup must not have."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection
from psycopg import Connection, sql
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow

from common import database
from ops.gateways.backups.errors import BackupError, BusyError, RefusedError

logger = logging.getLogger(__name__)

# What of Django's parameters PostgreSQL's own programs know too.
UNDERSTOOD = {
    *("host", "hostaddr", "port", "user", "passfile", "service", "connect_timeout", "target_session_attrs"),
    *("sslmode", "sslrootcert", "sslcert", "sslkey", "gssencmode", "channel_binding", "require_auth"),
}
# Where one connects to make, rename and drop others; every server has it.
NEUTRAL = "postgres"
# Rows are compared as text, so that must not depend on who asks.
OPTIONS = (
    "-c statement_timeout=0 -c idle_in_transaction_session_timeout=0 -c lock_timeout=300s -c timezone=UTC"
    " -c datestyle=ISO,YMD -c intervalstyle=postgres -c bytea_output=hex -c extra_float_digits=1"
)
LONGEST_NAME = 63  # bytes, of PostgreSQL


def parameters() -> dict[str, Any]:
    return connection.get_connection_params()


def database_name() -> str:
    return str(connection.settings_dict["NAME"])


def conninfo(name: str = "", *, application: str = "how-to-ai backup") -> str:
    """How a program connects; without the password, which every process of the machine could read."""
    known = {key: value for key, value in parameters().items() if key in UNDERSTOOD}
    return make_conninfo("", dbname=name or database_name(), application_name=application, **known)


def password_environment() -> dict[str, str]:
    password = parameters().get("password")
    return {"PGPASSWORD": str(password)} if password else {}


@contextmanager
def connected(name: str = "") -> Iterator[Connection[TupleRow]]:
    """A connection in autocommit. Raises BackupError if there is none to be had, or it fails."""
    password = parameters().get("password")
    with connected_to(conninfo(name), what=f"The database {name or database_name()}", password=password) as conn:
        yield conn


@contextmanager
def connected_to(where: str, *, what: str, password: str | None = None) -> Iterator[Connection[TupleRow]]:
    """The same, to a server that is not Django's; `what` names it in errors."""
    try:
        made = psycopg.connect(where, options=OPTIONS, autocommit=True, password=password or None)
    except psycopg.OperationalError as error:
        raise BackupError(f"{what} cannot be reached: {error}") from error
    try:
        with made:
            yield made
    except psycopg.Error as error:
        raise BackupError(f"{what} failed: {error}") from error


def major_of(conn: Connection[TupleRow]) -> int:
    return conn.info.server_version // 10_000


def segment_size(conn: Connection[TupleRow]) -> int:
    """Of the files of the write-ahead log, in bytes."""
    return int(one(conn, "SELECT setting FROM pg_settings WHERE name = 'wal_segment_size'"))


@contextmanager
def only_one(conn: Connection[TupleRow], deed: str) -> Iterator[None]:
    """Hold a lock that ends with the connection, however this process ends. Raises BusyError if somebody has it.

    It counts for all who connect to the same database with `conn`.
    """
    with database.only_one(conn.cursor(), f"backups:{database_name()}:{deed}") as is_ours:
        if not is_ours:
            raise BusyError(f"Another {deed} is at work; wait until it has ended.")
        yield


def one(conn: Connection[TupleRow], statement: str, values: Any = ()) -> Any:
    row = conn.execute(statement, values or None).fetchone()
    return row[0] if row else None


def exists(conn: Connection[TupleRow], name: str) -> bool:
    return bool(one(conn, "SELECT count(*) FROM pg_database WHERE datname = %s", [name]))


def databases_named(conn: Connection[TupleRow], prefix: str) -> list[str]:
    rows = conn.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s) ORDER BY 1", [prefix])
    return [str(name) for (name,) in rows.fetchall()]


def holdings(name: str) -> str:
    """What a database holds, in words that tell it from others; empty if there is no table in it.

    Somebody at the wrong terminal should see that it is the wrong one.
    """
    with connected(name) as conn:
        tables = one(
            conn,
            "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE relkind IN ('r', 'p')"
            " AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'",
        )
        if not tables:
            return ""
        size = one(conn, "SELECT pg_size_pretty(pg_database_size(current_database()))")
        cluster = one(conn, "SELECT system_identifier FROM pg_control_system()")
        rows = one(conn, "SELECT sum(n_live_tup)::bigint FROM pg_stat_user_tables")
        return (
            f"The database {name} at {conn.info.host or 'this machine'} (cluster {cluster}) holds {tables} tables of"
            f" {size}, about {rows} rows"
        )


def create_database(conn: Connection[TupleRow], name: str, locale: dict[str, str]) -> None:
    """An empty one, that sorts and compares as the one did that was backed up. Raises BackupError."""
    options = [sql.SQL("TEMPLATE template0 ENCODING {}").format(locale["encoding"])]
    options += [sql.SQL("LOCALE_PROVIDER {}").format(sql.Identifier(locale["provider"]))]
    options += [sql.SQL("LC_COLLATE {} LC_CTYPE {}").format(locale["collate"], locale["ctype"])]
    if locale.get("locale") and locale["provider"] != "libc":
        clause = "BUILTIN_LOCALE {}" if locale["provider"] == "builtin" else "ICU_LOCALE {}"
        options += [sql.SQL(clause).format(locale["locale"])]
    try:
        conn.execute(sql.SQL("CREATE DATABASE {} {}").format(sql.Identifier(name), sql.SQL(" ").join(options)))
    except psycopg.Error as error:
        raise BackupError(f"The database {name} cannot be made: {error}") from error


def drop_database(conn: Connection[TupleRow], name: str) -> bool:
    """With whoever of ours is connected to it; whether it is gone. Never the one that is served.

    One that stays, since a superuser is in it, is an error in the log and takes nothing from what was done before.
    """
    if name == database_name():
        raise ValueError("The database that is served is never dropped.")
    try:
        end_sessions(conn, [name])
        # Not WITH (FORCE), which refuses as soon as there is one that we may not end; this one, too, sends away
        # autovacuum, and waits up to five seconds.
        conn.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
    except psycopg.Error as error:
        logger.error("the database %s could not be dropped, the next one tries again: %s", name, error)
        return False
    return True


def end_sessions(conn: Connection[TupleRow], names: list[str]) -> int:
    """Of all who are connected to these databases and whom our role may send away; how many they were."""
    return conn.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity JOIN pg_roles me ON me.rolname = current_user"
        " LEFT JOIN pg_roles them ON them.oid = usesysid"
        " WHERE datname = ANY(%s) AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND (me.rolsuper OR"
        " NOT them.rolsuper AND (pg_has_role(them.oid, 'USAGE') OR pg_has_role('pg_signal_backend', 'USAGE')))",
        [names],
    ).rowcount


def who_is_in(conn: Connection[TupleRow], names: list[str]) -> str:
    """Roles, in words."""
    rows = conn.execute(
        "SELECT DISTINCT usename FROM pg_stat_activity"
        " WHERE datname = ANY(%s) AND pid <> pg_backend_pid() AND usename IS NOT NULL ORDER BY 1",
        [names],
    )
    return ", ".join(str(name) for (name,) in rows.fetchall())


def refuse_without_createdb(conn: Connection[TupleRow]) -> None:
    """Raises RefusedError for a role that may not make a database."""
    if not one(conn, "SELECT rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = current_user"):
        role = one(conn, "SELECT current_user")
        raise RefusedError(f"The role {role} may not make a database to restore into: ALTER ROLE {role} CREATEDB.")


def refuse_another_owner(conn: Connection[TupleRow], name: str) -> None:
    """Raises RefusedError for a database that our role may not rename."""
    row = conn.execute(
        "SELECT pg_get_userbyid(datdba), current_user FROM pg_database"
        " WHERE datname = %s AND NOT pg_has_role(datdba, 'USAGE')",
        [name],
    ).fetchone()
    if row:
        raise RefusedError(
            f"The database {name} belongs to {row[0]}, so {row[1]} may not rename it: ALTER DATABASE {name} OWNER TO"
            f" {row[1]}."
        )


def locale_of(conn: Connection[TupleRow]) -> dict[str, str]:
    """How the connected database sorts and compares, for `create_database`."""
    row = conn.execute(
        "SELECT pg_encoding_to_char(encoding), CASE datlocprovider WHEN 'b' THEN 'builtin' WHEN 'i' THEN 'icu' ELSE"
        # The name of the column from PostgreSQL 17 on, and the one before.
        " 'libc' END, datcollate, datctype, coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale', '')"
        " FROM pg_database d WHERE datname = current_database()"
    ).fetchone()
    if row is None:
        raise BackupError("The server does not tell how the database sorts.")
    return dict(zip(("encoding", "provider", "collate", "ctype", "locale"), row, strict=True))


def swap(conn: Connection[TupleRow], *, old: str, kept_as: str, new: str) -> None:
    """Rename `old` to `kept_as` and `new` to `old`, both or neither, whoever is connected.

    Raises BackupError if sessions come back faster than they can be ended, or are those of a superuser.
    """
    for _ in range(10):
        ended = 0
        try:
            with conn.transaction():
                ended = end_sessions(conn, [old, new])
                # It sends autovacuum away, waits up to five seconds for all to leave, and lets nobody in meanwhile.
                if exists(conn, old):
                    rename(conn, old, kept_as)
                rename(conn, new, old)
        except psycopg.errors.ObjectInUse:
            if not ended:
                # Whoever is left is not ours to end.
                break
        except psycopg.Error as error:
            raise BackupError(f"{new} could not be put in the place of {old}: {error}") from error
        else:
            return
    raise BackupError(
        f"{old} is still in use by {who_is_in(conn, [old, new]) or 'somebody'}: stop web, worker and beat, and whoever"
        " else is connected, then try again."
    )


def rename(conn: Connection[TupleRow], name: str, to: str) -> None:
    conn.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(name), sql.Identifier(to)))
