"""A PostgreSQL server that has nothing but our tables, for what copies all of a server's files.

The one of the whole test run has the databases and the log of all other tests, which would be copied each time.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection

from config.embedded import Place
from config.env import database_from
from ops.gateways.backups import server
from ops.services.backups import restoring


@pytest.fixture(scope="session")
def small_cluster() -> Iterator[str]:
    """Its DATABASE_URL. The database has the name that the tests' template has, and is as migrations leave it."""
    with tempfile.TemporaryDirectory(prefix="how-to-ai-small-") as folder:
        Path(folder).chmod(0o711)
        with Place(Path(folder) / "var", throwaway=True).attached() as urls:
            url = urls["DATABASE_URL"]
            programs, source = Path(settings.PG_BIN), os.environ["DATABASE_URL"]
            template = urlsplit(source)._replace(path=f"/{os.environ['TEST_DATABASE_TEMPLATE']}").geturl()
            with subprocess.Popen([programs / "pg_dump", "-Fc", "-Z0", "-d", template], stdout=subprocess.PIPE) as dump:
                subprocess.run([programs / "pg_restore", "--exit-on-error", "-d", url], stdin=dump.stdout, check=True)
            yield url


@pytest.fixture
def small_server(transactional_db: None, small_cluster: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Django works with it. To be named before other fixtures, which then make their databases there."""
    there = database_from(small_cluster)
    here = {key: connection.settings_dict[key] for key in ("NAME", "OPTIONS")}
    system = system_identifier()
    restoring.disconnect()
    connection.settings_dict.update(NAME=there["NAME"], OPTIONS=here["OPTIONS"] | there["OPTIONS"])
    monkeypatch.setenv("DATABASE_URL", small_cluster)
    assert system_identifier() != system
    yield
    restoring.disconnect()
    connection.settings_dict.update(here)
    assert system_identifier() == system


def system_identifier() -> int:
    with server.connected() as conn:
        return int(server.one(conn, "SELECT system_identifier FROM pg_control_system()"))
