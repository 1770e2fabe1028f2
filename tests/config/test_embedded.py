"""The embedded servers live exactly as long as somebody uses them, however that ends."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from config.embedded import Place, ServiceError
from config.env import BASE_DIR
from tests.config.processes import named, processes_of, wait_until

USE = """
import os, sys
from pathlib import Path
from config.embedded import Place
with Place(Path(os.environ["HOME_OF_SERVERS"]), throwaway=True).attached():
    print("attached", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not tmp_path: that lies in a folder which only its owner may enter."""
    path = Path(tempfile.mkdtemp(prefix="how-to-ai-embedded-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def home(folder: Path) -> Iterator[Path]:
    yield folder / "var"
    assert wait_until(lambda: processes_of(folder) == []), "the servers outlived their users"


def query(place: Place, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(
        place.urls["DATABASE_URL"].replace("postgres://", "postgresql://"), autocommit=True
    ) as session:
        cursor = session.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def another_user(home: Path) -> subprocess.Popen[str]:
    user = start_user(home)
    assert user.stdout is not None
    assert user.stdout.readline() == "attached\n"
    return user


def start_user(home: Path) -> subprocess.Popen[str]:
    # By the environment, so that this process is not taken for one of the servers.
    return subprocess.Popen(
        [sys.executable, "-c", USE],
        cwd=BASE_DIR,
        env=os.environ | {"HOME_OF_SERVERS": str(home)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def leave(user: subprocess.Popen[str]) -> None:
    user.communicate()


def test_both_servers_answer_and_the_data_survives(home: Path) -> None:
    place = Place(home)
    with place.attached() as urls:
        assert query(place, "SHOW server_version")[0][0].__str__().startswith("18.")
        query(place, "CREATE TABLE kept AS SELECT 7 AS number")
        with redis.Redis.from_url(urls["REDIS_URL"]) as store:
            store.set("kept", "seven")
    assert wait_until(lambda: processes_of(home) == [])
    with Place(home).attached() as urls:
        assert query(place, "SELECT number FROM kept") == [(7,)]
        with redis.Redis.from_url(urls["REDIS_URL"]) as store:
            assert store.get("kept") == b"seven"


def test_the_last_user_turns_off_the_light(home: Path) -> None:
    place = Place(home, throwaway=True)
    with place.attached():
        other = another_user(home)
        keeper = named(home, "embedded.py")
    # We started the keeper, and it goes on for the other's sake.
    assert keeper.is_running()
    assert query(place, "SELECT 1") == [(1,)]
    leave(other)


def test_a_killed_user_leaves_nothing_behind(home: Path) -> None:
    user = another_user(home)
    user.kill()
    user.communicate()
    assert wait_until(lambda: processes_of(home) == [])


def test_a_killed_starter_does_not_take_the_start_along(home: Path) -> None:
    """Ctrl-C during the first start, and at once again: the second waits for the servers."""
    impatient = start_user(home)
    assert wait_until(lambda: (home / "run" / "keeper.lock").exists() and bool(processes_of(home)))
    impatient.kill()
    impatient.communicate()
    place = Place(home, throwaway=True)
    with place.attached():
        assert query(place, "SELECT 1") == [(1,)]


def test_a_killed_keeper_takes_its_servers_along(home: Path) -> None:
    user = another_user(home)
    named(home, "embedded.py").kill()
    assert wait_until(lambda: processes_of(home) == [])
    leave(user)


def test_everything_that_is_killed_at_once_is_there_at_the_next_start(home: Path) -> None:
    """Though the kernel has not put all of it away yet: the process in PostgreSQL's lock file may still be listed."""
    with Place(home).attached():
        query(Place(home), "CREATE TABLE kept AS SELECT 7 AS number")
        for process in processes_of(home):
            process.kill()
        place = Place(home)
        # Until then it holds the lock that says that all is ready.
        assert wait_until(lambda: not place.keeper_is_alive())
        place.ensure()
        assert query(place, "SELECT number FROM kept") == [(7,)]


@pytest.mark.parametrize("name", ["postgres", "valkey"])
def test_a_killed_server_is_started_again_and_reported(home: Path, name: str) -> None:
    place = Place(home, throwaway=True)
    with place.attached():
        next(each for each in processes_of(home) if each.name().startswith(name)).kill()
        log = home / "logs" / "keeper.log"
        assert wait_until(lambda: f"{name} ended (SIGKILL); starting it again" in log.read_text())

        def answers() -> bool:
            try:
                with redis.Redis.from_url(place.urls["REDIS_URL"]) as store:
                    return bool(store.ping()) and query(place, "SELECT 1") == [(1,)]
            except (psycopg.OperationalError, redis.ConnectionError):
                return False

        assert wait_until(answers)


def test_a_path_too_long_for_a_socket_is_no_obstacle(folder: Path, home: Path) -> None:
    long_home = folder / ("a-rather-long-name-" * 6) / "var"
    place = Place(long_home, throwaway=True)
    with place.attached():
        assert query(place, "SELECT 1") == [(1,)]
        assert len(str(place.sockets)) < 80
    shutil.rmtree(place.sockets)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the servers as somebody else")
def test_root_may_keep_its_clone_where_nobody_else_may_go(folder: Path, home: Path) -> None:
    folder.chmod(0o700)
    place = Place(home)
    with place.attached():
        query(place, "CREATE TABLE kept AS SELECT 7 AS number")
        assert (home / "postgres").is_symlink()
        assert named(place.data, "bin/postgres -D").username() == "nobody"
    with Place(home).attached():
        assert query(place, "SELECT number FROM kept") == [(7,)]
    assert place.relocated is not None
    shutil.rmtree(place.relocated)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the servers as somebody else")
def test_a_strict_umask_is_no_obstacle_to_root(folder: Path, home: Path) -> None:
    folder.chmod(0o700)
    before = os.umask(0o077)
    place = Place(home, throwaway=True)
    try:
        with place.attached():
            assert query(place, "SELECT 1") == [(1,)]
    finally:
        os.umask(before)
    assert place.relocated is not None
    shutil.rmtree(place.relocated)


def test_nobody_but_the_owner_may_come_near(home: Path) -> None:
    place = Place(home, throwaway=True)
    with place.attached():
        assert place.sockets.stat().st_mode & 0o777 == 0o700
        assert (home / "postgres").stat().st_mode & 0o777 == 0o700
        rules = (home / "postgres" / "pg_hba.conf").read_text()
        assert "trust" not in rules
        assert {line.split()[3] for line in rules.splitlines()} == {"peer"}


def test_data_of_another_version_is_refused_in_words(home: Path) -> None:
    with Place(home, throwaway=True).attached():
        pass
    (home / "postgres" / "PG_VERSION").write_text("15\n")
    with pytest.raises(ServiceError, match="belongs to PostgreSQL 15, this is 18"), Place(home).attached():
        pass


def test_a_half_made_cluster_is_made_again(home: Path) -> None:
    (home / "postgres.new").mkdir(parents=True)
    (home / "postgres.new" / "rest").touch()
    with Place(home, throwaway=True).attached():
        assert (home / "postgres" / "PG_VERSION").exists()


def test_ending_by_signal_stops_the_servers_cleanly(home: Path) -> None:
    user = another_user(home)
    named(home, "embedded.py").send_signal(signal.SIGTERM)
    assert wait_until(lambda: processes_of(home) == [])
    assert "database system is shut down" in (home / "logs" / "postgres.log").read_text()
    leave(user)
