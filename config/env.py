"""The environment: read once, `.env` honoured, production refused when it is incomplete."""

from __future__ import annotations

import os
from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent
REQUIRED_IN_PRODUCTION = ("SECRET_KEY", "JWT_SECRET", "ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL")
SHORTEST_SECRET = 50

env = environ.FileAwareEnv()
environ.FileAwareEnv.read_env(BASE_DIR / ".env")


class EnvironmentIncomplete(SystemExit):
    """Ends the process with one line that says what is missing.

    A SystemExit, so that every way in (command, web server, worker) ends with that line and
    not with a traceback.
    """

    def __init__(self, message: str) -> None:
        super().__init__(f"error: {message}")


def assume_development() -> None:
    """Turn DEBUG on for a `manage.py` command on a clone that nobody has configured.

    Configured means: DEBUG or SECRET_KEY is set, in the environment or in `.env`. The web
    server and the worker never assume it, so a forgotten DEBUG is off in production.
    """
    if not {"DEBUG", "SECRET_KEY", "SECRET_KEY_FILE"} & os.environ.keys():
        os.environ["DEBUG"] = "true"


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
