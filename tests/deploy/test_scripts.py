"""The scripts of deploy/compose do what they say, in order; a stand-in for `docker` writes down what it is told."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from tests.deploy.files import DEPLOY

DOCKER = '#!/bin/sh\necho "$IMAGE|$*" >> "$(dirname "$0")/../told"\ncase "$*" in *"$FAILING"*) exit 1 ;; esac\n'
NONE = "no command has this in it"


class Server:
    """A folder with the scripts, the configuration, and the stand-in on the path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "bin").mkdir()
        docker = folder / "bin" / "docker"
        docker.write_text(DOCKER)
        docker.chmod(0o755)
        for script in ("release", "certificate"):
            shutil.copy(DEPLOY / "compose" / script, folder / script)
        self.configuration = folder / ".env"
        self.configuration.write_text("ALLOWED_HOSTS=learn.example\nIMAGE=how-to-ai:0.1.0\n")
        self.configuration.chmod(0o600)

    def run(self, script: str, *arguments: str, failing: str = NONE) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", "FAILING": failing}
        command = [str(self.folder / script), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def told(self) -> list[str]:
        """What Compose was to do, with which image."""
        lines = (self.folder / "told").read_text().splitlines()
        return [line.replace("|compose ", " ", 1) for line in lines if "|compose " in line]


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


def up(service: str) -> str:
    return f"how-to-ai:0.2.0 up --detach --no-deps --wait --wait-timeout 120 {service}"


ALL = [up(service) for service in ("worker", "events", "web-1", "web-2", "beat", "wal")]
STATIC = "how-to-ai:0.2.0 run --rm --no-deps static"


def test_a_release_migrates_and_replaces_one_after_the_other_workers_first(server: Server) -> None:
    done = server.run("release", "how-to-ai:0.2.0")
    assert (done.returncode, done.stdout) == (0, "how-to-ai:0.2.0 is in service.\n")
    assert server.told() == [STATIC, "how-to-ai:0.2.0 run --rm migrate", *ALL]
    # What starts after a power cut is the new one, and secrets stay secret.
    assert server.configuration.read_text() == "ALLOWED_HOSTS=learn.example\nIMAGE=how-to-ai:0.2.0\n"
    assert stat.S_IMODE(server.configuration.stat().st_mode) == 0o600


def test_the_way_back_leaves_the_database_as_it_is(server: Server) -> None:
    assert server.run("release", "--back", "how-to-ai:0.2.0").returncode == 0
    assert server.told() == [STATIC, *ALL]


def test_a_migration_that_fails_ends_a_release_before_anything_is_replaced(server: Server) -> None:
    assert server.run("release", "how-to-ai:0.2.0", failing="run --rm migrate").returncode == 1
    assert server.told()[-1] == "how-to-ai:0.2.0 run --rm migrate"
    assert server.configuration.read_text() == "ALLOWED_HOSTS=learn.example\nIMAGE=how-to-ai:0.1.0\n"


def test_a_server_that_is_not_ready_ends_a_release_before_the_next_is_replaced(server: Server) -> None:
    assert server.run("release", "how-to-ai:0.2.0", failing="web-1").returncode == 1
    assert server.told()[-1] == up("web-1")


def test_a_release_without_a_name_is_asked_for(server: Server) -> None:
    done = server.run("release")
    assert done.returncode != 0
    assert "say which image" in done.stderr
    assert not (server.folder / "told").exists()


def test_the_first_certificate_is_made_where_the_proxy_looks_for_it(server: Server) -> None:
    assert server.run("certificate", "learn.example", "me@learn.example").returncode == 0
    assert server.run("certificate", "--self-signed", "localhost").returncode == 0
    said = (server.folder / "told").read_text()
    assert "--cert-name how-to-ai --domain 'learn.example' --email 'me@learn.example'" in said
    assert "/etc/letsencrypt/live/how-to-ai/fullchain.pem" in said
    assert server.run("certificate").returncode != 0
