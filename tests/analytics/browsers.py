"""User-Agent headers, and clients that send them."""

from __future__ import annotations

from typing import Any

from django.test import Client

from accounts.models import User

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)
FIREFOX = "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/18.5 Mobile/15E148 Safari/604.1"
)
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


def browser(user_agent: str = CHROME, *, member: User | None = None, **meta: Any) -> Client:
    client = Client(HTTP_USER_AGENT=user_agent, **meta)
    if member is not None:
        client.force_login(member)
    return client
