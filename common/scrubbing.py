"""What no log may hold: secrets are found by the name of what holds them, and by what they look like.

Too much masked costs a second look; too little costs an account. So a name that only sounds like a secret is masked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

MASK = "[masked]"
LONGEST_TEXT = 10_000  # characters of one value; a log is no place for documents
SHORT = 300  # characters
DEEPEST = 6  # levels of a value; what lies deeper is told as text

# Parts of names, without - and _, in lower case.
SECRET_NAMES = re.compile(
    r"passw|passphrase|secret|token|authori[sz]ation|cookie|sessionid|sessionkey|apikey|privatekey|signature|credential"
    r"|csrf|otp$|^code$|^pin$|recoverycode|cardnumber|^card$|^pan$|cvc|cvv|iban|^body$|^html$|payload|raw(post|body)"
    r"|^dsn$|pepper|salt$|identity$|encryptionkey|backupkey"
)
# Each group "keep" before it stays, so that a reader sees of what kind the secret was.
LOOKS_SECRET = re.compile(
    r"""
      (?P<keep>\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{0,80}:)[^\s/@]+(?=@)     # the password in an address
    | (?P<keep5>\bcookie["']?\s*[=:]\s*)[^\n]+                            # of a cookie's header nothing stays
    | (?P<keep2>\b(?:bearer|basic|token)\s+)[a-z0-9._~+/=-]{8,}           # an Authorization header
    | (?P<keep3>[?&;\s"'{,(]|^)                                            # name=value, "name": "value"
      (?P<name>[\w.-]{0,40}?(?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|authorization|cookie|session(?:id|_?key)|csrf\w*
      |signature|cvc|cvv|otp|recovery[_-]?code|access[_-]?key)[\w.-]{0,40})
      (?P<between>["']?\s{0,4}[=:]\s{0,4}["']?)(?!\[masked\])(?:(?:bearer|basic|token)\s+)?[^\s"'&;,})]{2,}
    | \beyj[a-z0-9_-]{5,}\.[a-z0-9_-]{5,}\.[a-z0-9_-]*                     # a JSON web token
    | \bhta_[a-z0-9]{4,}[_.a-z0-9-]*                                       # a key to our own API
    | \b(?:sk|rk|pk)_(?:live|test)_[a-z0-9]{8,} | \bwhsec_[a-z0-9+/=]{8,}  # Stripe's
    | \bghp_[a-z0-9]{20,} | \bgithub_pat_\w{20,} | \bakia[0-9a-z]{12,} | \bage-secret-key-1[a-z0-9]{20,}
    | -----begin\ [a-z ]*private\ key-----.*?(?:-----end\ [a-z ]*private\ key-----|\Z)
    | \$2[aby]\$\d\d\$[./a-z0-9]{20,} | \bpbkdf2_\w+\$\d+\$\S+ | \bargon2\S*\$\S{20,} | \bbcrypt\w*\$\S{20,}   # hashes
    | __host-\w+=[^\s;]+                                                   # our own cookies
    | (?P<keep4>/(?:password/reset/key|settings/email|confirm-email|unsubscribe|invitations)/)[\w:.=-]{8,}
    | \b[a-z0-9._%+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+                         # an e-mail address
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
DIGITS = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w.-])")
# One of these is in everything that LOOKS_SECRET could find, and in few lines of a log.
HINTS = re.compile(
    r"[@$]|://|pass|secret|token|key|auth|cookie|session|csrf|signature|cv[cv]|otp|code|bearer|basic|eyj|hta_|[srp]k_"
    r"|whsec|ghp_|akia|age-|__host-|settings/email|unsubscribe|invitation|confirm",
    re.IGNORECASE,
)


def scrub_text(text: str) -> str:
    """The text with what looks like a secret masked, without signs that control, not longer than LONGEST_TEXT."""
    # Most of what a log is told is short, and was told before: a path, a line about it, the name of a task.
    return scrubbed(text) if len(text) <= SHORT else scrub_anew(text)


def scrub_anew(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        text = f"{text[:LONGEST_TEXT]}… ({len(text) - LONGEST_TEXT} characters more)"
    if HINTS.search(text):
        text = LOOKS_SECRET.sub(masked, text)
    if DIGITS.search(text):
        text = DIGITS.sub(lambda found: MASK if is_card(found[0]) else found[0], text)
    return text if text.isprintable() else "".join(map(visible, text))


scrubbed = lru_cache(maxsize=2_000)(scrub_anew)


def masked(found: re.Match[str]) -> str:
    groups = found.groupdict()
    if groups["name"] is not None:
        return f"{groups['keep3']}{groups['name']}{groups['between']}{MASK}"
    return f"{groups['keep'] or groups['keep2'] or groups['keep4'] or groups['keep5'] or ''}{MASK}"


def is_card(digits: str) -> bool:
    """Luhn's sum, which all cards have and one in ten of other numbers."""
    numbers = [int(sign) for sign in reversed(digits) if sign.isdigit()]
    doubled = [sum(divmod(2 * number, 10)) for number in numbers[1::2]]
    return (sum(numbers[::2]) + sum(doubled)) % 10 == 0


def visible(sign: str) -> str:
    """Signs that would begin a line of their own, colour a terminal, or that PostgreSQL cannot hold."""
    if sign in "\n\t" or sign.isprintable():
        return sign
    return sign.encode("unicode_escape").decode("ascii")


def scrub(value: Any, depth: int = 0) -> Any:
    """A copy that JSON can hold: texts scrubbed, what has the name of a secret masked, anything else as its text."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return scrub_text(value)
    if depth < DEEPEST:
        if isinstance(value, Mapping):
            return {scrub_text(str(name)): scrub_named(str(name), each, depth + 1) for name, each in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [scrub(each, depth + 1) for each in value]
    if isinstance(value, float) and value - value == 0:
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return f"[{len(bytes(value))} bytes]"
    return scrub_text(text_of(value))


def scrub_named(name: str, value: Any, depth: int = 0) -> Any:
    """As `scrub`, for what has a name."""
    is_secret = SECRET_NAMES.search(name.lower().replace("-", "").replace("_", "")) is not None
    return MASK if is_secret and value not in (None, "", True, False) else scrub(value, depth)


def text_of(value: Any) -> str:
    try:
        return str(value)
    except Exception as error:  # noqa: BLE001 - a thing that cannot be told must not break what tells of it
        return f"[{type(value).__name__}, of which str() raises {type(error).__name__}]"
