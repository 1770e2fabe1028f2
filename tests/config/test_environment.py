"""Production starts with a complete configuration or not at all, and says what is missing."""

from __future__ import annotations

import os
import secrets
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from config.env import BASE_DIR

COMPLETE = {
    "DEBUG": "false",
    "SECRET_KEY": "k" * 64,
    "JWT_SECRET": "j" * 64,
    "ALLOWED_HOSTS": "howtoai.example",
    "DATABASE_URL": "postgres://howtoai@localhost/howtoai",
    "REDIS_URL": "redis://localhost",
}


def run(*command: str, **environment: str | None) -> subprocess.CompletedProcess[str]:
    """Run a program of ours with exactly this configuration."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    given = {name: value for name, value in environment.items() if value is not None}
    return subprocess.run(
        [sys.executable, *command],
        cwd=BASE_DIR,
        env=kept | {"ENV_FILE": os.devnull} | given,
        capture_output=True,
        text=True,
        check=False,
    )


def values_in(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def test_a_complete_configuration_is_accepted() -> None:
    done = run("manage.py", "check", **COMPLETE)
    assert done.returncode == 0, done.stderr


def test_djangos_checks_for_deployment_find_nothing() -> None:
    strong = {"SECRET_KEY": secrets.token_urlsafe(64), "JWT_SECRET": secrets.token_urlsafe(64)}
    done = run("manage.py", "check", "--deploy", "--fail-level", "WARNING", **COMPLETE | strong)
    assert done.returncode == 0, done.stderr
    # With what they are there to find.
    done = run("manage.py", "check", "--deploy", "--fail-level", "WARNING", **COMPLETE | strong | {"HTTPS": "false"})
    assert done.returncode == 1
    assert "security.W004" in done.stderr


@pytest.mark.parametrize(
    "command", [("manage.py", "check"), ("-c", "import config.wsgi"), ("-m", "celery", "-A", "config", "report")]
)
def test_every_missing_variable_is_named_in_one_line(command: tuple[str, ...]) -> None:
    done = run(*command, DEBUG="false")
    assert done.returncode == 1
    assert done.stderr.startswith(
        "error: SECRET_KEY, JWT_SECRET, ALLOWED_HOSTS, DATABASE_URL, REDIS_URL must be set when DEBUG is off"
    )
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("name", ["SECRET_KEY", "JWT_SECRET", "ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL"])
def test_a_single_missing_or_empty_variable_is_named(name: str) -> None:
    for value in (None, ""):
        done = run("-c", "import config.settings", **COMPLETE | {name: value})
        assert done.returncode == 1
        assert done.stderr.startswith(f"error: {name} must be set")


def test_weak_or_shared_secrets_are_refused() -> None:
    short = run("-c", "import config.settings", **COMPLETE | {"SECRET_KEY": "short"})
    assert short.stderr == "error: SECRET_KEY must have at least 50 characters.\n"
    shared = run("-c", "import config.settings", **COMPLETE | {"JWT_SECRET": "k" * 64})
    assert shared.stderr == "error: SECRET_KEY and JWT_SECRET must differ.\n"


def test_a_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s" * 64)
    code = "from config import settings; print(settings.SECRET_KEY)"
    done = run("-c", code, **COMPLETE | {"SECRET_KEY": None, "SECRET_KEY_FILE": str(secret)})
    assert done.stdout == "s" * 64 + "\n"


@pytest.mark.parametrize("name", ["SECRET_KEY", "JWT_SECRET", "ALLOWED_HOSTS"])
def test_any_sign_of_configuration_ends_the_assumption_of_development(name: str) -> None:
    done = run("manage.py", "check", **{name: "k" * 64})
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "must be set when DEBUG is off" in done.stderr


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("DATABASE_URL", "foo", "DATABASE_URL must look like postgres://"),
        ("DATABASE_URL", "sqlite:///x.db", "DATABASE_URL must look like postgres://"),
        ("DATABASE_URL", "postgres://a:b@localhost:notaport/x", "DATABASE_URL must look like postgres://"),
        ("REDIS_URL", "foo", "REDIS_URL must begin with redis://"),
        ("FOOTER_LINKS", "Terms=javascript:alert(1)", "FOOTER_LINKS must name links such as"),
        ("FOOTER_LINKS", "https://example.org/terms", "FOOTER_LINKS must name links such as"),
    ],
)
def test_an_address_that_is_none_is_one_line(name: str, value: str, message: str) -> None:
    done = run("manage.py", "check", **COMPLETE | {name: value})
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {message}")
    assert len(done.stderr.splitlines()) == 1


def test_the_web_server_never_assumes_development() -> None:
    assert run("-c", "import config.wsgi").returncode == 1


@pytest.mark.parametrize("kind", ["dev", "prod", "compose"])
def test_setup_env_writes_strong_secrets_that_nobody_else_can_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path / ".env"
    done = run("manage.py", "setup_env", kind, "--path", str(path))
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    written = values_in(path)
    assert len(written["SECRET_KEY"]) >= 64
    assert written["SECRET_KEY"] != written["JWT_SECRET"]
    assert written["DEBUG"] == ("true" if kind == "dev" else "false")


def test_what_setup_env_writes_for_production_starts_once_it_is_filled_in(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    run("manage.py", "setup_env", "prod", "--path", str(path))
    # As somebody does who takes the suggestions as they stand.
    text = path.read_text()
    for name in ("EMAIL_URL", "FROM_EMAIL", "SITE_URL"):
        assert f"\n# {name}=" in text
        text = text.replace(f"\n# {name}=", f"\n{name}=")
    for name in ("ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL"):
        text = text.replace(f"\n{name}=\n", f"\n{name}={COMPLETE[name]}\n")
    path.write_text(text)
    done = run("manage.py", "check", ENV_FILE=str(path))
    assert done.returncode == 0, done.stderr
    code = (
        "from config import settings as s;"
        " print(s.PROXY_COUNT, s.EMAIL_HOST, s.EMAIL_PORT, s.EMAIL_USE_TLS, s.DEFAULT_FROM_EMAIL, s.SITE_URL)"
    )
    read = run("-c", code, ENV_FILE=str(path))
    assert read.stdout == "0 mail.example 587 True How-to-AI <hello@howtoai.example> https://howtoai.example\n"


def test_setup_env_never_overwrites_by_itself(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("PRECIOUS=1\n")
    with pytest.raises(CommandError, match="--force replaces it"):
        call_command("setup_env", "prod", "--path", str(path))
    assert path.read_text() == "PRECIOUS=1\n"
    call_command("setup_env", "prod", "--path", str(path), "--force")
    assert "PRECIOUS" not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_setup_env_leaves_empty_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    run("manage.py", "setup_env", "prod", "--path", str(path))
    done = run("-c", "import config.settings", **values_in(path))
    assert done.stderr.startswith("error: ALLOWED_HOSTS, DATABASE_URL, REDIS_URL must be set")
