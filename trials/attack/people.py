"""Those who look around: a browser for each role, which keeps its cookies itself and follows no redirect by itself."""

from __future__ import annotations

import base64
import hmac
import re
import struct
import time
from http.cookies import SimpleCookie
from typing import Any

import httpx

from trials.platform import Platform

PASSWORD = "how-to-ai-demo"
SECOND_FACTOR = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PREMIUM = "premium@howtoai.example"
ROLES = {
    "visitor": "",
    "learner": "learner@howtoai.example",
    "premium": PREMIUM,
    "author": "author@howtoai.example",
    "moderator": "moderator@howtoai.example",
    "admin": "admin@howtoai.example",
}
STAFF = ("author", "moderator", "admin")
# Whoever asks what may change the one who asks: an administrator of their own, who looks at nothing else.
TESTER = "tester@howtoai.example"
# The demo, with a second factor for staff, as production wants it, and a member with Premium.
PREPARE = f"""
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.hashers import make_password
from accounts.models import Role, User
from accounts.services.people import register, set_role
from billing.models import Subscription
tester = register(email={TESTER!r}, password=None, name="Tess Tester", confirmed=True)
set_role(user=tester, role=Role("administrator"))
User.objects.filter(pk=tester.pk).update(password=make_password({PASSWORD!r}))
for user in User.objects.filter(is_staff=True):
    TOTP.activate(user, {SECOND_FACTOR!r})
person = Subscription.objects.filter(state="active", user__is_staff=False).exclude(
    user__email={ROLES["learner"]!r}).order_by("pk").first().user
EmailAddress.objects.filter(user=person).update(email={PREMIUM!r}, verified=True)
User.objects.filter(pk=person.pk).update(email={PREMIUM!r}, password=make_password({PASSWORD!r}))
"""
ADDRESSES = "from accounts.models import User; print(*User.objects.values_list('email', flat=True))"
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


class Browser:
    """Somebody at the platform, behind the proxy that ends TLS, from an address of their own."""

    def __init__(self, platform: Platform, role: str, number: int) -> None:
        self.platform, self.role = platform, role
        self.host = f"127.0.0.1:{platform.port}"
        self.cookies: dict[str, str] = {}
        self.set: list[tuple[str, str]] = []
        self.address = f"198.51.100.{number}"
        self.client = httpx.Client(base_url=platform.url, timeout=30, trust_env=False)

    @property
    def email(self) -> str:
        return TESTER if self.role == "tester" else ROLES[self.role]

    @property
    def headers(self) -> dict[str, str]:
        return {
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": self.address,
            "Referer": f"https://{self.host}/",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
        }

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.ask("GET", path, headers=headers)

    @property
    def tokens(self) -> dict[str, str]:
        """What proves that a request comes from our own page."""
        return {"Origin": f"https://{self.host}", "X-CSRFToken": self.cookies.get("__Host-csrf", "")}

    def post(self, path: str, data: dict[str, str]) -> httpx.Response:
        return self.ask("POST", path, data=data, headers=self.tokens)

    def send(self, method: str, path: str, content: str, kind: str) -> httpx.Response:
        """Something of that media type, as a page of ours would send it."""
        headers = self.tokens | ({"Content-Type": kind} if kind else {})
        return self.ask(method, path, headers=headers, content=content.encode(errors="surrogatepass"))

    def prove(self) -> None:
        """Say the password again, as one must before what is risky."""
        self.post("/accounts/reauthenticate/", {"password": PASSWORD})

    def ask(self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        answer = self.client.request(method, path, headers=self.headers | (headers or {}), **more)
        for line in answer.headers.get_list("set-cookie"):
            self.set.append((path, line))
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        return answer

    def sign_in(self) -> None:
        """By password, and by a second factor where there is one. Raises SystemExit if that does not lead in."""
        if not self.email:
            return
        self.get("/accounts/login/")
        answer = self.post("/accounts/login/", {"login": self.email, "password": PASSWORD})
        if "/2fa/" in answer.headers.get("location", ""):
            self.get(answer.headers["location"])
            answer = self.post("/accounts/2fa/authenticate/", {"code": code_of_now()})
        if answer.status_code != 302 or "/accounts/" in answer.headers["location"]:
            raise SystemExit(f"{self.email} could not sign in: {answer.status_code} {answer.text[:2000]}")


def code_of_now() -> str:
    """What an authenticator app shows (RFC 6238)."""
    digest = hmac.digest(base64.b32decode(SECOND_FACTOR), struct.pack(">Q", int(time.time()) // 30), "sha1")
    start = digest[-1] & 15
    (number,) = struct.unpack(">I", digest[start : start + 4])
    return f"{(number & 0x7FFFFFFF) % 1_000_000:06}"


def come_in(platform: Platform) -> list[Browser]:
    """One of each role, signed in. The platform must be running, with the demo in it."""
    browsers = [Browser(platform, role, number) for number, role in enumerate(ROLES, start=10)]
    for browser in browsers:
        browser.sign_in()
    return browsers
