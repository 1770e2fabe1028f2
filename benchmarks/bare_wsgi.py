"""A thread page as one SQL statement and joined strings, on a bare WSGI app: what Python needs for it at the least.

Served by granian with the settings of the platform's (`cpu.py`), with the platform's own statement and as many bytes,
as the rules in `shared/notes/performance.md` have it. What stands before and after the comments is there already; there
is no session, no sign-in, no choice of what to show and no template. DATABASE_URL says which database, THREAD is JSON
with `sql`, `parameters`, `head` and `foot`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from html import escape
from typing import Any

from psycopg_pool import ConnectionPool

THREAD = json.loads(os.environ["THREAD"])

pool = ConnectionPool(
    os.environ["DATABASE_URL"], min_size=1, max_size=8, open=True, kwargs={"autocommit": True, "prepare_threshold": 1}
)


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    with pool.connection() as connection:
        rows = connection.execute(THREAD["sql"], THREAD["parameters"]).fetchall()
    body = "".join([THREAD["head"], *(comment(*row) for row in rows[1:]), THREAD["foot"]]).encode()
    headers = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))]
    start_response("200 OK", headers)
    return [body]


def comment(
    thread: int,
    number: int,
    parent: int | None,
    state: str,
    html: str,
    created_at: int,
    edited_at: int | None,
    likes: int,
    author: int | None,
    handle: str | None,
    name: str | None,
    liked: bool,
    more: None,
) -> str:
    at = datetime.fromtimestamp(created_at // 1_000_000, UTC)
    who = f'<a href="/u/{handle}/">{escape(name or "")}</a>' if handle else "<span>Former member</span>"
    return (
        f'<article class="comment{" comment--reply" if parent else ""}" id="c{number}">\n<p class="by">{who}'
        f' <a href="/community/comments/{number}/"><time datetime="{at:%Y-%m-%dT%H:%MZ}"'
        f' title="{at:%d %B %Y, %H:%M}">{at:%d %b %Y}</time></a></p>\n\n<div class="prose">{html}</div>\n'
        f'<p class="acts"><button class="like" form="acts" formaction="/community/comments/{number}/like/"'
        f' name="liked" value="{int(not liked)}" aria-pressed="{"true" if liked else "false"}">'
        f"{f'{likes} likes' if likes else 'Like'}</button>"
        f' <a href="/community/comments/{number}/reply/">Reply</a>'
        f' <a href="/community/comments/{number}/report/">Report</a></p>\n</article>\n\n'
    )
