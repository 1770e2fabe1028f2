"""What lies about on many servers, and must not here."""

from __future__ import annotations

import http.client
from collections.abc import Iterator

from trials.attack.findings import Finding
from trials.attack.people import Browser

PART = "stray files"
NAMES = [
    ".env",
    ".env.local",
    ".env.production",
    ".envrc",
    ".git/HEAD",
    ".git/config",
    ".git/index",
    ".gitignore",
    ".hg/hgrc",
    ".svn/entries",
    ".DS_Store",
    ".htaccess",
    ".htpasswd",
    ".npmrc",
    ".pypirc",
    ".aws/credentials",
    ".ssh/id_rsa",
    ".ssh/authorized_keys",
    ".bash_history",
    ".vscode/settings.json",
    ".idea/workspace.xml",
    ".dockerenv",
    "Dockerfile",
    "docker-compose.yml",
    "compose.yaml",
    "Makefile",
    "manage.py",
    "pyproject.toml",
    "requirements.txt",
    "requirements-dev.txt",
    "package.json",
    "config/settings.py",
    "config/.env",
    "settings.py",
    "wsgi.py",
    "db.sqlite3",
    "db.sql",
    "dump.sql",
    "dump.rdb",
    "backup.sql",
    "backup.zip",
    "backup.tar.gz",
    "database.sql.gz",
    "site.zip",
    "www.zip",
    "release.zip",
    "how-to-ai.zip",
    "var/",
    "var/logs/postgres.log",
    "var/keys/backup.txt",
    "var/backups/",
    "logs/",
    "log.txt",
    "error.log",
    "debug.log",
    "access.log",
    "server-status",
    "server-info",
    "nginx_status",
    "phpinfo.php",
    "info.php",
    "wp-login.php",
    "wp-config.php",
    "xmlrpc.php",
    "phpmyadmin/",
    "adminer.php",
    "actuator",
    "actuator/env",
    "actuator/heapdump",
    "console",
    "debug",
    "__debug__/",
    "silk/",
    "rosetta/",
    "explorer/",
    "graphql",
    "graphiql",
    "swagger",
    "swagger.json",
    "swagger-ui/",
    "openapi.json",
    "redoc",
    "api-docs/",
    "api/docs.json",
    "v1/",
    "v2/",
    "internal/",
    "private/",
    "secret/",
    "secrets.json",
    "credentials.json",
    "config.json",
    "config.yml",
    "id_rsa",
    "key.pem",
    "server.key",
    "cert.pem",
    "crossdomain.xml",
    "clientaccesspolicy.xml",
    "trace.axd",
    "elmah.axd",
    "web.config",
    "cgi-bin/",
    "test/",
    "tests/",
    "tmp/",
    "upload/",
    "uploads/",
    "media/",
    "media/exports/",
    "media/pictures/",
    "static/",
    "static/staticfiles.json",
    "static/admin/",
    "dev/mail/",
    "control/events",
    "stripe/v1/events",
    "webhooks/",
    "webhooks/stripe",
    "webhooks/github",
    "admin/doc/",
    "admin/logout/",
    "admin/password_change/",
    "admin/auth/user/",
    "admin/djstripe/",
    "djstripe/webhook/",
    "admin/login/?next=//evil.example",
    "accounts/login/?next=//evil.example",
    ".well-known/security.txt",
    ".well-known/openid-configuration",
    ".well-known/jwks.json",
    "metrics",
    "metrics/",
    "healthz/",
    "readyz/",
    "api",
    "api/",
    "api/admin",
    "api/internal",
    "api/debug",
    "api/config",
    "api/users/1",
    "api/export",
]
# The same file, asked for by names that a careless join of paths would follow.
OUTSIDE = (
    "static/../manage.py",
    "static/..%2fmanage.py",
    "static/%2e%2e/manage.py",
    "static/..%5cmanage.py",
    "static/....//....//etc/passwd",
    "static//etc/passwd",
    "static/%00",
    "media/../.env",
    "community/images/..%2f..%2f.env",
    "community/images/%2fetc%2fpasswd",
    "u/..%2f..%2fetc/picture",
    "tutorials/open/images/..%2f..%2f..%2fmanage.py",
    "tutorials/..%2f..%2fmanage.py.md",
    "%2e%2e/%2e%2e/etc/passwd",
    "..;/admin/",
    "admin%2f",
    "/etc/passwd",
    "\\..\\..\\etc\\passwd",
)
OURS = {
    "static/staticfiles.json": "a list of files that are there for all",
    "api/users/1": "a profile that its owner shows to everybody, or 404",
    "accounts/login/?next=//evil.example": "the page of sign-in, which goes to no other host",
    "admin/login/?next=//evil.example": "leads to the page of sign-in",
}


def stray(browser: Browser) -> Iterator[Finding]:
    for name in (*NAMES, *OUTSIDE):
        status, location = exactly(browser, f"/{name}")
        if status >= 500:
            yield Finding(PART, f"an answer of {status}", f"/{name}")
        elif status == 200:
            yield Finding(PART, "something is there", f"/{name}", OURS.get(name, ""))
        elif "evil.example" in location.split("?")[0]:
            yield Finding(PART, "leads to another host", f"/{name}")


def exactly(browser: Browser, path: str) -> tuple[int, str]:
    """Status and `Location` of an answer to this very path, which a better client would put in order first."""
    connection = http.client.HTTPConnection(browser.host, timeout=30)
    try:
        connection.request("GET", path, headers=browser.headers)
        answer = connection.getresponse()
        answer.read()
    finally:
        connection.close()
    return answer.status, answer.getheader("Location", "")


def asked() -> int:
    return len(NAMES) + len(OUTSIDE)
