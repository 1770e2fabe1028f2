from __future__ import annotations

from datetime import datetime

from django import template
from django.utils import timezone

from common.moments import Moments

register = template.Library()


@register.filter
def in_fours(text: str) -> list[str]:
    """Four characters each, as people read a long secret off a screen; the last part may be shorter."""
    return [text[start : start + 4] for start in range(0, len(text), 4)]


@register.filter
def ago(at: datetime) -> str:
    """How long ago, in its largest unit; after a week the day, which then says more."""
    return Moments(timezone.now()).of(at).ago


@register.filter
def thousands(number: int) -> str:
    """As pages of figures write them: 2,497."""
    return f"{number:,}"
