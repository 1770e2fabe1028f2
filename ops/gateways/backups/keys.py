"""The key with which backups are sealed. It must never lie where the backups do."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from pathlib import Path

import pyrage
from django.conf import settings
from pyrage import x25519

from ops.gateways.backups.errors import RefusedError, UnsoundError

PREFIX = "AGE-SECRET-KEY-1"
PURPOSE = b"how-to-ai backup manifest 1"


@dataclass(frozen=True)
class Keys:
    """The identity with which we seal, and former ones, which open what they have sealed."""

    secrets: tuple[str, ...]

    @property
    def identities(self) -> list[x25519.Identity]:
        return [x25519.Identity.from_str(secret) for secret in self.secrets]

    @property
    def recipients(self) -> list[x25519.Recipient]:
        return [self.identities[0].to_public()]

    def sign(self, text: bytes) -> str:
        """What only somebody with the key can write beside a text; hexadecimal."""
        return signature(self.secrets[0], text)

    def check(self, text: bytes, signed: str) -> None:
        """Raises UnsoundError unless one of our keys has signed exactly this."""
        if not any(hmac.compare_digest(signature(secret, text), signed) for secret in self.secrets):
            raise UnsoundError(
                "The manifest is not signed with our key: it was altered, belongs to another site, or BACKUP_KEY is"
                " another one now (a former key goes into BACKUP_KEYS_BEFORE)."
            )


def signature(secret: str, text: bytes) -> str:
    key = hmac.digest(secret.encode(), PURPOSE, hashlib.sha256)
    return hmac.new(key, text, hashlib.sha256).hexdigest()


def our_keys() -> Keys:
    """Raises RefusedError if there is no key, or one that is none."""
    first = settings.BACKUP_KEY or key_of_development()
    if not first:
        raise RefusedError(
            "BACKUP_KEY is not set, and nothing is backed up unsealed. `manage.py backup_key` makes one; keep a copy"
            " where neither this server nor its backups are."
        )
    return Keys(tuple(read_key(text) for text in (first, *settings.BACKUP_KEYS_BEFORE)))


def read_key(text: str) -> str:
    """The line of an age identity that is the key; such files have comments. Raises RefusedError."""
    lines = [line.strip() for line in text.splitlines() if line.strip().startswith(PREFIX)]
    try:
        (secret,) = lines
        x25519.Identity.from_str(secret)
    except (ValueError, pyrage.IdentityError) as error:
        raise RefusedError(
            f"BACKUP_KEY must be one age identity, {PREFIX}…; `manage.py backup_key` makes one."
        ) from error
    return secret


def make_key() -> str:
    return str(x25519.Identity.generate())


def key_of_development() -> str:
    """With DEBUG, a key that is made at its first use, outside the folder of the backups; else none."""
    if not settings.BACKUP_KEY_OF_DEVELOPMENT:
        return ""
    path = Path(settings.BACKUP_KEY_OF_DEVELOPMENT)
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.new")
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600, exist_ok=False)
        draft.write_text(f"{make_key()}\n")
        draft.replace(path)
    return path.read_text()
