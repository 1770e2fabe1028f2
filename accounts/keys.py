"""API keys as text: how they are made and read. Whether one is good is for accounts.services.api_keys.

`hta_`, 16 digits that are public and by which the key is found, `_`, 256 random bits, and a
checksum, so that a mistyped key, or what merely looks like one, is known without a query; by
the same form those who scan repositories for secrets find ours.
"""

from __future__ import annotations

import hmac
import re
import secrets
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from accounts.models import User

PREFIX_BYTES, SECRET_BYTES = 8, 32
# All digits are hexadecimal: two for a byte, and eight for the checksum (CRC-32).
FORM = re.compile(r"(hta_([0-9a-f]{16})_[0-9a-f]{64})([0-9a-f]{8})")


class InvalidKey(Exception):
    """A key that we did not make, or that is over; says why, for the record only."""

    def __init__(self, reason: str, *, owner: User | None = None) -> None:
        """`owner` is known only where the whole key was right: the public part proves nothing."""
        super().__init__(reason)
        self.owner = owner


@dataclass(frozen=True)
class KeyText:
    prefix: str
    # Not in what is logged or shown of it by mistake.
    text: str = field(repr=False)

    @classmethod
    def new(cls) -> KeyText:
        prefix = secrets.token_hex(PREFIX_BYTES)
        body = f"hta_{prefix}_{secrets.token_hex(SECRET_BYTES)}"
        return cls(prefix, body + checksum(body))

    @classmethod
    def read(cls, text: str) -> KeyText:
        """Raises InvalidKey for whatever has not the form of a key, or not its checksum."""
        match = FORM.fullmatch(text)
        if match is None:
            raise InvalidKey("malformed")
        body, prefix, shown = match.groups()
        if checksum(body) != shown:
            raise InvalidKey("wrong checksum")
        return cls(prefix, text)

    @property
    def hash(self) -> bytes:
        """What is stored: it says nothing to those who have the database, but not our secret."""
        return hmac.digest(settings.API_KEY_SECRET.encode(), b"api key:" + self.text.encode(), "sha256")


def checksum(body: str) -> str:
    return f"{zlib.crc32(body.encode()):08x}"
