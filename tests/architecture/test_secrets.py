"""No key, token or certificate of anybody's lies in the repository."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# What these look like wherever they are issued; what is made of one repeated sign is an example.
SECRETS = re.compile(
    r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\n[A-Za-z0-9+/=]{20}"
    r"|\b(?:sk|rk)_live_[A-Za-z0-9]{20,}"
    r"|\bAKIA[A-Z0-9]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{30,}"
    r"|\bglpat-[\w-]{20,}"
    r"|\bxox[abprs]-[\w-]{20,}"
    r"|\bAGE-SECRET-KEY-1[A-Z0-9]{50,}"
    r"|\bpypi-[\w-]{60,}"
)
LARGEST = 2_000_000  # bytes of a file that is looked through


def secrets_in(text: str) -> list[str]:
    return [found[:12] for found in SECRETS.findall(text) if len(set(found)) > 12]


def test_no_secret_lies_in_the_repository() -> None:
    command = ["git", "ls-files", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    files = [ROOT / name for name in listed.stdout.split("\0") if name]
    assert len(files) > 500
    found = {}
    for path in files:
        if path.is_file() and path.stat().st_size <= LARGEST and (hits := secrets_in(path.read_text(errors="ignore"))):
            found[str(path.relative_to(ROOT))] = hits
    assert found == {}


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN " + "PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC",
        "STRIPE = 'sk" + "_live_51H8x2yAbCdEfGhIjKlMnOp'",
        "AKIA" + "IOSFODNN7EXAMPLE",
        "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a",
    ],
)
def test_a_secret_would_be_found(text: str) -> None:
    assert len(secrets_in(text)) == 1


def test_an_example_is_none() -> None:
    assert secrets_in("sk_live_" + "0" * 24) == []
