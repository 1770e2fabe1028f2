"""Browsers that have signed in before carry a signed cookie that says for whom.

It opens no door, and is given only to those whose address is confirmed: anybody can sign up with
the address of somebody else. It keeps the owner's own lane free while strangers guess at the password, since
delays are counted per account and lane, and it spares them a mail about a new device.
"""

from __future__ import annotations

import hashlib
import hmac

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase

COOKIE = "__Host-device"
SALT = "accounts.devices"
MOST = 5  # people who share a browser
KEPT = 365 * 24 * 60 * 60  # seconds


def mark(email: str) -> str:
    """What stands for an address in the cookie, which others may read on a shared computer."""
    return hmac.digest(settings.SECRET_KEY.encode(), b"device:" + email.encode(), hashlib.sha256).hex()[:24]


def known(request: HttpRequest) -> tuple[str, ...]:
    """The marks of those who have signed in with this browser, oldest first."""
    try:
        marks = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=KEPT)
    except signing.BadSignature:
        return ()
    if not isinstance(marks, list):
        return ()
    return tuple(mark for mark in marks if isinstance(mark, str))


def remember(request: HttpRequest, response: HttpResponseBase, *, email: str) -> None:
    """Note that this browser is one of the person's own; it is none while their address is not confirmed."""
    before = known(request)
    marks = [other for other in before if other != mark(email)]
    if EmailAddress.objects.filter(user__email=email, email=email, verified=True).exists():
        marks.append(mark(email))
    elif len(marks) == len(before):
        return
    response.set_cookie(
        COOKIE,
        signing.dumps(marks[-MOST:], salt=SALT),
        max_age=KEPT,
        secure=True,
        httponly=True,
        samesite="Lax",
    )
