"""The parts that every page has: head, header and footer, as fragments, since every page pays for them."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import quote

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.template import Context
from django.urls import reverse
from django.utils.safestring import SafeString

from common.fragments import Fragment, Value
from common.header import items_for

register = template.Library()

HEAD = Fragment("_head.html")
HEADER = Fragment(
    "_header.html",
    fields=(
        *("site_name", "items", "login_url", "signup_url"),
        *("short_name", "full_name", "email", "handle", "csrf_token"),
    ),
    flags=("who", "here", "is_named", "has_profile"),
)
ITEM = Fragment("_header_item.html", fields=("address", "label", "count", "unit"), flags=("icon", "counted"))
CONFIRM = Fragment("_confirm.html", fields=("email", "csrf_token"))
FOOTER = Fragment("_footer.html", fields=("site_name",))

# The pages that the header leads to, which it marks where one is.
IN_HEADER = ("tutorials:list", "tutorials:tracks", "community:list", "community:search")
NOTHING: dict[str, Value] = dict.fromkeys(HEADER.fields, "")


@register.simple_tag
def frame_head() -> SafeString:
    return HEAD.fill({})


@register.simple_tag(takes_context=True)
def frame_header(context: Context) -> SafeString:
    """The header, and below it one line for those whose address is not confirmed."""
    request: HttpRequest = context["request"]
    status: int = context.get("status") or 200
    here = pages().get(request.path, "")
    values = NOTHING | {"site_name": settings.SITE_NAME}
    # While the database is away (503) nobody can be asked for.
    if status == 503:
        return HEADER.fill(values, who="nobody", here=here, is_named=False, has_profile=False)
    user: Any = context["user"]
    if not user.is_authenticated:
        values |= ways_in(context, request, status)
        return HEADER.fill(values, who="visitor", here=here, is_named=False, has_profile=False)
    # Somebody who was made past User.save has none, and reads on.
    profile = getattr(user, "profile", None)
    values |= {
        "short_name": user.get_short_name(),
        "full_name": user.get_full_name(),
        "email": user.email,
        "handle": profile.handle if profile else "",
        "csrf_token": get_token(request),
        "items": items_of(user),
    }
    header = HEADER.fill(values, who="member", here=here, is_named=bool(user.name), has_profile=bool(profile))
    return SafeString(header + CONFIRM.fill(values)) if asks_to_confirm(user, request.path) else header


@register.simple_tag
def frame_footer() -> SafeString:
    return FOOTER.fill({"site_name": settings.SITE_NAME})


@cache
def pages() -> dict[str, str]:
    """The names of the pages in the header, by their paths."""
    return {reverse(name): name for name in IN_HEADER}


def ways_in(context: Context, request: HttpRequest, status: int) -> dict[str, Value]:
    """Where to sign in and up: and then on to this page, if it is one to go back to."""
    if context.get("login_url"):
        # The pages of signing in bring these, with the page to go on to.
        return {"login_url": context["login_url"], "signup_url": context.get("signup_url", "")}
    then = "" if status >= 400 or request.path == "/" else f"?next={quote(request.get_full_path(), safe='')}"
    login_url, signup_url = doors()
    return {"login_url": f"{login_url}{then}", "signup_url": f"{signup_url}{then}"}


@cache
def doors() -> tuple[str, str]:
    return reverse("account_login"), reverse("account_signup")


def items_of(user: Any) -> SafeString:
    items = (
        ITEM.fill(
            {"address": item.address, "label": item.label, "count": item.count, "unit": item.unit},
            icon=item.icon,
            counted=item.count > 0,
        )
        for item in items_for(user)
    )
    return SafeString("".join(items))


def asks_to_confirm(user: Any, path: str) -> bool:
    """Not where that is the subject anyway."""
    return not user.is_confirmed and path != email_page() and "/confirm-email/" not in path


@cache
def email_page() -> str:
    return reverse("account_email")
