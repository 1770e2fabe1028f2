"""How often somebody may try at the doors: the same figures for pages and API.

By network against machines that try many accounts, by account against many machines that try
one. An account is never locked: the delay between attempts grows, at most to a minute, and the
owner's own browsers have a lane of their own.
"""

from __future__ import annotations

from accounts.models import User
from accounts.visits import Visit
from common import limits
from common.client import network_of

# Requests of one network: name of the door → uses in a time.
BY_NETWORK = {
    "sign-in": "30/m",
    "sign-up": "20/h",
    "second factor": "30/m",
    "refresh": "1200/m",
    "mail": "10/m",
    "account": "60/m",
}
MAILS_TO_ONE_ADDRESS = "5/h"


def knock(door: str, visit: Visit) -> None:
    """Count one request of the visitor's network at this door. Raises Limited."""
    limits.spend(door, network_of(visit.address), BY_NETWORK[door])


def lane(email: str, visit: Visit) -> str:
    email = User.objects.normalize_email(email)
    return f"{email} {'known' if visit.knows(email) else 'stranger'}"


def attempt_password(email: str, visit: Visit) -> None:
    """Count an attempt at this account's password before it is checked. Raises Limited while a delay runs."""
    limits.attempt("password", lane(email, visit))


def forgive_password(email: str, visit: Visit) -> None:
    limits.forgive("password", lane(email, visit))


def attempt_second_factor(user: User) -> None:
    limits.attempt("second factor", str(user.pk))


def forgive_second_factor(user: User) -> None:
    limits.forgive("second factor", str(user.pk))


def mail_to(email: str) -> None:
    """Count one mail that somebody who is not signed in has us send to an address. Raises Limited."""
    limits.spend("mail to one address", User.objects.normalize_email(email), MAILS_TO_ONE_ADDRESS)
