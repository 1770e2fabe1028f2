"""Programs of others, in an environment of their own, and what they report."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from config.env import BASE_DIR
from trials.attack.findings import Finding
from trials.attack.people import Browser

PART = "wapiti"
ENVIRONMENT = BASE_DIR / ".venv-attack" / "bin"
# Those that need no server of theirs on the internet.
MODULES = "xss,permanentxss,sql,exec,file,crlf,redirect,csrf,htaccess,backup,methods,ldap,upload"
# What wapiti calls a finding and is none here: its kind → why.
EXPLAINED = {
    "Unencrypted Channels": "TLS ends at the proxy, whose place the attack takes",
    "Content Security Policy Configuration": "it wants a script-src without 'self'; ours allows our own files alone",
}


def tool(name: str) -> Path | None:
    path = ENVIRONMENT / name
    return path if path.exists() else None


def wapiti(
    browser: Browser, program: Path, folder: Path, tell: Callable[[str], None], *, seconds: int
) -> Iterator[Finding]:
    """As somebody who is signed in, through all pages that it finds within the time."""
    report, url = folder / "wapiti.json", browser.platform.url
    folder.mkdir(parents=True, exist_ok=True)
    headers = [part for name, value in browser.headers.items() for part in ("-H", f"{name}: {value}")]
    command = [
        *(str(program), "-u", f"{url}/", "--scope", "folder", "-m", MODULES, "-f", "json", "-o", str(report)),
        *(
            "--max-scan-time",
            str(seconds // 2),
            "--max-attack-time",
            str(max(5, seconds // MODULES.count(","))),
            "--max-links-per-page",
            "40",
        ),
        *("--max-files-per-dir", "20", "-d", "4", "-l", "1", "-S", "polite", "--no-bugreport", "--flush-session"),
        *("--store-session", str(folder), "--store-config", str(folder), "-x", f"{url}/accounts/logout/", *headers),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds * 3)
        said = done.stdout + done.stderr
    except subprocess.TimeoutExpired:
        said = "it did not end in time"
    if not report.exists():
        yield Finding(PART, "it made no report", said.strip().splitlines()[-1][:200] if said.strip() else "no word")
        return
    told = json.loads(report.read_text())
    tell(f"{told['infos'].get('crawled_pages_nbr', 0)} pages, {len(told['classifications'])} kinds of attack")
    yield from read_report(told)


def read_report(told: dict[str, dict[str, list[dict[str, str]]]]) -> Iterator[Finding]:
    """Vulnerabilities and anomalies; what it only remarks on (“additionals”) is none."""
    for kind, found in {**told["vulnerabilities"], **told["anomalies"]}.items():
        for each in found:
            where = f"{each.get('method', '')} {each.get('path', '')} {each.get('info', '')}".strip()[:200]
            yield Finding(PART, kind, where, EXPLAINED.get(kind, ""))
