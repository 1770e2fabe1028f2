"""What a password must be, besides Django's own rules."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError

LONGEST_PASSWORD = 256  # characters


class MaximumLengthValidator:
    """Refuses what nobody types: hashing a megabyte would keep a processor busy."""

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) > LONGEST_PASSWORD:
            raise ValidationError(self.get_help_text(), code="password_too_long")

    def get_help_text(self) -> str:
        return f"Your password may have up to {LONGEST_PASSWORD} characters."
