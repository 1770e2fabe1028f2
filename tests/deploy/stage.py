"""The platform as it is deployed on one server: the processes of systemd's units behind nginx, on this machine.

Commands and variables are read from deploy/systemd, the proxy's configuration is deploy/nginx; only places and ports
are others, so that several may stand side by side and none needs to be root.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from config.env import BASE_DIR
from tests.config.processes import wait_until
from tests.deploy import files

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
HOST = "localhost"
START_SECONDS = 120
# Of Valkey, which no process of the tests uses (tests/services.py).
VALKEY_DATABASE = 15


class Stage:
    """A server of its own in a folder: its configuration, its database, and what runs."""

    def __init__(self, folder: Path, database: str) -> None:
        self.folder = folder
        self.var, self.run, self.public = folder / "var", folder / "run", folder / "public"
        for path in (self.var, self.run, self.public / "static", folder / "nginx"):
            path.mkdir(parents=True)
        self.http, self.https = free_port(), free_port()
        self.url = f"https://{HOST}:{self.https}"
        self.certificate = folder / "fullchain.pem"
        make_certificate(self.certificate, folder / "privkey.pem")
        self.places = {
            files.VAR: str(self.var),
            files.RUN: str(self.run),
            files.PUBLIC: str(self.public),
            f"{files.CODE}/collected": str(folder / "collected"),
            f"{files.CODE}/.venv/bin/python": sys.executable,
            files.CODE: str(BASE_DIR),
            "/etc/nginx/how-to-ai": str(BASE_DIR / "deploy" / "nginx"),
            "/etc/letsencrypt/live/how-to-ai": str(folder),
        }
        self.configuration = self.configured(database)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def configured(self, database: str) -> dict[str, str]:
        """As docs/deploy.md has it: what `setup_env prod` writes, filled in."""
        written = self.folder / "production.env"
        subprocess.run(
            [sys.executable, "manage.py", "setup_env", "prod", "--path", str(written)],
            cwd=BASE_DIR,
            env=bare_environment(),
            check=True,
            capture_output=True,
        )
        lines = [line for line in written.read_text().splitlines() if line and line[0] != "#"]
        return dict(line.split("=", 1) for line in lines) | {
            "ALLOWED_HOSTS": HOST,
            "SITE_URL": self.url,
            "DATABASE_URL": database,
            "REDIS_URL": os.environ["REDIS_URL"].rpartition("=")[0] + f"={VALKEY_DATABASE}",
            "PROXY_COUNT": "1",
            # Mail goes into files.
            "EMAIL_URL": f"filemail:///{self.var}/mail",
        }

    def moved(self, text: str) -> str:
        """With places of this machine in the place of those of a server."""
        for there, here in self.places.items():
            text = text.replace(there, here)
        return text

    def command_of(self, unit: str) -> tuple[list[str], dict[str, str]]:
        """What systemd would start for `web@1`, and with which variables: those of the file win, as they do there."""
        name, _, instance = unit.partition("@")
        process = files.unit(f"how-to-ai-{name}{'@' if instance else ''}.service")
        lines = [self.moved(line.replace("%i", instance)) for line in (*process["Environment"], *process["ExecStart"])]
        *variables, command = lines
        own = dict(part.split("=", 1) for line in variables for part in shlex.split(line))
        return shlex.split(command), bare_environment() | own | self.configuration

    def start(self, unit: str) -> None:
        command, environment = self.command_of(unit)
        with (self.folder / f"{unit}.log").open("ab") as log:
            self.processes[unit] = subprocess.Popen(
                command, cwd=BASE_DIR, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def stop(self, unit: str) -> int:
        """As systemd does it: SIGTERM, and SIGKILL after TimeoutStopSec, which fails here. Its exit code."""
        process = self.processes.pop(unit)
        process.send_signal(signal.SIGTERM)
        name, _, instance = unit.partition("@")
        (patience,) = files.unit(f"how-to-ai-{name}{'@' if instance else ''}.service")["TimeoutStopSec"]
        return process.wait(float(patience))

    def wait_until_ready(self, unit: str) -> None:
        """What the release script does after each web server."""
        _, environment = self.command_of(unit)
        command = [sys.executable, "deploy/probe.py", "--wait", str(START_SECONDS)]
        subprocess.run(command, cwd=BASE_DIR, env=environment, check=True)

    def manage(self, *arguments: str, **more: str) -> str:
        """A command of an operator; what it says."""
        _, environment = self.command_of("web@1")
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=BASE_DIR,
            env=environment | more,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def collect_static_files(self) -> None:
        self.manage("collectstatic", "--noinput", "--verbosity", "0")
        shutil.copytree(self.folder / "collected", self.public / "static", dirs_exist_ok=True)

    @contextmanager
    def proxied(self) -> Iterator[None]:
        """nginx with the shipped configuration."""
        assert NGINX is not None
        text = self.moved((files.DEPLOY / "nginx" / "how-to-ai.conf").read_text())
        for listening, port in (("80 default_server", self.http), ("443 ssl http2 default_server", self.https)):
            for shipped, here in (
                (f"listen {listening};", f"listen 127.0.0.1:{port} {listening.split(' ', 1)[1]};"),
                (f"    listen [::]:{listening};\n", ""),
            ):
                assert shipped in text
                text = text.replace(shipped, here)
        place = self.folder / "nginx"
        (place / "how-to-ai.conf").write_text(text)
        temporary = "".join(
            f"{name}_temp_path {place}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        # Started by root, its workers must still reach sockets that are root's here.
        user = "user root;" if os.geteuid() == 0 else ""
        (place / "nginx.conf").write_text(
            f"{user} worker_processes 1; pid {place}/nginx.pid; error_log {place}/error.log; daemon off;\n"
            "events { worker_connections 512; }\n"
            f"http {{ include /etc/nginx/mime.types; default_type application/octet-stream; {temporary}\n"
            f"include {place}/how-to-ai.conf; }}\n"
        )
        command = [NGINX, "-p", str(place), "-c", str(place / "nginx.conf")]
        subprocess.run([*command, "-t", "-q"], check=True)
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        try:
            assert wait_until(lambda: listens(self.https))
            yield
        finally:
            process.terminate()
            process.wait(20)

    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.certificate))

    def said(self, unit: str) -> str:
        return (self.folder / f"{unit}.log").read_text(errors="replace")

    def end(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    """A stage whose database is a new one of the tests' server, migrated."""
    with ExitStack() as after:
        server = os.environ["DATABASE_URL"]
        name = f"rolled_{os.getpid()}"
        admin = server.replace("/howtoai?", "/postgres?")
        execute(admin, f"CREATE DATABASE {name} TEMPLATE howtoai")
        after.callback(execute, admin, f"DROP DATABASE {name} WITH (FORCE)")
        stage = Stage(folder, server.replace("/howtoai?", f"/{name}?"))
        after.callback(stage.end)
        yield stage


def execute(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


def bare_environment() -> dict[str, str]:
    """What a service has that inherits nothing."""
    return {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | {"ENV_FILE": os.devnull}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def make_certificate(certificate: Path, key_file: Path) -> None:
    """Signed by itself, for HOST."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
