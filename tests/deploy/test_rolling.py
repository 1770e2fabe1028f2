"""A release comes in while people are at it: no request fails, nothing acknowledged is lost (`make roll`)."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.config.processes import wait_until
from tests.deploy.people import Notes, at_it, commenting, counting, reading, signing_in
from tests.deploy.stage import NGINX, Stage, staged

pytestmark = [
    pytest.mark.rolling,
    pytest.mark.skipif(NGINX is None, reason="no nginx; on Debian: apt install nginx-light"),
]
WEB = ("web@1", "web@2")
# In the order of the release scripts.
ALL = ("worker@1", "events@1", *WEB, "beat")
PEOPLE = """
import json
from community.models import Category
from tests.community.members import make_post
from tests.factories import make_user
people = [make_user(email=f"person-{number}@learn.example") for number in range(7)]
category = Category.objects.create(slug="prompting", name="Prompting")
print(json.dumps(make_post(author=people[0], category=category).pk))
"""


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """A site as docs/deploy.md makes it."""
    with tempfile.TemporaryDirectory(prefix="how-to-ai-stage-") as folder:
        Path(folder).chmod(0o711)
        with staged(Path(folder) / "server") as stage:
            assert "System check identified no issues" in stage.manage("check", "--deploy", "--fail-level", "WARNING")
            stage.collect_static_files()
            stage.manage("migrate", "--noinput")
            known = {"DJANGO_SUPERUSER_PASSWORD": "correct horse battery staple"}
            stage.manage("createsuperuser", "--noinput", "--email", "first@learn.example", **known)
            stage.manage("import_tutorials", "tutorials/content", "--author", "first@learn.example")
            with stage.proxied():
                for unit in ALL:
                    stage.start(unit)
                for unit in WEB:
                    stage.wait_until_ready(unit)
                yield stage


def roll(stage: Stage, unit: str) -> None:
    assert stage.stop(unit) == 0, stage.said(unit)
    stage.start(unit)
    if unit in WEB:
        stage.wait_until_ready(unit)


def widen_all_tables(url: str) -> None:
    """As migrations of a next release may, with their limit for locks; and it is noted that they ran.

    Statements are prepared in every process by now: one that asked for all columns would fail (`cached plan must not
    change result type`), and so would a COPY that names none.
    """
    options = "-c lock_timeout=5s"
    with psycopg.connect(url, autocommit=True, options=options) as connection:
        tables = connection.execute(
            "SELECT c.oid::regclass::text FROM pg_class c WHERE relnamespace = 'public'::regnamespace"
            " AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1"
        ).fetchall()
        assert len(tables) > 80
        for (table,) in tables:
            connection.execute(f"ALTER TABLE {table} ADD COLUMN of_the_next_release integer".encode())
        connection.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('tutorials', '9999_of_the_next_release', now())"
        )


def test_nobody_notices_a_rolling_restart(stage: Stage) -> None:
    post = json.loads(stage.manage("shell", "--no-imports", "-c", PEOPLE))
    notes = Notes()
    pages = ["/", "/tutorials/", "/tutorials/prompting-that-works/", "/community/", "/api/tutorials", "/pricing/"]
    with at_it(
        stage,
        notes,
        reading(pages),
        reading(list(reversed(pages))),
        signing_in("person-0@learn.example"),
        commenting([f"person-{number}@learn.example" for number in (1, 2, 3)], post),
        commenting([f"person-{number}@learn.example" for number in (4, 5, 6)], post),
        counting(),
        counting(),
    ):
        # All are under way.
        kinds = {"page", "static file", "sign-in", "comment", "like", "batch of events"}
        assert wait_until(lambda: kinds <= set(notes.answers) or bool(notes.amiss), 60), notes
        # The release that comes brings columns that the one before does not know.
        widen_all_tables(stage.configuration["DATABASE_URL"])
        for unit in ALL:
            roll(stage, unit)
        # And once more, since luck may have been with us.
        for unit in WEB:
            roll(stage, unit)
        before = notes.answers.copy()
        assert wait_until(lambda: all(notes.answers[kind] > before[kind] for kind in kinds) or bool(notes.amiss), 60)
    print(dict(notes.answers), f"slowest {notes.slowest:.2f} s")  # noqa: T201 - the figures of `make roll`
    assert notes.amiss == []
    with psycopg.connect(stage.configuration["DATABASE_URL"]) as connection:
        # Each comment once, and none of which nobody was told.
        written = connection.execute("SELECT body FROM community_comment").fetchall()
        assert sorted(body for (body,) in written) == sorted(notes.comments)

    def counted() -> set[str]:
        with psycopg.connect(stage.configuration["DATABASE_URL"]) as connection:
            rows = connection.execute("SELECT id::text FROM analytics_useranalytics WHERE subject = 'copy_code'")
            return {event for (event,) in rows}

    assert wait_until(lambda: counted() == notes.events, 60), (len(counted()), len(notes.events))


def test_the_proxy_ends_tls_packs_and_keeps_static_files(stage: Stage) -> None:
    with httpx.Client(base_url=stage.url, verify=stage.trust(), headers={"Accept-Encoding": "gzip"}) as client:
        page = client.get("/tutorials/")
        assert page.status_code == 200
        assert page.headers["Content-Encoding"] == "gzip"
        assert "max-age=63072000" in page.headers["Strict-Transport-Security"]
        name = page.text.split('href="/static/css/', 1)[1].split('"', 1)[0]
        style = client.get(f"/static/css/{name}")
        assert style.headers["Content-Encoding"] == "gzip"
        assert style.headers["Cache-Control"] == "max-age=315360000, public, immutable"
        assert style.headers["Content-Type"] == "text/css; charset=utf-8"
        # Answers of the API may hold tokens.
        assert "Content-Encoding" not in client.get("/api/tutorials").headers
        assert client.get("/static/css/nothing.css").status_code == 404
        # What a client claims of its connection is not believed: by plain HTTP this would be a redirect.
        assert client.get("/pricing/", headers={"X-Forwarded-Proto": "http"}).status_code == 200
        too_large = client.post("/api/analytics/events", content=b" " * 9_000_000)
        assert (too_large.status_code, too_large.json()["code"]) == (413, "content_too_large")
        # Only what the proxy answers itself gets the headers there; an answer of the platform has each once.
        for answer in (page, style, too_large, client.get("/api/posts"), client.get("/nginx/400/api")):
            assert answer.headers.get_list("X-Content-Type-Options") == ["nosniff"], answer.url
            assert len(answer.headers.get_list("X-Request-ID")) == 1
        # Addresses under which the proxy finds its own answers are nobody else's.
        assert client.get("/nginx/503/page").status_code == 404
    plain = httpx.get(f"http://localhost:{stage.http}/tutorials/?q=a")
    assert (plain.status_code, plain.headers["Location"]) == (301, "https://localhost/tutorials/?q=a")


def test_where_no_server_is_there_the_proxy_says_so(stage: Stage) -> None:
    """Also the proof that a request which fails is noticed by the test above."""
    notes = Notes()
    for unit in WEB:
        assert stage.stop(unit) == 0
    try:
        with at_it(stage, notes, reading(["/"])):
            assert wait_until(lambda: len(notes.amiss) > 1)
        with httpx.Client(base_url=stage.url, verify=stage.trust()) as client:
            page, api = client.get("/"), client.get("/api/tutorials")
    finally:
        for unit in WEB:
            stage.start(unit)
    assert (page.status_code, page.headers["Retry-After"]) == (503, "30")
    assert "One moment, please" in page.text
    assert (api.status_code, api.headers["Content-Type"]) == (503, "application/problem+json")
    assert (api.json()["status"], api.json()["instance"]) == (503, "/api/tutorials")
    assert api.json()["request_id"] == api.headers["X-Request-ID"]
    assert page.headers["X-Frame-Options"] == api.headers["X-Frame-Options"] == "DENY"
    for unit in WEB:
        stage.wait_until_ready(unit)
