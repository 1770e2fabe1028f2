"""What is in a database, so that a restored one can be held against it: figures, all of one snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from psycopg import Connection, sql
from psycopg.errors import UndefinedColumn, UndefinedFunction, UndefinedTable
from psycopg.rows import TupleRow

SAMPLE = 50  # rows from each end of a table
# What belongs to an extension is no part of a dump: it comes with the extension, in whichever version that is there.
APPLICATION_TABLES = """
SELECT n.nspname, c.relname,
    (SELECT array_agg(a.attname ORDER BY array_position(i.indkey::int2[], a.attnum))
        FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY(i.indkey)
        WHERE i.indrelid = c.oid AND i.indisprimary)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
    AND ('pg_class'::regclass, c.oid) NOT IN (SELECT classid, objid FROM pg_depend WHERE deptype = 'e')
ORDER BY 1, 2
"""
# Older manifests have "functions" and "views", of which those of extensions were a part.
KINDS = {
    "constraints": """
        SELECT count(*) FROM pg_constraint x JOIN pg_namespace n ON n.oid = x.connamespace
        WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
        AND ('pg_class'::regclass, x.conrelid) NOT IN (SELECT classid, objid FROM pg_depend WHERE deptype = 'e')""",
    "constraints not validated": """
        SELECT count(*) FROM pg_constraint x JOIN pg_namespace n ON n.oid = x.connamespace
        WHERE NOT convalidated AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
        AND ('pg_class'::regclass, x.conrelid) NOT IN (SELECT classid, objid FROM pg_depend WHERE deptype = 'e')""",
    "indexes": """
        SELECT count(*) FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
        AND ('pg_class'::regclass, x.indrelid) NOT IN (SELECT classid, objid FROM pg_depend WHERE deptype = 'e')""",
    "triggers": """
        SELECT count(*) FROM pg_trigger x JOIN pg_class c ON c.oid = x.tgrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE NOT tgisinternal AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
        AND ('pg_class'::regclass, x.tgrelid) NOT IN (SELECT classid, objid FROM pg_depend WHERE deptype = 'e')""",
    "own functions": """
        SELECT count(*) FROM pg_proc x JOIN pg_namespace n ON n.oid = x.pronamespace
        WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
        AND ('pg_proc'::regclass, x.oid) NOT IN (SELECT classid, objid FROM pg_depend WHERE deptype = 'e')""",
    "own views": """
        SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE relkind IN ('v', 'm') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
        AND ('pg_class'::regclass, c.oid) NOT IN (SELECT classid, objid FROM pg_depend WHERE deptype = 'e')""",
}
OWNED_SEQUENCES = """
SELECT s.oid::regclass::text, t.oid::regclass::text, a.attname
FROM pg_class s JOIN pg_depend d ON d.objid = s.oid AND d.classid = 'pg_class'::regclass
    AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
JOIN pg_class t ON t.oid = d.refobjid JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
JOIN pg_namespace n ON n.oid = s.relnamespace
WHERE s.relkind = 'S' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
    AND ('pg_class'::regclass, t.oid) NOT IN (SELECT classid, objid FROM pg_depend WHERE deptype = 'e')
ORDER BY 1
"""


@dataclass(frozen=True)
class Contents:
    """Names of tables are `schema.table`; a sample is the SHA-256 of the rows at both ends of the primary key."""

    row_counts: dict[str, int]
    samples: dict[str, str]
    objects: dict[str, int]
    sequences_behind: list[str]
    migrations: list[str]
    # How many of the newest rows break a rule of the application, by the rule.
    broken_rules: dict[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def where_equal(self, other: Contents) -> Contents:
        """Only what is the same in both: what stood still between two moments."""
        counts, samples = common(self.row_counts, other.row_counts), common(self.samples, other.samples)
        still = {table for table in counts if (table in samples) == (table in self.samples)}
        return Contents(
            {table: counts[table] for table in counts if table in still},
            {table: samples[table] for table in samples if table in still},
            common(self.objects, other.objects),
            sorted({*self.sequences_behind, *other.sequences_behind}),
            self.migrations if self.migrations == other.migrations else [],
            common(self.broken_rules, other.broken_rules),
        )

    def only(self, like: Contents) -> Contents:
        """Of this, what the other speaks of."""
        return Contents(
            {table: count for table, count in self.row_counts.items() if table in like.row_counts},
            {table: sample for table, sample in self.samples.items() if table in like.samples},
            {kind: count for kind, count in self.objects.items() if kind in like.objects},
            self.sequences_behind,
            self.migrations if like.migrations else [],
            self.broken_rules,
        )


def common(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in one.items() if other.get(key) == value}


def contents_of(conn: Connection[TupleRow], rules: Mapping[str, str]) -> Contents:
    """Within one transaction that sees one snapshot, so that the figures belong together.

    `rules`: by name, statements that count what breaks them. One of which the tables are not there is left out.
    """
    row_counts, samples = {}, {}
    for schema, table, key in conn.execute(APPLICATION_TABLES).fetchall():
        place = sql.Identifier(schema, table)
        row = conn.execute(sql.SQL("SELECT count(*) FROM {}").format(place)).fetchone()
        row_counts[f"{schema}.{table}"] = row[0] if row else 0
        if key:
            samples[f"{schema}.{table}"] = sample_of(conn, place, key)
    objects = {name: number(conn, statement) for name, statement in KINDS.items()}
    broken = {name: count for name, statement in rules.items() if (count := broken_by(conn, statement)) is not None}
    return Contents(row_counts, samples, objects, sequences_behind(conn), migrations_of(conn, row_counts), broken)


def broken_by(conn: Connection[TupleRow], statement: str) -> int | None:
    """None for a statement of another release than the database is of."""
    try:
        with conn.transaction():
            return number(conn, statement)
    except (UndefinedTable, UndefinedColumn, UndefinedFunction):
        return None


def sample_of(conn: Connection[TupleRow], place: sql.Identifier, key: list[str]) -> str:
    names = [sql.Identifier(name) for name in key]
    upwards = sql.SQL(", ").join(names)
    downwards = sql.SQL(", ").join(sql.SQL("{} DESC").format(name) for name in names)
    row = conn.execute(
        sql.SQL(
            "SELECT encode(sha256(convert_to(coalesce(string_agg(r::text, E'\\n' ORDER BY r::text COLLATE \"C\"), ''),"
            " 'UTF8')), 'hex') FROM ((SELECT * FROM {place} ORDER BY {up} LIMIT {n})"
            " UNION ALL (SELECT * FROM {place} ORDER BY {down} LIMIT {n})) r"
        ).format(place=place, up=upwards, down=downwards, n=sql.Literal(SAMPLE))
    ).fetchone()
    return str(row[0]) if row else ""


def sequences_behind(conn: Connection[TupleRow]) -> list[str]:
    """Those that would give a number that a row has already."""
    behind = []
    for sequence, table, column in conn.execute(OWNED_SEQUENCES).fetchall():
        # As PostgreSQL itself has written the names.
        statement = (
            f'SELECT (SELECT max("{column}") FROM {table})'  # noqa: S608
            f" > (SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM {sequence})"
        )
        row = conn.execute(statement.encode()).fetchone()
        if row and row[0]:
            behind.append(str(sequence))
    return behind


def migrations_of(conn: Connection[TupleRow], row_counts: dict[str, int]) -> list[str]:
    if "public.django_migrations" not in row_counts:
        return []
    rows = conn.execute("SELECT app || '.' || name FROM public.django_migrations ORDER BY 1").fetchall()
    return [str(row[0]) for row in rows]


def number(conn: Connection[TupleRow], statement: str) -> int:
    row = conn.execute(statement.encode()).fetchone()
    return int(row[0]) if row else 0
