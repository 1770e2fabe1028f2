"""Pages as one SQL statement and joined strings, on a bare WSGI app: what Python needs for them at the least.

Served by granian with the settings of the platform's (`cpu.py`, `scenarios.py`), with the platform's own statement and
as many bytes, as the rules in `shared/notes/performance.md` have it. What stands before and after the rows is there
already; there is no session, no sign-in, no choice of what to show and no template. DATABASE_URL says which database,
PAGES is JSON: for each path `sql`, `parameters`, `head` and `foot`, and `size` where the answer is to have so many
bytes; `is_thread`, where the rows are those of a thread.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from html import escape
from typing import Any

from psycopg_pool import ConnectionPool

PAGES = json.loads(os.environ["PAGES"])

pool = ConnectionPool(
    os.environ["DATABASE_URL"], min_size=1, max_size=8, open=True, kwargs={"autocommit": True, "prepare_threshold": 1}
)


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    page = PAGES[environ["PATH_INFO"]]
    with pool.connection() as connection:
        rows = connection.execute(page["sql"], page["parameters"] or None).fetchall()
    # The first row of a thread is the post, which stands in the head.
    items = (comment(*row) for row in rows[1:]) if page["is_thread"] else map(item, rows)
    body = "".join([page["head"], *items, page["foot"]]).encode()
    if size := page.get("size"):
        body = body[:size].ljust(size)
    headers = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))]
    start_response("200 OK", headers)
    return [body]


def item(row: tuple[Any, ...]) -> str:
    return "<article>" + "".join([f"<p>{column}</p>" for column in row]) + "</article>\n"


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
