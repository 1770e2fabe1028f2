"""What Python needs at the least: a bare ASGI app with one statement for each request, prepared, on a kept connection.

Served by granian beside the platform (`events.py`, `scenarios.py`). There is no check of what is sent, of who sends it,
nor of how often. DATABASE_URL says which database; the table `bare_events` is that of events, in one piece. READS is
JSON: for each path `sql`, which finds one text, and `size`, as many bytes as the answer has.
"""

from __future__ import annotations

import json
import os
from typing import Any, cast

from psycopg_pool import AsyncConnectionPool

EVENT = """
INSERT INTO bare_events (id, at, user_id, visitor, audience_id, name, subject, source, properties)
VALUES (%s, uuid_extract_timestamp(%s::uuid), NULL, -1, 1, %s, %s, '', %s) ON CONFLICT DO NOTHING
"""
# What one statement can do of it: no limits, no days, no awards, nobody is told.
PROGRESS = """
INSERT INTO tutorials_tutorialprogress (user_id, tutorial_id, fraction, seconds, visits, block, started_at, moved_at)
SELECT %s, id, %s, 0, '[]', '', now(), now() FROM tutorials_tutorial WHERE slug = %s
ON CONFLICT (user_id, tutorial_id)
DO UPDATE SET fraction = greatest(tutorials_tutorialprogress.fraction, excluded.fraction), moved_at = now()
"""
LIKE = """
WITH liking AS (
    INSERT INTO community_like (user_id, post_id, created_at) VALUES (%s, %s, now()) ON CONFLICT DO NOTHING RETURNING 1
)
UPDATE community_post SET likes_count = likes_count + 1 WHERE id = %s AND EXISTS (SELECT FROM liking)
"""
READS = json.loads(os.environ.get("READS", "{}"))

pool = AsyncConnectionPool(
    os.environ["DATABASE_URL"], min_size=8, max_size=8, open=False, kwargs={"autocommit": True, "prepare_threshold": 0}
)


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    if pool.closed:
        await pool.open()
    path = scope["path"]
    if scope["method"] == "GET":
        status, answer = 200, await found(path)
    else:
        status, answer = await written(path, json.loads(await body_from(receive)))
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


async def found(path: str) -> bytes:
    read = READS[path]
    async with pool.connection() as connection:
        row = await (await connection.execute(read["sql"])).fetchone()
    text: bytes = cast("tuple[str]", row)[0].encode()
    return text[: read["size"]].ljust(read["size"])


async def body_from(receive: Any) -> bytes:
    body = b""
    while True:
        message = await receive()
        part: bytes = message.get("body", b"")
        body += part
        if not message.get("more_body"):
            return body


async def written(path: str, asked: dict[str, Any]) -> tuple[int, bytes]:
    if path == "/api/analytics/events":
        (event,) = asked["events"]
        properties = json.dumps(event["properties"])
        await execute(EVENT, event["id"], event["id"], event["name"], event["path"], properties)
        return 202, b'{"accepted":1}'
    _, _, kind, name, _ = path.split("/")
    if kind == "tutorials":
        await execute(PROGRESS, asked["user"], asked["fraction"], name)
    else:
        await execute(LIKE, asked["user"], name, name)
    return 200, b"{}"


async def execute(sql: str, *values: Any) -> None:
    async with pool.connection() as connection:
        await connection.execute(sql, values)
