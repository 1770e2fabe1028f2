"""Write a commented .env with strong secrets."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.env import BASE_DIR
from ops.gateways.backups.keys import make_key

COMMON = """\
# Written by `manage.py setup_env {kind}`. Keep it out of version control and of backups that
# others can read. docs/configuration.md explains every variable.

# Signs sessions and links in mails, and encrypts second factors. Changing it signs everybody out,
# and costs them their second factors and API keys unless you take care (docs/operations.md).
SECRET_KEY={secret_key}

# Signs the access tokens of the API; never the same as SECRET_KEY.
JWT_SECRET={jwt_secret}
"""

DEVELOPMENT = """
# Development: detailed error pages, code reload, demo data.
DEBUG=true

# Unset, `manage.py` runs its own PostgreSQL and Valkey in var/.
# DATABASE_URL=postgres://user:password@localhost:5432/howtoai
# REDIS_URL=redis://localhost:6379/0
"""

PRODUCTION = """
DEBUG=false

# The host names that this site answers to, separated by commas.
ALLOWED_HOSTS=
{services}
# HTTPS is required unless switched off. PROXY_COUNT is how many proxies of yours stand in front,
# the outermost of which ends TLS and sets X-Forwarded-Proto itself; their X-Forwarded-For is trusted.
HTTPS=true
PROXY_COUNT={proxy_count}

# The mail server (smtp+tls:// for STARTTLS, smtp+ssl:// for TLS from the start); without it
# localhost:25. FROM_EMAIL is the sender, SITE_URL where links in mails lead (otherwise https:// and
# the first of ALLOWED_HOSTS).
# EMAIL_URL=smtp+tls://user:password@mail.example:587
# FROM_EMAIL=How-to-AI <hello@howtoai.example>
# SITE_URL=https://howtoai.example

# Payment providers, each of which sells only with its keys (docs/billing.md).
# STRIPE_SECRET_KEY=
# STRIPE_WEBHOOK_SECRETS=
# PAYPAL_CLIENT_ID=
# PAYPAL_CLIENT_SECRET=
# PAYPAL_WEBHOOK_ID=

# What backups are sealed with. Keep a copy of this line where neither this server nor its backups are: without it no
# backup can be restored (docs/operations.md, Backups).
BACKUP_KEY={backup_key}
# A bucket of any S3-compatible service for them; otherwise they lie in a folder of this machine.
# BACKUP_S3_BUCKET=
# BACKUP_S3_ENDPOINT=
# BACKUP_S3_REGION=
# BACKUP_S3_ACCESS_KEY=
# BACKUP_S3_SECRET_KEY=
# Whether any moment can be restored; PostgreSQL must let our role read its log (docs/operations.md, Any moment).
BACKUP_WAL={backup_wal}
# Who is told when something is wrong, such as a backup that failed, separated by commas.
# ADMINS=

# Connections per process; the sum over all processes must stay below max_connections.
DATABASE_POOL_SIZE=8

LOG_LEVEL=INFO
"""


NAMED_BY_HAND = """
# PostgreSQL 16 or newer with pg_trgm available.
DATABASE_URL=

# Valkey or Redis for the task queue; CACHE_URL may name a second one for the cache.
REDIS_URL=
# CACHE_URL=
"""

# Hosts are the services of deploy/compose/compose.yaml.
IN_CONTAINERS = """
# The password that PostgreSQL is given for the platform when its data are made, and where all services are.
DATABASE_PASSWORD={password}
DATABASE_URL=postgres://howtoai:{password}@postgres:5432/howtoai
REDIS_URL=redis://valkey:6379/0
CACHE_URL=redis://valkey:6379/1
"""

STILL_TO_DO = {
    "dev": "",
    "prod": " Fill in ALLOWED_HOSTS, DATABASE_URL and REDIS_URL.",
    "compose": " Fill in ALLOWED_HOSTS.",
}


class Command(BaseCommand):
    help = "Write a commented .env with strong generated secrets (mode 0600)."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=["dev", "prod", "compose"])
        parser.add_argument("--force", action="store_true", help="replace an existing file")
        parser.add_argument("--path", type=Path, default=BASE_DIR / ".env", help="where to write (default: .env)")

    def handle(self, *args: Any, kind: str, force: bool, path: Path, **options: Any) -> None:
        """Write the file whole or not at all. Raises CommandError if there is one already."""
        if path.exists() and not force:
            raise CommandError(f"{path} exists; --force replaces it, and its secrets are gone then.")
        if not path.parent.is_dir():
            raise CommandError(f"There is no folder {path.parent}.")
        in_containers = kind == "compose"
        services = IN_CONTAINERS.format(password=secrets.token_urlsafe(32)) if in_containers else NAMED_BY_HAND
        body = COMMON + (DEVELOPMENT if kind == "dev" else PRODUCTION)
        text = body.format(
            kind=kind,
            secret_key=secrets.token_urlsafe(64),
            jwt_secret=secrets.token_urlsafe(64),
            backup_key=make_key(),
            services=services,
            # The one in deploy/nginx; and their PostgreSQL is set up for it.
            proxy_count=1 if in_containers else 0,
            backup_wal="true" if in_containers else "false",
        )
        draft = path.with_name(path.name + ".new")
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600, exist_ok=False)
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
        self.stdout.write(f"Wrote {path}.{STILL_TO_DO[kind]}")
