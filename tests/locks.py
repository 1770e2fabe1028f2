"""What a request locks has to be locked in a transaction of ours, and not only in that of the test.

Around most tests stands a transaction, which hides that ours is missing: without one Django refuses to lock.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from common.request_id import request_id

LOCKS = re.compile(r"^SELECT .* FOR (NO KEY )?UPDATE[^)]*$|pg_advisory_xact_lock", re.DOTALL)
# One of them stands in each of these; looked for in each statement of each test.
WORDS = ("UPDATE", "pg_advisory_xact_lock")
NO_REQUEST = "-"


def watch(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """One of the `execute_wrappers` of the tests' connection."""
    if request_id.get() != NO_REQUEST and any(word in sql for word in WORDS) and LOCKS.search(sql):
        blocks = context["connection"].atomic_blocks
        assert not all(block._from_testcase for block in blocks), f"locked outside of a transaction: {sql}"
    return execute(sql, params, many, context)
