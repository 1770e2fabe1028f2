"""The parts that every page has (common.frame), for templates."""

from __future__ import annotations

from django import template
from django.template import Context
from django.utils.safestring import SafeString

from common import frame

register = template.Library()


@register.simple_tag
def frame_head() -> SafeString:
    return frame.HEAD.fill({})


@register.simple_tag(takes_context=True)
def frame_header(context: Context) -> SafeString:
    # The pages of signing in bring these, with the page to go on to.
    login_url, signup_url = context.get("login_url"), context.get("signup_url")
    ways_in = (login_url, signup_url or "") if login_url else None
    return frame.header_of(context["request"], status=status_of(context), ways_in=ways_in)


@register.simple_tag(takes_context=True)
def frame_messages(context: Context) -> SafeString:
    # While the database is away nothing can be asked for.
    return frame.NOTHING_TO_SAY if status_of(context) == 503 else frame.messages_of(context["request"])


@register.simple_tag
def frame_footer() -> SafeString:
    return frame.footer()


def status_of(context: Context) -> int:
    """Of the answer; error pages say theirs."""
    return context.get("status") or 200
