"""Encrypting what lies where others may look: the database, the queue."""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


def encrypt(purpose: str, text: str) -> str:
    """Text that only we can read, and only for the same purpose."""
    return cipher(purpose).encrypt(text.encode()).decode()


def decrypt(purpose: str, encrypted: str) -> str:
    """Raises cryptography.fernet.InvalidToken for what we have not encrypted, or with a key that is gone."""
    return cipher(purpose).decrypt(encrypted.encode()).decode()


def cipher(purpose: str) -> MultiFernet:
    """Encrypts with SECRET_KEY, and also reads what its fallbacks encrypted."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return MultiFernet(
        Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"{purpose}:{key}".encode()).digest())) for key in keys
    )
