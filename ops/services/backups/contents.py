"""What is in a database, with the rules of the application that it should keep."""

from __future__ import annotations

from psycopg import Connection
from psycopg.rows import TupleRow

from community.services.counting import drift_counts
from ops.gateways.backups.looking import Contents, contents_of

# Of each table, so that looking takes no longer as it grows.
NEWEST = 1_000


def look_at(conn: Connection[TupleRow]) -> Contents:
    """Within a transaction; see `contents_of`."""
    return contents_of(conn, drift_counts(newest=NEWEST))
