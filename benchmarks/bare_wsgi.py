"""A thread page as one SQL statement and joined strings, on a bare WSGI app: what Python needs for it at the least.

Served by granian with the settings of the platform's (`cpu.py`); DATABASE_URL says which database. There is no
session, no sign-in and no template here: the bytes of a page like the platform's, from the same tables.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from datetime import datetime
from html import escape
from typing import Any

from psycopg_pool import ConnectionPool

# One row per part of the page: id, HTML that was rendered when it was written, handle, name, date, likes, and whether
# the reader is among those who like it. The first row is the post.
THREAD = """
    (
        SELECT post.id, post.body_html, profile.handle, person.name, post.created_at, post.likes_count,
            EXISTS (SELECT FROM community_like WHERE post_id = post.id AND user_id = 1)
        FROM community_post AS post
        LEFT JOIN accounts_user AS person ON person.id = post.author_id
        LEFT JOIN accounts_profile AS profile ON profile.user_id = post.author_id
        WHERE post.id = %(post)s
    ) UNION ALL (
        SELECT comment.id, comment.body_html, profile.handle, person.name, comment.created_at, comment.likes_count,
            EXISTS (SELECT FROM community_like WHERE comment_id = comment.id AND user_id = 1)
        FROM community_comment AS comment
        LEFT JOIN accounts_user AS person ON person.id = comment.author_id
        LEFT JOIN accounts_profile AS profile ON profile.user_id = comment.author_id
        WHERE comment.post_id = %(post)s AND comment.state = 'published'
        ORDER BY COALESCE(comment.parent_id, comment.id), comment.id LIMIT 50
    )
"""
HEAD = "<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>Thread</title></head><body><main>"
FOOT = "</main></body></html>"

pool = ConnectionPool(
    os.environ["DATABASE_URL"], min_size=1, max_size=8, open=True, kwargs={"autocommit": True, "prepare_threshold": 1}
)


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    number = int(environ["PATH_INFO"].strip("/").rpartition("/")[2])
    with pool.connection() as connection:
        rows = connection.execute(THREAD, {"post": number}).fetchall()
    body = "".join([HEAD, *(part(*row) for row in rows), FOOT]).encode()
    headers = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))]
    start_response("200 OK", headers)
    return [body]


def part(number: int, html: str, handle: str | None, name: str, at: datetime, likes: int, liked: bool) -> str:
    who = f'<a href="/u/{handle}/">{escape(name or handle)}</a>' if handle else "<span>Former member</span>"
    return (
        f'<article class="comment" id="c{number}"><p class="by">{who} <a href="/community/comments/{number}/">'
        f'<time datetime="{at:%Y-%m-%dT%H:%MZ}" title="{at:%d %B %Y, %H:%M}">{at:%d %b %Y}</time></a></p>'
        f'<div class="prose">{html}</div><p class="acts"><button class="like" form="acts"'
        f' formaction="/community/comments/{number}/like/" name="liked" value="{int(not liked)}"'
        f' aria-pressed="{"true" if liked else "false"}">{f"{likes} likes" if likes else "Like"}</button>'
        f' <a href="/community/comments/{number}/reply/">Reply</a>'
        f' <a href="/community/comments/{number}/report/">Report</a></p></article>'
    )
