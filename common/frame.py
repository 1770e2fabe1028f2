"""What every page has around its own: head, header and footer, as fragments, since every page pays for them.

Ordinary pages extend "base.html", whose tags (common/templatetags/frame.py) ask here. A page that is a Fragment itself
extends "filled.html" and is given `frame_of` with its own fields.
"""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.contrib.messages import get_messages
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from common.addresses import absolute, address_of
from common.fragments import Fragment, Value
from common.header import items_for

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
FOOTER = Fragment("_footer.html", fields=("site_name", "links"))
FOOTER_LINK = Fragment("_footer_link.html", fields=("address", "words"))
# What "filled.html" takes: the names that `frame_of` gives.
FRAME = ("site_name", "canonical", "header", "messages")

# The pages that the header leads to, which it marks where one is.
IN_HEADER = ("tutorials:list", "tutorials:tracks", "community:list", "community:search", "billing:pricing")
NOTHING: dict[str, Value] = dict.fromkeys(HEADER.fields, "")
NOTHING_TO_SAY = SafeString("")


def frame_of(request: HttpRequest, *, csrf_token: str) -> dict[str, Value]:
    """What is around a page that is filled as a Fragment. `csrf_token` is the one that the page shows elsewhere."""
    return {
        "site_name": settings.SITE_NAME,
        "canonical": absolute(request.path),
        "header": header_of(request, csrf_token=csrf_token),
        "messages": messages_of(request),
    }


def footer() -> SafeString:
    """The footer, with the links that the operator wants there."""
    links = (FOOTER_LINK.fill({"address": address, "words": words}) for words, address in settings.FOOTER_LINKS)
    return FOOTER.fill({"site_name": settings.SITE_NAME, "links": SafeString("".join(links))})


def header_of(
    request: HttpRequest,
    *,
    status: int = 200,
    ways_in: tuple[str, str] | None = None,
    csrf_token: str = "",
) -> SafeString:
    """The header, and below it a line each for those whose address is not confirmed or who are about to be erased.

    `status` is that of the answer, `ways_in` where to sign in and up where that is not the usual, and `csrf_token`
    what was made for this page already.
    """
    here = pages().get(request.path, "")
    values = NOTHING | {"site_name": settings.SITE_NAME}
    # While the database is away (503) nobody can be asked for.
    if status == 503:
        return HEADER.fill(values, who="nobody", here=here, is_named=False, has_profile=False)
    # What is refused before anybody was asked for has no user.
    user: Any = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        values["login_url"], values["signup_url"] = ways_in or usual_ways_in(request, status)
        return HEADER.fill(values, who="visitor", here=here, is_named=False, has_profile=False)
    # Somebody who was made past User.save has none, and reads on.
    profile = getattr(user, "profile", None)
    values |= {
        "short_name": user.get_short_name(),
        "full_name": user.get_full_name(),
        "email": user.email,
        "handle": profile.handle if profile else "",
        "csrf_token": csrf_token or get_token(request),
        "items": items_of(user),
    }
    header = HEADER.fill(values, who="member", here=here, is_named=bool(user.name), has_profile=bool(profile))
    if asks_to_confirm(user, request.path):
        header = SafeString(header + CONFIRM.fill(values))
    if user.erase_after:
        header = SafeString(header + render_to_string("accounts/_erasure_bar.html", {"user": user}, request))
    return header


def messages_of(request: HttpRequest) -> SafeString:
    """What the last action did, if anything is to be said of it."""
    messages = get_messages(request)
    return render_to_string("components/messages.html", {"messages": messages}) if messages else NOTHING_TO_SAY


@cache
def pages() -> dict[str, str]:
    """The names of the pages in the header, by their paths."""
    return {reverse(name): name for name in IN_HEADER}


def usual_ways_in(request: HttpRequest, status: int) -> tuple[str, str]:
    """Where to sign in and up: and then on to this page, if it is one to go back to."""
    then = "" if status >= 400 or request.path == "/" else f"?next={quote(request.get_full_path(), safe='')}"
    return f"{address_of('account_login')}{then}", f"{address_of('account_signup')}{then}"


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
    return not user.is_confirmed and path != address_of("account_email") and "/confirm-email/" not in path
