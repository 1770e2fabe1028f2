"""Start everything a person needs, under one supervisor."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from config import serving
from config.embedded import Place, ServiceError, try_lock
from config.env import BASE_DIR, VAR_DIR
from config.supervisor import Child, Supervisor
from ops import draining

READY_SECONDS = 60.0
SERVICES_BACK_OFF = 5.0


class Command(BaseCommand):
    help = "Start the platform: database and broker if none is named, migrations, web, worker and beat."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until Ctrl-C or SIGTERM. Raises CommandError if the port or the clone is in use."""
        host, port = os.environ.get("HOST", "127.0.0.1"), os.environ.get("PORT", "8000")
        VAR_DIR.joinpath("run").mkdir(parents=True, exist_ok=True)
        with (VAR_DIR / "run" / "up.lock").open("a", encoding="ascii") as lock:
            if not try_lock(lock):
                raise CommandError("`up` already runs in this folder; stop it first (Ctrl-C where it was started).")
            refuse_taken_port(host, port)
            self.supervise(host, port)

    def supervise(self, host: str, port: str) -> None:
        # What it starts are no commands: see RUNS_COMMAND in the settings.
        own = {name: value for name, value in os.environ.items() if name != "RUNS_COMMAND"}
        environment = serving.MEMORY | own
        supervisor = Supervisor(environment=environment, folder=BASE_DIR)
        supervisor.stop_on_signals()
        place = Place(VAR_DIR)
        logs = [
            supervisor.follow(name, place.logs / f"{log}.log")
            for name, log in (("services", "keeper"), ("postgres", "postgres"), ("valkey", "valkey"))
        ]
        embedded = any(os.environ.get(name) == url for name, url in place.urls.items())

        def each_round() -> None:
            if embedded and not place.keeper_is_alive():
                supervisor.say("services", "ended; starting them again")
                try:
                    place.ensure()
                except ServiceError as error:
                    supervisor.say("services", str(error))
                    supervisor.stopping.wait(SERVICES_BACK_OFF)
            for relay in logs:
                relay()

        # A machine that starts takes traffic, whatever it did when it stopped.
        draining.end()
        supervisor.say("up", "migrating the database")
        call_command("migrate", verbosity=0, interactive=False)
        if settings.DEBUG:
            call_command("seed_demo", verbosity=0)
        else:
            call_command("collectstatic", verbosity=0, interactive=False)
        # The web server's processes have their own pools; this one only watches from now on.
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()
        try:
            self.start_all(supervisor, host, port)
            supervisor.run(each_round)
        finally:
            supervisor.stop()

    def start_all(self, supervisor: Supervisor, host: str, port: str) -> None:
        """Start every process, each when those are ready that it needs; give up as soon as somebody says stop."""
        address = address_of(host, port)
        if settings.STAND_IN_URL:
            supervisor.start(stand_in(address))
        supervisor.start(web(host, port))
        ready = supervisor.wait_for(lambda: answers(f"{address}/readyz"), READY_SECONDS)
        if supervisor.stopping.is_set():
            return
        # Only now: all at once made the first page take three times as long.
        supervisor.start(worker())
        supervisor.start(beat())
        if settings.ANALYTICS:
            supervisor.start(events())
        if settings.BACKUP_WAL:
            supervisor.start(receiver())
        if not ready:
            supervisor.say("up", f"{address}/readyz did not answer 200 within {READY_SECONDS:.0f} s; see above")
            return
        if settings.STAND_IN_URL and supervisor.wait_for(lambda: answers(f"{settings.STAND_IN_URL}/"), READY_SECONDS):
            tell_of_plans(supervisor.environment)
        self.greet(address)

    def greet(self, address: str) -> None:
        from ops.demo import DEMO_PASSWORD, DEMO_PEOPLE

        lines = ["", f"  {settings.SITE_NAME} is ready: {address}"]
        if settings.DEBUG:
            lines += [f"  Sign in at {address}/accounts/login/, password {DEMO_PASSWORD}:"]
            lines += [f"    {person.email:30} {person.role}" for person in DEMO_PEOPLE]
        if settings.STAND_IN_URL:
            lines += [f"  Payments go to stand-ins, where no money moves; their panel: {settings.STAND_IN_URL}/"]
        lines += ["  Ctrl-C stops everything.", ""]
        self.stdout.write("\n".join(lines))
        sys.stdout.flush()


def web(host: str, port: str) -> Child:
    workers = os.environ.get("WEB_WORKERS", "1" if settings.DEBUG else "2")
    threads = os.environ.get("WEB_THREADS", str(serving.THREADS))
    command = serving.web_command(serving.APPLICATION, host=host, port=port, workers=workers, threads=threads)
    # A browser's idle connection must not hold up a reload; in production requests get time to end.
    patience = "1" if settings.DEBUG else "5"
    command += [*serving.STURDY, "--workers-kill-timeout", patience, "--access-log"]
    if settings.DEBUG:
        # Only our packages: a log or a cache written beside them must not restart the server.
        packages = [str(path.parent) for path in BASE_DIR.glob("*/__init__.py") if path.parent.name != "tests"]
        command += ["--reload", *(part for package in packages for part in ("--reload-paths", package))]
    return Child("web", command)


def stand_in(platform: str) -> Child:
    """Both payment providers, for a development without their keys; what is there is there when it starts again."""
    VAR_DIR.joinpath("counterparts").mkdir(exist_ok=True)
    port = str(urlsplit(settings.STAND_IN_URL).port)
    command = serving.web_command(
        "counterparts.wsgi:application", host="127.0.0.1", port=port, workers="1", threads="4"
    )
    # By `env`, since only this process is to know where the platform is.
    return Child("payments", ["env", f"PLATFORM_URL={platform}", *command, "--log-level", "warning"])


def tell_of_plans(environment: Mapping[str, str]) -> None:
    """The stand-ins know of no plan when they start for the first time; again it changes nothing."""
    subprocess.run([sys.executable, "manage.py", "sync_plans"], cwd=BASE_DIR, env=dict(environment), check=True)


def worker() -> Child:
    command = [sys.executable, "-m", "celery", "-A", "config", "worker", "--pool", "threads", "--concurrency", "4"]
    return Child("worker", [*command, "--loglevel", "INFO", "--without-gossip", "--without-mingle"])


def beat() -> Child:
    schedule = str(VAR_DIR / "beat-schedule")
    return Child("beat", [sys.executable, "-m", "celery", "-A", "config", "beat", "--schedule", schedule])


def events() -> Child:
    return Child("events", [sys.executable, "manage.py", "ingest_events"])


def receiver() -> Child:
    return Child("wal", [sys.executable, "manage.py", "receive_wal"])


def refuse_taken_port(host: str, port: str) -> None:
    """Raises CommandError with one clear line unless the web server can listen there."""
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise CommandError(f"PORT must be a number from 1 to 65535, not {port!r}.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
    except OSError as error:
        raise CommandError(
            f"cannot listen on {host}:{port} ({error.strerror}); choose another, for example `PORT=8001 make run`."
        ) from error


def address_of(host: str, port: str) -> str:
    """Where a browser on this machine finds the site."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def answers(url: str) -> bool:
    """Whether this address answers 200 on loopback."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 - our own address
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
