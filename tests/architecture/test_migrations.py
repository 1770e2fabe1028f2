"""A migration runs while the release before is answering, so what it may do is little (docs/deploy.md, Releases)."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

SQUAWK = shutil.which("squawk", path=str(Path(__file__).resolve().parents[2] / ".venv" / "bin")) or shutil.which(
    "squawk"
)
OURS = ("ops", "community", "tutorials", "billing", "accounts", "analytics", "djstripe")
# The last of each app that is run while the platform stands still (CHANGELOG, What an update asks of operators): they
# were made for empty databases. Those after them run beside the traffic.
LAST_AT_REST = {
    "accounts": "0008_browser_sessions",
    "analytics": "0002_dead_letters",
    "billing": "0007_copies_and_contents",
    "community": "0005_notifications_by_time",
    "djstripe": "0001_initial",
    "ops": "0006_physical_backups",
    "tutorials": "0006_readable_lines",
}
# Matters of taste, and what the settings do for every statement (lock_timeout).
TASTE = re.compile(r"prefer-|require-(lock|statement)-timeout|require-timeout-settings|ban-char-field")
# The last step of a change that was begun some releases ago: (app, migration) → (rule, since when nothing needs it).
MEANT: dict[tuple[str, str], tuple[str, str]] = {}

pytestmark = pytest.mark.django_db


def younger() -> list[tuple[str, str]]:
    """Than those that are run while the platform stands still."""
    nodes = MigrationLoader(connection).graph.nodes
    return sorted((app, name) for app, name in nodes if app in OURS and name > LAST_AT_REST[app])


def sql_of(app: str, name: str) -> str:
    call_command("sqlmigrate", app, name, stdout=(written := StringIO()), no_color=True)
    return written.getvalue()


def amiss_in(sql: str) -> set[str]:
    """The rules of squawk's that this breaks, but for taste."""
    assert SQUAWK is not None
    command = [SQUAWK, "--reporter", "json", "--pg-version", "16.0", "--stdin-filepath", "migration.sql"]
    done = subprocess.run(command, input=sql, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    rules = {each["rule_name"] for each in json.loads(done.stdout or "[]")}
    return {rule for rule in rules if not TASTE.match(rule)}


# Around an index that is built beside the traffic there may be no transaction, not even to ask for its SQL.
@pytest.mark.django_db(transaction=True)
def test_a_migration_does_nothing_that_the_release_before_or_its_traffic_would_notice() -> None:
    found = {(app, name): amiss_in(sql_of(app, name)) for app, name in younger()}
    unexpected = {which: rules - {MEANT.get(which, ("", ""))[0]} for which, rules in found.items()}
    assert {which: rules for which, rules in unexpected.items() if rules} == {}


def test_some_are_read() -> None:
    assert {("analytics", "0003_journeys"), ("community", "0007_untold_likes")} <= set(younger())


def test_what_was_meant_is_still_there() -> None:
    assert set(MEANT) <= set(younger())


def test_the_last_ones_at_rest_are_of_all_apps_and_there() -> None:
    nodes = set(MigrationLoader(connection).graph.nodes)
    assert set(LAST_AT_REST) == set(OURS)
    assert set(LAST_AT_REST.items()) <= nodes


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ('CREATE INDEX "a" ON "community_post" ("title");', "require-concurrent-index-creation"),
        ('ALTER TABLE "community_post" ADD COLUMN "a" integer NOT NULL;', "adding-required-field"),
        ('ALTER TABLE "community_post" DROP COLUMN "title";', "ban-drop-column"),
        ('ALTER TABLE "community_post" RENAME COLUMN "title" TO "name";', "renaming-column"),
        (
            'ALTER TABLE "community_post" ALTER COLUMN "title" TYPE integer USING "title"::integer;',
            "changing-column-type",
        ),
        ('ALTER TABLE "community_post" ALTER COLUMN "title" SET NOT NULL;', "adding-not-nullable-field"),
        ('ALTER TABLE "community_post" ADD CONSTRAINT "a" CHECK ("id" > 0);', "constraint-missing-not-valid"),
        ('DROP TABLE "community_post";', "ban-drop-table"),
    ],
)
def test_what_must_not_be_is_found(sql: str, rule: str) -> None:
    assert rule in amiss_in(sql)


@pytest.mark.parametrize(
    "sql",
    [
        'CREATE INDEX CONCURRENTLY "a" ON "community_post" ("title");',
        'ALTER TABLE "community_post" ADD COLUMN "a" integer NULL;',
        'ALTER TABLE "community_post" ADD COLUMN "a" integer DEFAULT 0 NOT NULL;',
        'ALTER TABLE "community_post" ADD CONSTRAINT "a" CHECK ("id" > 0) NOT VALID;',
        'CREATE TABLE "new" ("id" bigint PRIMARY KEY); CREATE INDEX "a" ON "new" ("id");',
    ],
)
def test_what_may_be_is_let_through(sql: str) -> None:
    assert amiss_in(f"BEGIN;\n{sql}\nCOMMIT;" if "CONCURRENTLY" not in sql else sql) == set()


def test_early_migrations_which_ran_on_empty_tables_would_not_pass_today() -> None:
    """From Django's operations to the rule. The second adds a column with a default that only its own code knows."""
    assert amiss_in(sql_of("community", "0005_notifications_by_time")) == {"require-concurrent-index-creation"}
    assert "ban-drop-default" in amiss_in(sql_of("accounts", "0006_erasure_files"))
