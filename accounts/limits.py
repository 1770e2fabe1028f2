"""How often somebody may try at the doors: the same figures for pages and API.

By network against machines that try many accounts, by account against many machines that try
one. An account is never locked: the delay between attempts grows for one network alone, at most to
a minute; the owner's own browsers have a lane of their own; and a mailed code or a passkey goes
past all guessing at the password.
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
# Guesses at one account from all networks that have not signed in with it before, taken together.
GUESSES_AT_ONE_ACCOUNT = "200/h"
MAILS_TO_ONE_ADDRESS, OF_THEM_FROM_ONE_NETWORK = "20/h", "5/h"


def knock(door: str, visit: Visit) -> None:
    """Count one request of the visitor's network at this door. Raises Limited."""
    limits.spend(door, network_of(visit.address), BY_NETWORK[door])


def lane(email: str, visit: Visit) -> str:
    """Whose failures are counted together: those of the owner's browsers, or of one network."""
    return f"{email} {'known' if visit.knows(email) else network_of(visit.address)}"


def attempt_password(email: str, visit: Visit) -> None:
    """Count an attempt at this account's password before it is checked. Raises Limited while a delay runs."""
    email = User.objects.normalize_email(email)
    limits.attempt("password", lane(email, visit))
    if not visit.knows(email):
        limits.spend("guesses at one account", email, GUESSES_AT_ONE_ACCOUNT)


def forgive_password(email: str, visit: Visit) -> None:
    limits.forgive("password", lane(User.objects.normalize_email(email), visit))


def attempt_second_factor(user: User) -> None:
    limits.attempt("second factor", str(user.pk))


def forgive_second_factor(user: User) -> None:
    limits.forgive("second factor", str(user.pk))


def may_mail(email: str, visit: Visit) -> bool:
    """Count one mail that a visitor has us send to somebody, by who gets it; whether there may be one more.

    No error: whoever asked learns nothing of it, and the owner has the last ones, which are still good.
    """
    email = User.objects.normalize_email(email)
    try:
        limits.spend("mail of one network", f"{email} {network_of(visit.address)}", OF_THEM_FROM_ONE_NETWORK)
        limits.spend("mail to one address", email, MAILS_TO_ONE_ADDRESS)
    except limits.Limited:
        return False
    return True
