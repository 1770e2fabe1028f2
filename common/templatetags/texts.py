from __future__ import annotations

from django import template

register = template.Library()


@register.filter
def in_fours(text: str) -> list[str]:
    """Four characters each, as people read a long secret off a screen; the last part may be shorter."""
    return [text[start : start + 4] for start in range(0, len(text), 4)]
