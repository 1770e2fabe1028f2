"""Why somebody reports a text, or acts as a moderator."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from common.text import clean_body, visible
from community.models.moderation import LONGEST_REASON, NO_REASON

TOO_LONG = f"Say it in at most {LONGEST_REASON:,} characters."


def check_reason(reason: str) -> str:
    """As it is stored. Raises ValidationError on `reason`."""
    try:
        reason = clean_body(reason).strip()
    except ValidationError as error:
        raise ValidationError({"reason": error}) from error
    if not visible(reason):
        raise ValidationError({"reason": ValidationError(NO_REASON, code="required")})
    if len(reason) > LONGEST_REASON:
        raise ValidationError({"reason": ValidationError(TOO_LONG, code="max_length")})
    return reason
