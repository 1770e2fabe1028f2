"""`make contract`: schemathesis with all its phases and checks against the real platform on loopback, bounded in time.

Starts a platform of its own, with the demo, in a temporary folder; sends as a visitor, as a member and as an
administrator; ends with 1 if anything was found. `python -m tests.contract.long_run [SECONDS]`, of each of the three.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

import httpx

from tests.config.processes import wait_until

# What schemathesis is told to expect, with reasons.
RULES = Path(__file__).with_name("schemathesis.toml")
ROOT = Path(__file__).resolve().parent.parent.parent
PASSWORD = "how-to-ai-demo"
# None: whoever has not signed in.
WHO = {"visitor": None, "member": "learner@howtoai.example", "administrator": "admin@howtoai.example"}
EACH = 180  # seconds
OPTIONS = (
    *("--continue-on-failure", "--no-shrink", "--no-color"),
    # Names of images have so narrow a pattern that most of what is made up is thrown away; it only takes longer.
    "--suppress-health-check=filter_too_much",
)
START, STOP = 180, 60  # seconds


def main() -> int:
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else EACH
    with tempfile.TemporaryDirectory(prefix="how-to-ai-contract-") as folder, platform(Path(folder)) as address:
        found = [who for who, email in WHO.items() if look(address, who, email, seconds)]
    sys.stdout.write(f"contract: {'nothing was found' if not found else 'see above, as ' + ', '.join(found)}\n")
    return 1 if found else 0


@contextmanager
def platform(folder: Path) -> Iterator[str]:
    """Its address; it is stopped, with all its processes, whatever happens."""
    folder.chmod(0o711)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
        "VAR_DIR": str(folder / "var"),
        "ENV_FILE": str(folder / "none"),
        "PORT": str(port),
        "DEBUG": "true",
        "STAFF_NEED_SECOND_FACTOR": "false",
        "LOG_LEVEL": "WARNING",
    }
    with (folder / "platform.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up"],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        address = f"http://127.0.0.1:{port}"
        try:
            if (
                not wait_until(lambda: process.poll() is not None or answers(address), START)
                or process.poll() is not None
            ):
                raise SystemExit(f"the platform did not start:\n{(folder / 'platform.log').read_text()[-4000:]}")
            yield address
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(STOP)


def answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/api/schema", timeout=30, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def look(address: str, who: str, email: str | None, seconds: int) -> bool:
    """Whether schemathesis found anything. What it says goes to stdout."""
    sys.stdout.write(f"contract: {who}\n")
    sys.stdout.flush()
    command = [str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(RULES), "run"]
    command += [f"{address}/api/schema", "--max-time", str(seconds), *OPTIONS]
    if email is None:
        return subprocess.run(command, cwd=ROOT, check=False).returncode != 0
    authorization = f"Bearer {token_of(address, email)}"
    # It finds its own session in the list, ends it, and goes on as a visitor.
    command += ["--header", f"Authorization: {authorization}", "--exclude-operation-id", "delete_session"]
    found = subprocess.run(command, cwd=ROOT, check=False).returncode != 0
    still_in = httpx.get(f"{address}/api/users/me", headers={"Authorization": authorization}, trust_env=False)
    if still_in.status_code != HTTPStatus.OK:
        sys.stdout.write(f"contract: it was signed out on the way, so not all was asked as {who}\n")
        return True
    return found


def token_of(address: str, email: str) -> str:
    wish = {"email": email, "password": PASSWORD, "token_delivery": "body"}
    answer = httpx.post(f"{address}/api/auth/login", json=wish, timeout=30, trust_env=False)
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["access"]
    return token


if __name__ == "__main__":
    sys.exit(main())
