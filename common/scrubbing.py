"""What no log may hold: secrets are found by the name of what holds them, and by what they look like.

Too much masked costs a second look; too little costs an account. So a name that only sounds like a secret is masked.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

MASK = "[masked]"
LONGEST_TEXT = 10_000  # characters of one value; a log is no place for documents
LONGEST_END = 25_000  # characters of the beginning, and of the end, of what is told of an exception
SHORT = 300  # characters
DEEPEST = 6  # levels of a value; what lies deeper is told as text

# Parts of names, without - and _, in lower case.
SECRET_NAMES = re.compile(
    r"passw|passphrase|secret|token|authori[sz]ation|cookie|sessionid|sessionkey|apikey|privatekey|signature|credential"
    r"|csrf|otp$|^code$|^pin$|recoverycode|cardnumber|^card$|^pan$|cvc|cvv|iban|payload|raw(post|body)"
    r"|^dsn$|pepper|salt$|identity$|encryptionkey|backupkey"
    # What a mail or a request says, but not somebody.
    r"|html$|(?<!some)(?<!any)(?<!every)(?<!no)body(?:text|plain)?$"
)
# What stands before a name, and between it and its value.
BEFORE = r"""(?:[?&;\s"'{,(\[]|^)"""
BETWEEN = r"""\\{0,3}["']?\s{0,4}[=:]\s{0,4}+"""
NAMES = (
    r"passw(?:or)?d|passphrase|secret|token|api[_-]?key|authorization|session(?:id|_?key)|csrf\w*|signature|cvc|cvv|otp"
    r"|recovery[_-]?code|access[_-]?key"
)


def value(number: int, unquoted: str) -> str:
    """What is not masked yet: all within the quotes with which it begins, also `b"…"` and `\\"…\\"`, or the rest."""
    quote = rf"""(?P<quote{number}>[bru]{{0,2}}(?P<mark{number}>\\{{0,3}}["']))"""
    within = rf"""(?:(?!(?P=mark{number}))(?:\\.|[^\n]))++"""
    return rf"""(?!\\{{0,3}}["']?\[masked\]){quote}?+(?(quote{number}){within}|(?:{unquoted}))"""


# Of each, what the groups "keep" and "quote" have found stays, so that a reader sees of what kind the secret was.
LOOKS_SECRET = re.compile(
    "|".join(
        (
            # The password in an address.
            r"(?P<keep>\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{0,80}:)[^\s/@]+(?=@)",
            # An Authorization header.
            r"(?P<keep2>\b(?:bearer|basic|token)\s+)[a-z0-9._~+/=-]{8,}",
            # Of a cookie's header nothing stays.
            rf"(?P<keep3>{BEFORE}[\w.-]{{0,40}}?cookies?[\w.-]{{0,40}}{BETWEEN})" + value(1, r"[^\n]+"),
            # name=value, "name": "value", 'name': ['value', 'value']
            rf"(?P<keep4>{BEFORE}[\w.-]{{0,40}}?(?:{NAMES})[\w.-]{{0,40}}{BETWEEN})"
            + value(2, r"""[\[(][^\])\n]*+|(?:(?:bearer|basic|token)\s+)?[^\s"'&;,})]{2,}"""),
            # Of OAuth, in the query of an address.
            r"""(?P<keep5>[?&](?:code|state)=)(?!\[masked\])[^\s&"'#]+""",
            # A JSON web token.
            r"\beyj[a-z0-9_-]{5,}\.[a-z0-9_-]{5,}\.[a-z0-9_-]*",
            # A key to our own API; Stripe's; PayPal's access tokens; those of others.
            r"\bhta_[a-z0-9]{4,}[_.a-z0-9-]*",
            r"\b(?:sk|rk|pk)_(?:live|test)_[a-z0-9]{8,}|\bwhsec_[a-z0-9+/=]{8,}",
            r"\ba21aa[\w-]{20,}",
            r"\bghp_[a-z0-9]{20,}|\bgithub_pat_\w{20,}|\bakia[0-9a-z]{12,}|\bage-secret-key-1[a-z0-9]{20,}",
            # Hashes of passwords.
            r"\$2[aby]\$\d\d\$[./a-z0-9]{20,}|\bpbkdf2_\w+\$\d+\$\S+|\bargon2\S*\$\S{20,}|\bbcrypt\w*\$\S{20,}",
            # Our own cookies, and our own links.
            r"__host-\w+=[^\s;]+",
            r"(?P<keep6>/(?:password/reset/key|settings/email|confirm-email|unsubscribe|invitations)/)[\w:.=-]{8,}",
            # An e-mail address.
            r"\b[\w.%+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+",
        )
    ),
    re.IGNORECASE | re.DOTALL,
)
# Looked for first, since something else may begin before one and end within. Of the second the beginning was cut off.
PRIVATE_KEY = re.compile(
    r"-----begin [a-z ]*private key-----.*?(?:-----end [a-z ]*private key-----|\Z)"
    r"|\A(?:(?!-----begin ).)*?-----end [a-z ]*private key-----",
    re.IGNORECASE | re.DOTALL,
)
# In the order in which they stand in what was found.
KEPT = [name for name in LOOKS_SECRET.groupindex if name.startswith(("keep", "quote"))]
DIGITS = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w.-])")
# One of these is in everything that LOOKS_SECRET could find, and in few lines of a log.
HINTS = re.split(
    r"\s+",
    "@ $ :// pass secret token key auth cookie session csrf signature cvc cvv otp code bearer basic eyj hta_ sk_ rk_"
    " pk_ whsec a21aa ghp_ akia age- __host- settings/email unsubscribe invitation confirm state=",
)
# There are letters beyond ASCII that are taken for one of these where case is of no account, such as the long s.
HINTS_AMONG_ALL_LETTERS = re.compile("|".join(map(re.escape, HINTS)), re.IGNORECASE)


def scrub_text(text: str) -> str:
    """The text with what looks like a secret masked, without signs that control, not longer than LONGEST_TEXT."""
    # Most of what a log is told is short, and was told before: a path, a line about it, the name of a task.
    return scrubbed(text) if len(text) <= SHORT else scrub_anew(text)


def scrub_anew(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        text = f"{text[:LONGEST_TEXT]}… ({len(text) - LONGEST_TEXT} characters more)"
    return mask(text)


def scrub_exception(text: str) -> str:
    """As `scrub_text`, but of one that is too long the end stays too, which says what it was."""
    if (more := len(text) - 2 * LONGEST_END) <= 0:
        return mask(text)
    return f"{mask(text[:LONGEST_END])}\n… ({more} characters more)\n{mask(text[-LONGEST_END:])}"


def mask(text: str) -> str:
    if may_hold_a_secret(text):
        text = LOOKS_SECRET.sub(masked, PRIVATE_KEY.sub(MASK, text))
    if DIGITS.search(text):
        text = DIGITS.sub(lambda found: MASK if is_card(found[0]) else found[0], text)
    return text if text.isprintable() else "".join(map(visible, text))


def may_hold_a_secret(text: str) -> bool:
    """False for most of what a log is told, in a tenth of the time that a pattern takes."""
    if not text.isascii():
        return HINTS_AMONG_ALL_LETTERS.search(text) is not None
    text = text.lower()
    # A loop: `any` would make a generator for each line.
    for hint in HINTS:  # noqa: SIM110
        if hint in text:
            return True
    return False


scrubbed = lru_cache(maxsize=2_000)(scrub_anew)


def masked(found: re.Match[str]) -> str:
    groups = found.groupdict()
    kept = [groups[name] for name in KEPT if groups[name] is not None]
    return "".join([*kept, MASK])


def is_card(digits: str) -> bool:
    """Luhn's sum, which all cards have and one in ten of other numbers."""
    numbers = [int(sign) for sign in reversed(digits) if sign.isdigit()]
    doubled = [sum(divmod(2 * number, 10)) for number in numbers[1::2]]
    return (sum(numbers[::2]) + sum(doubled)) % 10 == 0


def visible(sign: str) -> str:
    """Signs that would begin a line of their own, colour a terminal, or that PostgreSQL cannot hold."""
    if sign in "\n\t" or sign.isprintable():
        return sign
    if unicodedata.category(sign) == "Zs":
        # Such as the one in Django's "34 minutes".
        return " "
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
    is_secret = names_a_secret(name)
    return MASK if is_secret and value not in (None, "", True, False) else scrub(value, depth)


@lru_cache(maxsize=1_000)
def names_a_secret(name: str) -> bool:
    return SECRET_NAMES.search(name.lower().replace("-", "").replace("_", "")) is not None


def text_of(value: Any) -> str:
    try:
        return str(value)
    except Exception as error:  # noqa: BLE001 - a thing that cannot be told must not break what tells of it
        return f"[{type(value).__name__}, of which str() raises {type(error).__name__}]"
