"""What we encrypt can be read by us only, and for its own purpose."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import InvalidToken

from common.encryption import decrypt, encrypt


def test_what_was_encrypted_is_read_again_for_the_same_purpose_only() -> None:
    encrypted = encrypt("mail", "the secret")
    assert "secret" not in encrypted
    assert decrypt("mail", encrypted) == "the secret"
    with pytest.raises(InvalidToken):
        decrypt("second factor", encrypted)


def test_a_former_key_still_reads_and_no_longer_encrypts(settings: Any) -> None:
    before = encrypt("mail", "the secret")
    former, settings.SECRET_KEY = settings.SECRET_KEY, "another key " * 5
    with pytest.raises(InvalidToken):
        decrypt("mail", before)
    settings.SECRET_KEY_FALLBACKS = [former]
    assert decrypt("mail", before) == "the secret"
    after = encrypt("mail", "the secret")
    settings.SECRET_KEY_FALLBACKS = []
    assert decrypt("mail", after) == "the secret"
