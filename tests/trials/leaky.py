"""An application with a hole in each place in which something can be asked: for what looks for holes to find them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

import psycopg

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

# Address → what of the request it puts into its statement.
HOLES: dict[str, Callable[[WSGIEnvironment, bytes], Any]] = {
    "query": lambda environ, _: dict(parse_qsl(environ["QUERY_STRING"], keep_blank_values=True))["q"],
    "path": lambda environ, _: unquote(environ["PATH_INFO"].rpartition("/")[2]),
    "form": lambda _, body: dict(parse_qsl(body.decode(), keep_blank_values=True))["q"],
    "json": lambda _, body: json.loads(body)["texts"][0]["q"],
}


def leaky(**connection: Any) -> WSGIApplication:
    """The application, with its database; `connection` as psycopg takes it."""

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        hole = HOLES.get(environ["PATH_INFO"].split("/")[1])
        status, said = "200 OK", "sound"
        if hole:
            status, said = answer(str(hole(environ, body)), connection)
        start_response(status, [("Content-Type", "text/plain")])
        return [said.encode()]

    return application


def answer(asked: str, connection: dict[str, Any]) -> tuple[str, str]:
    statement = f"SELECT x FROM (VALUES ('one'), ('two')) AS v (x) WHERE x = '{asked}'"  # noqa: S608 - the hole
    try:
        with psycopg.connect(**connection) as conn:
            return "200 OK", f"{conn.execute(statement.encode()).fetchall()}"
    except (psycopg.Error, ValueError) as error:
        return "500 Internal Server Error", f"psycopg: {error}"
