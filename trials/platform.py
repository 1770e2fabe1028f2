"""The platform as `manage.py up` runs it in production, in a folder of its own, with stand-ins for what is outside."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from pyrage import x25519

from config.embedded import Place, die_with_parent
from config.env import BASE_DIR
from config.serving import web_command
from config.stand_in import assume_stand_in

# Collecting static files takes most of it.
START_SECONDS = 240.0
STOP_SECONDS = 30.0
LOGS = BASE_DIR / "var" / "trials"


class Postbox:
    """A mail server that keeps of each mail its id and to whom it went."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str]] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        content = envelope.content or b""
        text = content.decode(errors="replace") if isinstance(content, bytes) else content
        ids = [line.split(":", 1)[1].strip() for line in text.splitlines() if line.lower().startswith("message-id:")]
        self.taken += [(identity, to) for identity in ids[:1] for to in envelope.rcpt_tos]
        return "250 Taken"

    def doubled(self) -> int:
        return len(self.taken) - len(set(self.taken))


@dataclass
class Platform:
    """`up` in production, and what one does to it from outside."""

    var: Path
    port: int
    environment: dict[str, str]
    place: Place
    stand_in: str
    postbox: Postbox
    log: Path
    up: subprocess.Popen[bytes] | None = None
    # What `up` alone is told besides, such as another time.
    moved: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start `up`, and wait until it says that all is ready. Raises SystemExit with its last words."""
        said, me = self.said().count("is ready"), os.getpid()
        with self.log.open("ab") as log:
            self.up = subprocess.Popen(
                [sys.executable, "manage.py", "up"],
                cwd=BASE_DIR,
                env=self.environment | self.moved,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=lambda: die_with_parent(me, signal.SIGTERM),  # noqa: PLW1509 - one call of libc
            )
        up = self.up
        if not wait_until(lambda: self.said().count("is ready") > said or up.poll() is not None, START_SECONDS):
            raise SystemExit(f"the platform did not start; the end of its log:\n{self.said()[-3000:]}")
        if up.poll() is not None:
            raise SystemExit(f"`up` ended with {up.returncode}:\n{self.said()[-3000:]}")

    def stop(self) -> None:
        if self.up is None:
            return
        self.up.send_signal(signal.SIGTERM)
        try:
            self.up.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.up.kill()
            self.up.wait()
        self.up = None

    def command(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """A `manage.py` command beside it."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=BASE_DIR,
            env=self.environment | more,
            capture_output=True,
            text=True,
            check=False,
        )

    def run(self, *arguments: str, **more: str) -> str:
        """The same, of which nothing may go wrong; gives what it printed."""
        done = self.command(*arguments, **more)
        if done.returncode:
            raise SystemExit(f"manage.py {arguments[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout.strip()

    def shell(self, code: str) -> str:
        # Lines of the log would stand among what was asked for.
        return self.run("shell", "--no-imports", "-v0", "-c", code, LOG_TO="database", RUNS_COMMAND="true")

    def said(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def answers(self, path: str = "/readyz") -> bool:
        try:
            answer = httpx.get(self.url + path, headers=AS_PROXY, timeout=5, trust_env=False)
        except httpx.HTTPError:
            return False
        return answer.status_code == 200

    def processes(self, *words: str) -> list[psutil.Process]:
        """The living processes of this folder in whose command one of these stands; all without words."""
        found = []
        for process in psutil.process_iter():
            try:
                command = " ".join(process.cmdline())
                about = f"{command} {process.environ().get('VAR_DIR', '')}"
                if process.status() == psutil.STATUS_ZOMBIE or str(self.var) not in about:
                    continue
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
            if not words or any(word in command for word in words):
                found.append(process)
        return found

    def kill(self, *words: str) -> set[int]:
        """Kill them, as a machine without memory does; gives their numbers. Raises SystemExit if there is none."""
        killed = set()
        for process in self.processes(*words):
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
            killed.add(process.pid)
        if not killed:
            raise SystemExit(f"nothing runs here that is called {' or '.join(words)}")
        return killed

    def kill_postgresql(self) -> None:
        """The server with all its processes."""
        (pid_file,) = self.place.data.rglob("postmaster.pid")
        server = psutil.Process(int(pid_file.read_text().split()[0]))
        for process in [server, *server.children()]:
            process.kill()


# What the reverse proxy adds, which ends TLS; without PROXY_COUNT it is not looked at.
AS_PROXY = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.7"}


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether the condition came true in time; asked ten times a second."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


@contextmanager
def production(on: Callable[[Path], None] | None = None, **environment: str) -> Iterator[Platform]:
    """A platform with servers, mail server and providers, migrated and not started; ends with all that it started.

    `environment` goes on top of a complete configuration; `on` is told where the servers will have their data.
    """
    # Whoever ends us ends all that we have started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="how-to-ai-trial-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        # Started by root, the servers run as somebody else, who must be able to pass through.
        folder.chmod(0o711)
        var = folder / "var"
        place = Place(var)
        if place.relocated:
            stack.callback(shutil.rmtree, place.relocated, ignore_errors=True)
        if on is not None:
            on(place.data)
        urls = stack.enter_context(place.attached())
        postbox, port = Postbox(), free_port()
        mail = Controller(postbox, hostname="127.0.0.1", port=free_port())
        mail.start()
        stack.callback(mail.stop)
        names = providers(port, folder)
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        complete = configuration(var, port, mail.port) | urls | names | environment
        platform = Platform(
            var=var,
            port=port,
            environment=kept | complete,
            place=place,
            stand_in=names["COUNTERPARTS_URL"],
            postbox=postbox,
            log=folder / "up.log",
        )
        stack.enter_context(stood_in(names, platform))
        platform.run("migrate", "-v0", RUNS_COMMAND="true")
        stack.callback(keep_log, platform.log)
        stack.callback(platform.stop)
        yield platform


def keep_log(log: Path) -> None:
    """What `up` and all that it started have said, for whoever wants to know why."""
    if log.exists():
        LOGS.mkdir(parents=True, exist_ok=True)
        shutil.copy(log, LOGS / "up.log")


def configuration(var: Path, port: int, mail_port: int) -> dict[str, str]:
    return {
        "DEBUG": "false",
        "ENV_FILE": os.devnull,
        "SECRET_KEY": secrets.token_urlsafe(64),
        "JWT_SECRET": secrets.token_urlsafe(64),
        "BACKUP_KEY": str(x25519.Identity.generate()),
        "ALLOWED_HOSTS": "127.0.0.1",
        "VAR_DIR": str(var),
        "PORT": str(port),
        "EMAIL_URL": f"smtp://127.0.0.1:{mail_port}",
        "ALLOW_PRETENDED_PAYMENTS": "true",
        "PYTHONUNBUFFERED": "1",
    }


def providers(port: int, folder: Path) -> dict[str, str]:
    """Where the stand-ins for Stripe and PayPal are, and the keys with which one comes there."""
    names: dict[str, str] = {"PORT": str(port)}
    assume_stand_in(names, folder)
    names["COUNTERPARTS_URL"] = f"http://127.0.0.1:{free_port()}"
    names["STRIPE_API_BASE"] = f"{names['COUNTERPARTS_URL']}/stripe"
    names["PAYPAL_API_BASE"] = f"{names['COUNTERPARTS_URL']}/paypal"
    return names


@contextmanager
def stood_in(names: Mapping[str, str], platform: Platform) -> Iterator[None]:
    port = names["COUNTERPARTS_URL"].rpartition(":")[2]
    command = web_command("counterparts.wsgi:application", host="127.0.0.1", port=port, workers=1, threads=8)
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    process = subprocess.Popen(
        [*command, "--log-level", "error", "--no-log"],
        cwd=BASE_DIR,
        env=kept | dict(names) | {"PLATFORM_URL": platform.url, "LOG_LEVEL": "ERROR"},
    )
    try:
        if not wait_until(lambda: listens(int(port)), 30):
            raise SystemExit("the stand-ins for the payment providers did not start")
        yield
    finally:
        process.terminate()
        process.wait()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
