"""The environment: read once, `.env` honoured, production refused when it is incomplete."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import Any

import environ

BASE_DIR = Path(__file__).resolve().parent.parent
REQUIRED_IN_PRODUCTION = ("SECRET_KEY", "JWT_SECRET", "ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL")
SHORTEST_SECRET = 50

# Any of these says that somebody has configured this clone.
CONFIGURED = ("DEBUG", "SECRET_KEY", "JWT_SECRET", "ALLOWED_HOSTS")

env = environ.FileAwareEnv()
environ.FileAwareEnv.read_env(env.str("ENV_FILE", default=str(BASE_DIR / ".env")))

# The data of a clone lies in the clone, unless somebody wants it elsewhere.
VAR_DIR = Path(env.str("VAR_DIR", default="") or BASE_DIR / "var").absolute()


class EnvironmentIncomplete(SystemExit):
    """Ends the process with one line that says what is missing.

    A SystemExit, so that every way in (command, web server, worker) ends with that line and
    not with a traceback.
    """

    def __init__(self, message: str) -> None:
        super().__init__(f"error: {message}")


def assume_development() -> None:
    """Turn DEBUG on for a `manage.py` command on a clone that nobody has configured.

    The web server and the worker never assume it, so a forgotten DEBUG is off in production.
    """
    if not any(env.str(name, default="") for name in CONFIGURED):
        os.environ["DEBUG"] = "true"


def database_from(url: str) -> dict[str, Any]:
    """Django's settings for a PostgreSQL. Raises EnvironmentIncomplete if the URL names none."""
    # Without quoting the URL: a password stands in it.
    complaint = EnvironmentIncomplete("DATABASE_URL must look like postgres://user:password@host:5432/name .")
    if not url.startswith(("postgres://", "postgresql://")):
        raise complaint
    try:
        settings: dict[str, Any] = env.db_url_config(url)
    except ValueError:
        raise complaint from None
    return settings


def redis_from(url: str) -> str:
    """The URL itself. Raises EnvironmentIncomplete if it is not one of a Valkey or Redis."""
    if not url.startswith(("redis://", "rediss://", "unix://")):
        raise EnvironmentIncomplete("REDIS_URL must begin with redis://, rediss:// or unix:// .")
    return url


def networks_from(name: str) -> list[str]:
    """A variable with networks or addresses, separated by commas. Raises EnvironmentIncomplete for what is none."""
    networks = [each.strip() for each in env.list(name, default=[])]
    for network in networks:
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            raise EnvironmentIncomplete(f"{name} must name networks such as 10.0.0.0/8: {error}.") from None
    return networks


def links_from(name: str) -> list[tuple[str, str]]:
    """A variable with links as words=address, separated by commas. Raises EnvironmentIncomplete for what is none."""
    links = []
    for each in env.list(name, default=[]):
        words, _, address = (part.strip() for part in each.partition("="))
        if not words or not address.startswith(("https://", "http://", "mailto:")):
            raise EnvironmentIncomplete(f"{name} must name links such as Privacy=https://example.org/privacy .")
        links.append((words, address))
    return links


def require_production_settings() -> None:
    """Refuse to start on missing, short or shared secrets.

    Raises EnvironmentIncomplete, which names every variable at fault.
    """
    missing = [name for name in REQUIRED_IN_PRODUCTION if not env.str(name, default="")]
    if missing:
        raise EnvironmentIncomplete(
            f"{', '.join(missing)} must be set when DEBUG is off (`manage.py setup_env prod` writes a .env)."
        )
    short = [name for name in ("SECRET_KEY", "JWT_SECRET") if len(env.str(name)) < SHORTEST_SECRET]
    if short:
        raise EnvironmentIncomplete(f"{', '.join(short)} must have at least {SHORTEST_SECRET} characters.")
    if env.str("SECRET_KEY") == env.str("JWT_SECRET"):
        raise EnvironmentIncomplete("SECRET_KEY and JWT_SECRET must differ.")
