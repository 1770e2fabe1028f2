"""What reads the files when they are deployed understands them: each is read by a tool that knows its kind."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from compose_spec import PyOptions

from config.env import BASE_DIR
from tests.deploy import files
from tests.deploy.files import DEPLOY

PROGRAMS = BASE_DIR / ".venv" / "bin"
SCRIPTS = ("compose/release", "compose/certificate", "compose/postgres/10-how-to-ai.sh", "systemd/release")
# The oldest that still gets fixes, and the newest that the package knows.
KUBERNETES = ("1.34", "1.37")


def read(program: str, *arguments: str) -> str:
    """What it has to say; it ends with 0 only if it found nothing."""
    done = subprocess.run([PROGRAMS / program, *arguments], cwd=BASE_DIR, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


@pytest.mark.parametrize("version", KUBERNETES)
def test_kubernetes_knows_every_field(version: str) -> None:
    for manifest in files.manifests():
        kubernetes_validate.validate(manifest, version, strict=True)


def test_a_field_that_kubernetes_does_not_know_is_found() -> None:
    (wrong, *_) = [each for each in files.manifests() if each["kind"] == "Deployment"]
    wrong["spec"]["replica"] = 2
    with pytest.raises(kubernetes_validate.ValidationError, match="replica"):
        kubernetes_validate.validate(wrong, KUBERNETES[0], strict=True)


def filled_in(text: str) -> str:
    """As Compose does it: what stands behind `:-` where nothing is set."""
    return re.sub(r"\$\{[A-Z_]+(?::[-?]([^}]*))?\}", lambda found: found[1] or "given", text)


def test_compose_understands_its_file() -> None:
    # Its merges are resolved first.
    whole = yaml.safe_load(filled_in((DEPLOY / "compose" / "compose.yaml").read_text()))
    understood = PyOptions().from_yaml(yaml.safe_dump(whole))
    understood.validate()
    whole["services"]["web-1"]["comand"] = ["python"]
    with pytest.raises(ValueError, match="comand"):
        PyOptions().from_yaml(yaml.safe_dump(whole))


def test_hadolint_finds_nothing_in_the_container_file(tmp_path: Path) -> None:
    assert read("hadolint", str(DEPLOY / "Containerfile")) == ""
    (tmp_path / "Containerfile").write_text("FROM python:latest\nRUN cd /x\n")
    assert "DL3007" in read("hadolint", "--no-color", str(tmp_path / "Containerfile"))


def test_shellcheck_finds_nothing_in_the_scripts(tmp_path: Path) -> None:
    assert read("shellcheck", *(str(DEPLOY / script) for script in SCRIPTS), ".ci/run") == ""
    (tmp_path / "script").write_text("#!/bin/sh\nrm $1\n")
    assert "SC2086" in read("shellcheck", str(tmp_path / "script"))


def test_every_script_is_looked_at_and_may_be_run() -> None:
    shells = {
        str(path.relative_to(DEPLOY))
        for path in DEPLOY.rglob("*")
        if path.is_file() and path.read_bytes().startswith((b"#!/bin/sh", b"#!/usr/bin/env bash"))
    }
    assert shells == set(SCRIPTS)
    assert all((DEPLOY / script).stat().st_mode & 0o111 for script in SCRIPTS)
