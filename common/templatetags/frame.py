"""The parts that every page has (common.frame), for templates."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.template import Context
from django.templatetags.static import static
from django.urls import reverse
from django.utils.safestring import SafeString

from common import frame
from common.addresses import absolute

register = template.Library()


@register.simple_block_tag
def in_one_line(content: str) -> SafeString:
    """What a block says, fit for an attribute too: a title stands in several places, and its block in one."""
    # Whatever came from people is escaped already; quotation marks of a template's own are not.
    return SafeString(" ".join(content.split()).replace('"', "&quot;"))


@register.simple_tag
def picture_of_site() -> str:
    """What is shown with a link to a page that has no picture of its own."""
    return absolute(static("img/card.png"))


@register.simple_tag
def picture_of(name: str, key: object, changed: datetime | None = None) -> str:
    """The picture of a page, by the name of its address; at another address once it has changed, as others keep it."""
    version = f"?v={int(changed.timestamp() * 1000)}" if changed else ""
    return f"{absolute(reverse(name, args=[key]))}{version}"


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
