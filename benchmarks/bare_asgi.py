"""One event, durably: a bare ASGI app that inserts what is sent to it by one prepared statement, and answers.

Served by granian beside the platform (`events.py`). There is no check of what is sent, of who sends it, nor of how
often. DATABASE_URL says which database; the table `bare_events` is that of events, in one piece.
"""

from __future__ import annotations

import json
import os
from typing import Any

from psycopg_pool import AsyncConnectionPool

INSERT = """
INSERT INTO bare_events (id, at, user_id, visitor, audience_id, name, subject, source, properties)
VALUES (%s, uuid_extract_timestamp(%s::uuid), NULL, -1, 1, %s, %s, '', %s) ON CONFLICT DO NOTHING
"""

pool = AsyncConnectionPool(
    os.environ["DATABASE_URL"], min_size=8, max_size=8, open=False, kwargs={"autocommit": True, "prepare_threshold": 0}
)


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    if pool.closed:
        await pool.open()
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    (event,) = json.loads(body)["events"]
    properties = json.dumps(event["properties"])
    async with pool.connection() as connection:
        await connection.execute(INSERT, (event["id"], event["id"], event["name"], event["path"], properties))
    headers = [(b"content-type", b"application/json"), (b"content-length", b"14")]
    await send({"type": "http.response.start", "status": 202, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"accepted":1}'})
