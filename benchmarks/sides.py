"""What stands beside the platform in `scenarios.py`: limits, a floor and a peer, on the platform's own rows.

The peers have environments of their own, in `var/peers` of `benchmarks/requirements.txt` and in `var/next` of
`benchmarks/next_prisma`; without them nothing else is missing. Next.js serves itself, all others are served by granian,
one worker each; they end with the block.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cpu import bare, page_of, thread_of
from discussing import PREPARE
from events import running
from server import QUIETLY, ROOT, Served, connect, free_port, manage

from config.embedded import postgres_programs
from config.serving import THREADS, web_command

PEERS = ROOT / "var" / "peers"
LOCK = ROOT / "benchmarks" / "requirements.txt"
NEXT_BUILT, NEXT_SOURCE = ROOT / "var" / "next", ROOT / "benchmarks" / "next_prisma"
# Nothing of it asks anything of the network, but for npm. Prisma wants to fetch a program that only migrations need.
NEXT_QUIETLY = {
    "NEXT_TELEMETRY_DISABLED": "1",
    "CHECKPOINT_DISABLE": "1",
    "PRISMA_SCHEMA_ENGINE_BINARY": sys.executable,
    # While it is built there is nothing to connect to.
    "DATABASE_URL": "postgres://nobody@127.0.0.1/nothing",
}
LIST, TUTORIAL, TOPICS = "/api/tutorials", "/tutorials/retrieval-from-scratch/", "/community/"
TABLE = """
from django.db import connection
with connection.cursor() as cursor:
    for name in ("bare_events", "copied_events", "plain_events"):
        cursor.execute(f"DROP TABLE IF EXISTS {name}")
        cursor.execute(f"CREATE TABLE {name} (LIKE analytics_useranalytics INCLUDING ALL)")
"""
# The statements that the platform itself asks for each path, with their values in them, and the bytes of its answer.
STATEMENTS = """
import json
import psycopg
from django.db import connection
from django.test import Client
client = Client(SERVER_NAME="127.0.0.1")
found = {}
for path in PATHS:
    asked = []
    def note(execute, sql, params, many, context):
        asked.append((sql, params))
        return execute(sql, params, many, context)
    with connection.execute_wrapper(note):
        for _ in range(2):
            # The second time, what is kept is kept.
            asked.clear()
            # The first page as such is kept altogether; one whose size is said is not.
            answer = client.get(path, {"page_size": "20"} if path == "/api/tutorials" else {})
    cursor = psycopg.ClientCursor(connection.connection)
    found[path] = {"sql": [cursor.mogrify(*each) for each in asked], "size": len(answer.content)}
print(json.dumps(found))
"""
# The page of a tutorial has no one statement of its own: this is the least that it could be made of.
OF_TUTORIAL = """
SELECT tutorial.title, tutorial.summary, topic.name, progress.fraction, progress.block, tutorial.body_html
FROM tutorials_tutorial AS tutorial JOIN tutorials_topic AS topic ON topic.id = tutorial.topic_id
LEFT JOIN tutorials_tutorialprogress AS progress ON progress.tutorial_id = tutorial.id AND progress.user_id = 1
WHERE tutorial.slug = 'retrieval-from-scratch' AND tutorial.status = 'published'
"""
AS_JSON = "SELECT coalesce(json_agg(found), '[]')::text FROM ({}) AS found"
NGINX = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log error;
events {{ worker_connections 256; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 10000000; default_type text/html;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port}; root {folder}/static; }}
}}
"""


@dataclass(frozen=True)
class Next:
    port: int
    process: int


@dataclass(frozen=True)
class Sides:
    """Ports of what runs, None where it cannot; and what is asked of them."""

    platform: Served
    cookie: dict[str, str]
    thread: str
    post: int
    comments: str
    # A reader's own pages are as many bytes as these.
    plain_django: int
    fastapi: int | None
    next_prisma: Next | None
    bare_asgi: int
    bare_wsgi: int
    # Whose it is, its port and its path.
    static: tuple[str, int, str]
    # By path: what PostgreSQL alone is asked for it, in a file for pgbench.
    scripts: dict[str, Path]

    @property
    def program(self) -> str:
        """pgbench, of the same version as the server."""
        return f"{postgres_programs()}/pgbench"

    @property
    def database(self) -> list[str]:
        url = urlsplit(self.platform.environment["DATABASE_URL"])
        host = parse_qs(url.query).get("host", [url.hostname or ""])[0]
        return ["-h", host, "-U", str(url.username), url.path.lstrip("/")]


@contextmanager
def beside(platform: Served, folder: Path) -> Iterator[Sides]:
    manage(platform, TABLE)
    prepared = json.loads(manage(platform, PREPARE))
    thread, comments = prepared["thread"], f"{prepared['comments']}?page_size=50"
    post = int(prepared["comments"].split("/")[3])
    cookie = {"Cookie": prepared["cookie"]}
    one = f"/api/posts/{post}"
    asked = json.loads(manage(platform, STATEMENTS.replace("PATHS", repr([LIST, one, comments, TOPICS]))))
    read = {path.partition("?")[0]: as_json(asked[path]) for path in (LIST, one, comments)}
    scripts = write_scripts(folder, {path: each["sql"] for path, each in read.items()})
    pages = {path: page_of(platform, path, cookie) for path in (TUTORIAL, TOPICS, thread)}
    (folder / "static").mkdir()
    (folder / "static" / "tutorial.html").write_text(page_of(platform, TUTORIAL, {}))
    joined = {
        thread: thread_of(platform, pages[thread]),
        TUTORIAL: joined_rows(OF_TUTORIAL, pages[TUTORIAL]),
        TOPICS: joined_rows(asked[TOPICS]["sql"][-1], pages[TOPICS]),
    }
    with ExitStack() as stack:
        yield Sides(
            platform,
            cookie,
            thread,
            post,
            comments,
            plain_django=stack.enter_context(wsgi(platform, "plain_django:application")),
            fastapi=stack.enter_context(fastapi(platform)),
            next_prisma=stack.enter_context(next_prisma(platform)),
            bare_asgi=stack.enter_context(asgi(platform, sys.executable, "bare_asgi:application", READS=read)),
            bare_wsgi=stack.enter_context(bare(platform, joined)),
            static=stack.enter_context(static_files(platform, folder)),
            scripts=scripts,
        )


def as_json(asked: dict[str, Any]) -> dict[str, Any]:
    """One statement that finds the rows of all of these, as JSON that PostgreSQL makes."""
    found = [AS_JSON.format(sql) for sql in asked["sql"]]
    whole = found[0] if len(found) == 1 else f"SELECT {' || '.join(f'({each})' for each in found)}"
    return {"sql": whole, "size": asked["size"]}


def joined_rows(sql: str, page: str) -> dict[str, Any]:
    return {"sql": sql, "parameters": {}, "head": "", "foot": "", "size": len(page.encode()), "is_thread": False}


def write_scripts(folder: Path, statements: dict[str, str]) -> dict[str, Path]:
    insert = (
        "INSERT INTO bare_events (id, at, audience_id, name, subject, source, properties)"
        " VALUES (uuidv7(), now(), 1, 'page_view', '/pricing/', '', '{}')"
    )
    scripts = {}
    for number, (path, sql) in enumerate((statements | {"event": insert}).items()):
        scripts[path] = folder / f"{number}.sql"
        scripts[path].write_text(sql.replace("\n", " ") + ";\n")
    return scripts


@contextmanager
def wsgi(platform: Served, application: str, *options: str, workers: int = 1, of_ours: bool = False) -> Iterator[int]:
    """`of_ours`: it stands in the platform's own code, not among the benchmarks."""
    port = free_port()
    command = web_command(application, host="127.0.0.1", port=port, workers=workers, threads=THREADS)
    folder = ROOT if of_ours else ROOT / "benchmarks"
    with running(platform, *command, *QUIETLY, *options, port=port, folder=folder):
        yield port


@contextmanager
def asgi(platform: Served, python: str, application: str, *options: str, **values: Any) -> Iterator[int]:
    port = free_port()
    command = [python, "-m", "granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", str(port)]
    known = platform.environment | {name: json.dumps(value) for name, value in values.items()}
    with running(Served(platform.port, known), *command, "--workers", "1", *options, *QUIETLY, application, port=port):
        yield port


@contextmanager
def fastapi(platform: Served) -> Iterator[int | None]:
    if (python := peers()) is None:
        yield None
        return
    with asgi(platform, python, "plain_fastapi:application", "--loop", "uvloop") as port:
        yield port


def peers() -> str | None:
    """Python of the peer's environment, made anew if it is another than the lock says; None where it cannot be had."""
    python, known = PEERS / "bin" / "python", PEERS / "requirements.txt"
    if known.exists() and known.read_bytes() == LOCK.read_bytes():
        return str(python)
    uv = str(Path(sys.executable).with_name("uv"))
    for command in (
        [uv, "venv", "-q", "--clear", "--python", sys.executable, str(PEERS)],
        [uv, "pip", "install", "-q", "--python", str(python), "--require-hashes", "-r", str(LOCK)],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        if done.returncode:
            print(f"FastAPI and SQLAlchemy are left out, they cannot be installed: {done.stderr.strip()[-300:]}")
            return None
    shutil.copy(LOCK, known)
    return str(python)


@contextmanager
def next_prisma(platform: Served) -> Iterator[Next | None]:
    if not next_is_built():
        yield None
        return
    port = free_port()
    command = ["node", "node_modules/next/dist/bin/next", "start", "--hostname", "127.0.0.1", "--port", str(port)]
    known = Served(platform.port, platform.environment | {"NEXT_TELEMETRY_DISABLED": "1"})
    with running(known, *command, port=port, folder=NEXT_BUILT) as process:
        yield Next(port, process)


def next_is_built() -> bool:
    """Whether Next.js with Prisma is in its folder, made anew if that is of another source; not where npm is not."""
    files = sorted(path for path in NEXT_SOURCE.rglob("*") if path.is_file())
    source, built = sha256(b"".join(path.read_bytes() for path in files)).hexdigest(), NEXT_BUILT / "built-of"
    if built.exists() and built.read_text() == source:
        return True
    if shutil.which("npm") is None:
        print("Next.js and Prisma are left out: there is no npm")
        return False
    shutil.rmtree(NEXT_BUILT, ignore_errors=True)
    shutil.copytree(NEXT_SOURCE, NEXT_BUILT)
    for command in (
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        ["npx", "prisma", "generate", "--schema", "prisma/schema.prisma"],
        ["npx", "next", "build"],
    ):
        done = subprocess.run(
            command,
            cwd=NEXT_BUILT,
            env=os.environ | NEXT_QUIETLY,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        if done.returncode:
            print(f"Next.js and Prisma are left out, {command[1]} failed: {done.stderr.strip()[-300:]}")
            return False
    built.write_text(source)
    return True


@contextmanager
def static_files(platform: Served, folder: Path) -> Iterator[tuple[str, int, str]]:
    """The page of a tutorial as a file: by nginx, or else by granian."""
    if (nginx := shutil.which("nginx")) is None:
        options = ("--static-path-route", "/static", "--static-path-mount", str(folder / "static"))
        with wsgi(platform, "plain_django:application", *options) as port:
            yield "granian, static file", port, "/static/tutorial.html"
        return
    port = free_port()
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
    process = subprocess.Popen([nginx, "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")])
    try:
        connect(port).close()
        yield "nginx, static file", port, "/tutorial.html"
    finally:
        process.terminate()
        process.wait()
