"""Access and refresh tokens: how they are made and read. Whether they are good is for accounts.services.sessions.

An access token is a JWT that names its session; simplejwt signs and reads it. A refresh token is
its session's id, 256 random bits and our signature. Each successor is derived from its
predecessor with our key, so that two tabs that show the same token get the same successor although
only hashes are stored (docs/decisions/0008-signing-in.md).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jwt
from django.conf import settings
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError, TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import AccessToken as SimpleAccessToken

SID_BYTES, SECRET_BYTES, SIGNATURE_BYTES = 16, 32, 16
LONGEST_TOKEN = 2048  # characters; ours have about 400


class InvalidToken(Exception):
    """A token that we did not make, or not for this use, or that is over; says why, for the record only."""


@dataclass(frozen=True)
class Key:
    """A key and its public name (`kid`), by which the right one is found while two are in use."""

    id: str
    secret: bytes

    @classmethod
    def of(cls, secret: str) -> Key:
        return cls(id=hashlib.sha256(b"kid:" + secret.encode()).hexdigest()[:8], secret=secret.encode())

    def sign(self, purpose: bytes, message: bytes) -> bytes:
        return hmac.digest(self.secret, purpose + b":" + message, "sha256")


def keys() -> list[Key]:
    """The key that signs, then those that are still read."""
    return [Key.of(secret) for secret in (settings.JWT_SECRET, *settings.JWT_SECRETS_BEFORE)]


class RotatingBackend(TokenBackend):
    """Signs with the newest key, names it in the header, and reads with the key that the header names."""

    def encode(self, payload: dict[str, Any]) -> str:
        key = keys()[0]
        claims = payload | {"aud": self.audience, "iss": self.issuer}
        return jwt.encode(claims, key.secret, algorithm=self.algorithm, headers={"kid": key.id})

    def get_verifying_key(self, token: Any) -> bytes:
        named = jwt.get_unverified_header(token).get("kid")
        for key in keys():
            if key.id == named:
                return key.secret
        raise TokenBackendError("signed with a key that is not ours")


class AccessToken(SimpleAccessToken):
    """Opens the API for fifteen minutes, if the session that it names is alive."""

    _token_backend = RotatingBackend(api_settings.ALGORITHM, audience=api_settings.AUDIENCE, issuer=api_settings.ISSUER)


def make_access(session_id: uuid.UUID) -> tuple[str, datetime]:
    """A signed access token for this session, and when it expires."""
    token = AccessToken()
    token["sid"] = str(session_id)
    return str(token), datetime.fromtimestamp(token["exp"], UTC)


def read_access(text: str) -> uuid.UUID:
    """The session that an access token names. Raises InvalidToken if it is not ours or has expired."""
    if len(text) > LONGEST_TOKEN:
        raise InvalidToken("too long")
    try:
        return uuid.UUID(AccessToken(text)["sid"])  # type: ignore[arg-type]  # their annotation says Token
    except TokenError as error:
        # Theirs says only "invalid"; the cause says what.
        raise InvalidToken(str(error.__cause__ or error)) from error
    except (KeyError, ValueError, AttributeError, TypeError) as error:
        raise InvalidToken("names no session") from error


@dataclass(frozen=True)
class RefreshToken:
    session_id: uuid.UUID
    secret: bytes

    @classmethod
    def new(cls, session_id: uuid.UUID) -> RefreshToken:
        return cls(session_id, secrets.token_bytes(SECRET_BYTES))

    @classmethod
    def read(cls, text: str) -> RefreshToken:
        """The token, if it was made by us at any time. Raises InvalidToken if not."""
        try:
            raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, UnicodeEncodeError, ValueError) as error:
            raise InvalidToken("not a refresh token") from error
        if len(raw) != SID_BYTES + SECRET_BYTES + SIGNATURE_BYTES:
            raise InvalidToken("not a refresh token")
        token = cls(uuid.UUID(bytes=raw[:SID_BYTES]), raw[SID_BYTES:-SIGNATURE_BYTES])
        if not any(hmac.compare_digest(token.signature(key), raw[-SIGNATURE_BYTES:]) for key in keys()):
            raise InvalidToken("not signed by us")
        return token

    def __str__(self) -> str:
        raw = self.session_id.bytes + self.secret + self.signature(keys()[0])
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    def signature(self, key: Key) -> bytes:
        return key.sign(b"refresh signature", self.session_id.bytes + self.secret)[:SIGNATURE_BYTES]

    @property
    def hash(self) -> bytes:
        """What is stored: SHA-256 of 256 random bits, which nobody can guess back."""
        return hashlib.sha256(self.secret).digest()

    def successors(self) -> list[RefreshToken]:
        """The token that follows this one, by the newest key first; older keys made those of just now."""
        return [RefreshToken(self.session_id, key.sign(b"refresh successor", self.secret)) for key in keys()]
