"""The configuration in words: which variables the code reads, found in the code, and what each means, said here.

`manage.py configuration` writes docs/configuration.md from both. What is read and not explained, or explained and not
read, ends it with an error, and a test holds the page to it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from config.env import BASE_DIR, REQUIRED_IN_PRODUCTION

PAGE: Final = BASE_DIR / "docs" / "configuration.md"
# All that reads the environment.
SOURCES = (
    "config/env.py",
    "config/settings.py",
    "config/serving.py",
    "config/management/commands/up.py",
    "common/logging.py",
)
KINDS = {
    "str": "text",
    "bool": "true or false",
    "int": "number",
    "list": "list",
    "email_url": "address",
    "networks_from": "list of networks",
    "links_from": "list of links",
    "get": "text",
}
# What stands for `{provider}` in the names of variables.
PROVIDERS = ("GOOGLE", "GITHUB")


@dataclass(frozen=True)
class Read:
    """A place where the code reads a variable."""

    name: str
    kind: str
    # As it stands in the code; None if there is none.
    default: ast.expr | None


@dataclass(frozen=True)
class Meaning:
    """`default`: in words, where the code has no plain value."""

    says: str
    default: str = ""
    secret: bool = False


@dataclass(frozen=True)
class Section:
    title: str
    intro: str
    variables: dict[str, Meaning]


class Unexplained(Exception):
    """What the code reads and what this file explains are not the same."""


def found() -> dict[str, Read]:
    """Every variable that the code reads, where it is read first with a default, else where it is read first."""
    reads: dict[str, Read] = {}
    for source in SOURCES:
        for read in reads_in(ast.parse((BASE_DIR / source).read_text(encoding="utf-8"))):
            known = reads.get(read.name)
            if known is None or (known.default is None and read.default is not None):
                reads[read.name] = read
    return reads


def reads_in(tree: ast.AST) -> Iterator[Read]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and (kind := kind_of(node.func)):
            default = next((word.value for word in node.keywords if word.arg == "default"), None)
            if kind == "get" and len(node.args) > 1:
                default = node.args[1]
            for name in names_in(node.args[0]):
                yield Read(name, KINDS[kind], default)


def kind_of(function: ast.expr) -> str:
    """Of `env.bool` "bool"; of `os.environ.get` and `environment.get` "get"; empty for what reads no variable."""
    if isinstance(function, ast.Name):
        return function.id if function.id in ("networks_from", "links_from") else ""
    if not isinstance(function, ast.Attribute) or function.attr not in KINDS:
        return ""
    owner = ast.unparse(function.value)
    if function.attr == "get":
        return "get" if owner in ("os.environ", "environment") else ""
    return function.attr if owner in ("env", "environ.FileAwareEnv") else ""


def names_in(argument: ast.expr) -> list[str]:
    """One name, or one for each provider; none where it is a variable of the code's own."""
    if isinstance(argument, ast.Constant):
        return [str(argument.value)]
    if isinstance(argument, ast.JoinedStr):
        written = ast.unparse(argument).strip("f'\"")
        return [written.replace("{provider.upper()}", provider) for provider in PROVIDERS]
    return []


def page() -> str:
    """docs/configuration.md. Raises Unexplained."""
    reads = found()
    explained = [name for section in SECTIONS for name in section.variables]
    twice = {name for name in explained if explained.count(name) > 1}
    if amiss := twice | (set(explained) ^ set(reads)):
        raise Unexplained(
            f"{', '.join(sorted(amiss))}: each variable that is read must be explained once in config/reference.py."
        )
    return "\n".join([INTRO, *(line for section in SECTIONS for line in lines_of(section, reads))]) + "\n"


def lines_of(section: Section, reads: dict[str, Read]) -> Iterator[str]:
    yield from (f"\n## {section.title}\n", *([section.intro + "\n"] if section.intro else []))
    yield "| variable | kind | default | meaning |"
    yield "| --- | --- | --- | --- |"
    for name, meaning in section.variables.items():
        kind = "secret" if meaning.secret else reads[name].kind
        yield f"| `{name}` | {kind} | {default_of(reads[name], meaning)} | {meaning.says} |"


def default_of(read: Read, meaning: Meaning) -> str:
    if read.name in REQUIRED_IN_PRODUCTION:
        return "**required**" + (f"; {meaning.default}" if meaning.default else "")
    if meaning.default:
        return meaning.default
    if read.default is None:
        return "none"
    try:
        value = ast.literal_eval(read.default)
    except ValueError:
        raise Unexplained(f"{read.name}: the default {ast.unparse(read.default)} needs words.") from None
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, list):
        value = ",".join(value)
    return f"`{value}`" if value not in ("", None) else "none"


def write() -> bool:
    """Whether anything had to be written. Raises Unexplained."""
    text = page()
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text:
        return False
    PAGE.write_text(text, encoding="utf-8")
    return True


INTRO = """\
# Configuration

<!-- Written by `manage.py configuration` from the settings and config/reference.py; do not edit. -->

All of it comes from the environment, or from a file `.env` in the folder of the code (`ENV_FILE` names another), which
`manage.py setup_env dev`, `prod` or `compose` writes with strong secrets. What stands in the environment wins over the
file. Any variable of the settings may instead be given as a file that holds its value:
`SECRET_KEY_FILE=/run/secrets/key`. Lists are separated by commas. An empty variable is not an unset one.

Started without one that is **required**, or with one that makes no sense, every process ends with one line that names
it. "Development" is `DEBUG=true`, which `manage.py` assumes on a clone that nobody has configured, and the web server
never.

In containers `VAR_DIR`, `STATIC_ROOT`, `HOST` and `PORT` are set by the image (`deploy/Containerfile`)."""

SECTIONS = (
    Section(
        "The site",
        "",
        {
            "DEBUG": Meaning("detailed errors, reload, demo data; never where others can reach it"),
            "ALLOWED_HOSTS": Meaning("host names that are answered", "`localhost` in development"),
            "SITE_URL": Meaning(
                "our one address: in mails, in what pages name as their home, in the site's map",
                "`https://` and the first of `ALLOWED_HOSTS`; `http://localhost:PORT` in development",
            ),
            "FOOTER_LINKS": Meaning(
                "links below every page, such as"
                " `Terms=https://example.org/terms,Privacy=https://example.org/privacy,Contact=mailto:help@example.org`"
            ),
            "HTTPS": Meaning(
                "redirect to it and tell browsers to stay (HSTS, for two years, subdomains included); cookies are"
                " always secure",
                "`true`; `false` in development",
            ),
            "PROXY_COUNT": Meaning(
                "proxies of yours in front, one behind the other, whose `X-Forwarded-For` and `X-Forwarded-Proto` are"
                " believed ([proxies](operations.md#proxies)); 1 with `deploy/nginx`"
            ),
            "CSRF_TRUSTED_ORIGINS": Meaning("other origins that may post forms"),
            "CORS_ALLOWED_ORIGINS": Meaning("other origins whose scripts may call the API, without cookies"),
            "COMMUNITY_HOLD_FIRST_POSTS": Meaning(
                "how many first posts and comments of a newcomer wait for a moderator"
            ),
        },
    ),
    Section(
        "Secrets",
        "What each signs, and what a change costs: [operations](operations.md#secrets).",
        {
            "SECRET_KEY": Meaning(
                "signs sessions and links, encrypts second factors; 50 characters at least", secret=True
            ),
            "SECRET_KEY_FALLBACKS": Meaning("former ones, still read", secret=True),
            "JWT_SECRET": Meaning("signs tokens of the API; 50 characters at least, another one", secret=True),
            "JWT_SECRETS_BEFORE": Meaning("former ones, still read", secret=True),
            "API_KEY_SECRET": Meaning("keys the hashes of API keys", "`SECRET_KEY`", secret=True),
        },
    ),
    Section(
        "Database, queue and cache",
        "",
        {
            "DATABASE_URL": Meaning(
                "PostgreSQL 16 or newer with `pg_trgm`: `postgres://user:password@host:5432/name`; with a socket in a"
                " folder: `postgres://user@/name?host=/run/postgresql`",
                "one of its own in development",
                secret=True,
            ),
            "DATABASE_POOL": Meaning("keep connections open; `false` with Celery's prefork pool"),
            "DATABASE_POOL_SIZE": Meaning(
                "connections of one process at most; the sum stands in [scale](scale.md#connections)"
            ),
            "REDIS_URL": Meaning(
                "Valkey or Redis for tasks and events: `redis://`, `rediss://` or `unix://`",
                "one of its own in development",
                secret=True,
            ),
            "CACHE_URL": Meaning("another one, or another database of it, for the cache", "`REDIS_URL`", secret=True),
        },
    ),
    Section(
        "Mail",
        "",
        {
            "EMAIL_URL": Meaning(
                "the mail server: `smtp+tls://user:password@host:587`, `smtp+ssl://…:465` or `smtp://…:25`",
                "`smtp://localhost:25`; kept in `mail/` in `VAR_DIR` in development",
                secret=True,
            ),
            "FROM_EMAIL": Meaning("the sender of all mails", "`How-to-AI <hello@howtoai.example>`"),
            "STAFF_EMAIL": Meaning("who reads what people write to us through the pages", "`FROM_EMAIL`"),
            "ADMINS": Meaning("who is told when something is wrong with the platform ([alarms](operations.md#alarms))"),
        },
    ),
    Section(
        "Signing in",
        "",
        {
            "STAFF_NEED_SECOND_FACTOR": Meaning(
                "staff work only with a second factor", "`true`; `false` in development"
            ),
            "GOOGLE_CLIENT_ID": Meaning("sign-in with Google; without it there is no button"),
            "GOOGLE_CLIENT_SECRET": Meaning("goes with it", secret=True),
            "GITHUB_CLIENT_ID": Meaning("sign-in with GitHub; without it there is no button"),
            "GITHUB_CLIENT_SECRET": Meaning("goes with it", secret=True),
        },
    ),
    Section(
        "Payment",
        "In development, where none of these is set, stand-ins take the providers' place ([billing](billing.md)).",
        {
            "STRIPE_SECRET_KEY": Meaning(
                "a secret or restricted key; without it nothing is sold through Stripe", secret=True
            ),
            "STRIPE_WEBHOOK_SECRETS": Meaning(
                "of the webhook endpoint; several while one takes the place of another", secret=True
            ),
            "STRIPE_API_BASE": Meaning("where its API is", "`https://api.stripe.com`"),
            "STRIPE_AUTOMATIC_TAX": Meaning("have Stripe reckon taxes; registrations must stand in its dashboard"),
            "PAYPAL_CLIENT_ID": Meaning("of a REST app; without it nothing is sold through PayPal"),
            "PAYPAL_CLIENT_SECRET": Meaning("goes with it", secret=True),
            "PAYPAL_WEBHOOK_ID": Meaning("of the webhook; signatures are bound to it"),
            "PAYPAL_API_BASE": Meaning(
                "where its API is; the sandbox is at `https://api-m.sandbox.paypal.com`", "`https://api-m.paypal.com`"
            ),
            "PAYPAL_CERT_HOSTS": Meaning("where certificates of webhooks may lie"),
            "PAYPAL_CA_FILE": Meaning("who may vouch for them", "the authorities of `certifi`"),
            "ALLOW_PRETENDED_PAYMENTS": Meaning(
                "let an API's address be `http://` or on this machine without DEBUG too, as for a benchmark"
            ),
        },
    ),
    Section(
        "Analytics",
        "",
        {
            "ANALYTICS": Meaning("whether anything is counted"),
            "ANALYTICS_TIME_ZONE": Meaning("whose days the figures are of"),
            "ANALYTICS_MONTHS": Meaning("for how many whole months single events are kept; their sums stay for ever"),
        },
    ),
    Section(
        "Backups",
        "How to set them up: [operations](operations.md#setting-up).",
        {
            "BACKUP_KEY": Meaning(
                "what seals them, an age identity (`manage.py backup_key`); **keep a copy elsewhere**",
                "none, and no backup is taken; one of its own in development",
                secret=True,
            ),
            "BACKUP_KEYS_BEFORE": Meaning("former ones, for as long as backups of them are kept", secret=True),
            "BACKUP_FOLDER": Meaning("where they lie, unless in a bucket", "`backups/` in `VAR_DIR`"),
            "BACKUP_S3_BUCKET": Meaning("the bucket, of anything that speaks S3"),
            "BACKUP_S3_PREFIX": Meaning("a folder in it"),
            "BACKUP_S3_ENDPOINT": Meaning("the service's address; AWS needs none"),
            "BACKUP_S3_REGION": Meaning("its region"),
            "BACKUP_S3_ACCESS_KEY": Meaning("who we are there", secret=True),
            "BACKUP_S3_SECRET_KEY": Meaning("goes with it", secret=True),
            "BACKUP_S3_ADDRESSING": Meaning("`path` for most that are not AWS"),
            "BACKUP_SCRATCH": Meaning(
                "where a server is recovered for a proof: once the size of all its databases", "`scratch/` in `VAR_DIR`"
            ),
            "BACKUP_WAL": Meaning(
                "keep the write-ahead log, so that any moment can be restored", "`false`; `true` in development"
            ),
            "BACKUP_WAL_SECONDS": Meaning("how often the newest part of it is stored: what a fire would cost"),
            "BACKUP_WAL_DAYS": Meaning("for how many days back"),
            "BACKUP_COMPRESSION": Meaning("zstd's level, 1 to 19"),
            "BACKUPS_DAILY": Meaning("how many are kept, each the newest of its day"),
            "BACKUPS_WEEKLY": Meaning("of its week"),
            "BACKUPS_MONTHLY": Meaning("of its month"),
            "PG_BIN": Meaning(
                "folder of PostgreSQL's programs, of the server's major version", "those of the package (18)"
            ),
            "LOG_ARCHIVE_S3_BUCKET": Meaning(
                "a bucket of the same service for days of the log that are over", "`logs/archive/` in `VAR_DIR`"
            ),
        },
    ),
    Section(
        "Operations",
        "",
        {
            "VAR_DIR": Meaning(
                "uploads, spools, backups: a disk that survives a restart, the same for all processes",
                "`var/` beside the code",
            ),
            "STATIC_ROOT": Meaning("where `collectstatic` puts static files", "`static/` in `VAR_DIR`"),
            "ENV_FILE": Meaning("another file to read variables from", "`.env` beside the code"),
            "LOG_LEVEL": Meaning("what is less than that is not logged"),
            "LOG_TO": Meaning("where records go; `console` leaves the database out"),
            "METRICS_TOKEN": Meaning("bearer token of who may read `/metrics`", secret=True),
            "METRICS_NETWORKS": Meaning("networks from which `/metrics` may be read without one", "none"),
            "MAINTENANCE_FILE": Meaning(
                "the file whose presence closes the site; with several machines, where all of them see it",
                "`maintenance.json` in `VAR_DIR`",
            ),
            "NO_COLOR": Meaning("with any value: no colours on the console", "none"),
            "FORCE_COLOR": Meaning(
                "with any value: colours also where it is no terminal, as `up` tells its processes", "none"
            ),
            "SENTRY_DSN": Meaning("where errors are told, besides the log", secret=True),
        },
    ),
    Section(
        "The web server",
        "Read by `python -m config.serving`, and but for the last two by `manage.py up`; none can be given as a file.",
        {
            "HOST": Meaning("the address to listen at"),
            "PORT": Meaning("and the port"),
            "WEB_WORKERS": Meaning("processes of it", "2; 1 in development"),
            "WEB_THREADS": Meaning("threads of each ([why so few](decisions/0014-what-a-page-costs.md))", "2"),
            "WEB_SOCKET": Meaning("a Unix socket to listen at in place of both, as with `deploy/nginx`"),
            "DRAIN_SECONDS": Meaning(
                "told to stop, it is out of traffic and goes on for so long, before it ends what is under way", "5"
            ),
        },
    ),
    Section(
        "Set by the platform itself",
        "Named here so that nobody sets them.",
        {
            "RUNS_COMMAND": Meaning("by `manage.py`: statements may take longer than those of a request"),
            "SIGN_OF_LIFE": Meaning(
                "by the image: the file in which the process of a container, unless it is the web server, says that it"
                " does not hang ([what hangs](deploy.md#what-hangs))"
            ),
            "DRAINING_FLAG": Meaning("by `config.serving`: the file that says that this server is about to stop"),
            "TEST_DATABASE_TEMPLATE": Meaning("by the tests: the database of which each of their processes has a copy"),
        },
    ),
)
