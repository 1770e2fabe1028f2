"""Icons by the name that Lucide gives them, drawn once: its own tag builds a tree of XML each time."""

from __future__ import annotations

from functools import lru_cache

from django import template
from django.utils.safestring import SafeString
from lucide.templatetags.lucide import lucide as draw

register = template.Library()


# What stands in our templates are some dozens; more could only come from values.
@register.simple_tag
@lru_cache(maxsize=256)
def lucide(name: str, *, size: int | None = 24, **attributes: str) -> SafeString:
    return SafeString(draw(name, size=size, **attributes))
