"""No secret comes into a log, however it was said; and what is none stays readable."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.scrubbing import (
    DEEPEST,
    DIGITS,
    LONGEST_END,
    LONGEST_TEXT,
    LOOKS_SECRET,
    MASK,
    PRIVATE_KEY,
    may_hold_a_secret,
    scrub,
    scrub_exception,
    scrub_named,
    scrub_text,
)

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

SAID = [
    ("connecting to postgres://app:hunter2hunter2@db.example/app", "hunter2hunter2"),
    ("redis://:hunter2hunter2@localhost:6379/0 is away", "hunter2hunter2"),
    ("Authorization: Bearer abcdef0123456789", "abcdef0123456789"),
    ("headers {'Authorization': 'Basic dXNlcjpwYXNzd29yZA=='}", "dXNlcjpwYXNzd29yZA"),
    ("Cookie: __Host-at=aaaabbbbcccc; __Host-rt=ddddeeeeffff", "aaaabbbbcccc"),
    ("Cookie: __Host-at=aaaabbbbcccc; theme=dark; sessionid=ddddeeeeffff", "ddddeeeeffff"),
    (f"token {JWT} was refused", JWT),
    (f"?next=/x&access={JWT}", JWT),
    ("POST password=correct-horse&next=/", "correct-horse"),
    ('{"email": 1, "password": "correct-horse"}', "correct-horse"),
    ("{'new_password1': 'correct-horse'}", "correct-horse"),
    ("refresh_token=0123456789abcdef", "0123456789abcdef"),
    ("an API key hta_0a1b2c3d_5e6f7a8b9c0d1e2f was used", "5e6f7a8b9c0d1e2f"),
    ("stripe said no to sk_live_51HabcdefghijklmnoP", "51HabcdefghijklmnoP"),
    ("STRIPE_WEBHOOK_SECRETS=whsec_abcdefgh12345678", "abcdefgh12345678"),
    ("card 4242 4242 4242 4242 was declined", "4242 4242"),
    ("card 4242-4242-4242-4242", "4242-4242"),
    ("number=378282246310005", "378282246310005"),
    ("'cvc': '123'", "123"),
    ("GET /accounts/password/reset/key/3-c9zt1h-0123456789abcdef/", "0123456789abcdef"),
    ("GET /accounts/confirm-email/MTA:1abcde:0123456789abcdef/", "0123456789abcdef"),
    ("GET /settings/email/eyJ1Ijo1fQ:1abcde:0123456789/", "0123456789"),
    ("GET /unsubscribe/eyJ1Ijo1fQ:1abcde:0123456789/", "0123456789"),
    ("the hash bcrypt_peppered$$2b$12$abcdefghijklmnopqrstuvwxyz0123456789", "abcdefghijklmnopqrstuvwxyz0123456789"),
    ("pbkdf2_sha256$1000000$salt$aGFzaGhhc2hoYXNo", "aGFzaGhhc2hoYXNo"),
    ("-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----", "MIIEvQIBADANBg"),
    ("AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ", "1QQQQQQQQ"),
    ("MIIEvQIBADANBg\n-----END PRIVATE KEY-----", "MIIEvQIBADANBg"),
    (r"password=x\n-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----", "MIIEvQIBADANBg"),
    ("mail to ada.lovelace+ai@mail.example.org is given up", "lovelace"),
    ("mail to jürgen@example.com", "jürgen"),
    ("mail to user@müller.de", "müller"),
    ('password="correct horse battery" was refused', "battery"),
    ("password='it\\'s a horse' was refused", "horse"),
    (r"{\"password\": \"correct horse\"}", "horse"),
    ("<QueryDict: {'password': ['correct horse', 'battery']}>", "horse"),
    ("<QueryDict: {'password': ['correct horse', 'battery']}>", "battery"),
    ("password=b'correct horse'", "horse"),
    ("{'cookie': 'a=aaaabbbb; c=ccccdddd'}", "ccccdddd"),
    ("HTTP_COOKIE=a=aaaabbbb; c=ccccdddd", "ccccdddd"),
    ("GET /accounts/google/login/callback/?code=4/0AX4XfWh&scope=email", "0AX4XfWh"),
    ("/?next=/&state=aaaabbbb", "aaaabbbb"),
    (
        "PayPal gave A21AAFEpH4PsADK7qSS7pSRsgzfENtu-Q1ysgEDVDESseMHBYXVJYE8ovjj68elIDy8nF26AwPhfXTIeWAZHSLIsQkSYz9ifg",
        "FEpH4PsADK7",
    ),
]
HARMLESS = [
    "a provider's event waits for the next minute",
    "GET /tutorials/first-steps/tokens/: 200",
    "event stripe evt_1Nabcdefg is tried again later",
    "checkout 12 may stay open at paypal, which does not answer",
    "order 1234567890123 was counted",
    "2026-11-30T00:11:13.123456+00:00",
    "passed 12 tests in 3 s",
    "Ünïcödé, 日本語 and “quotes”",
]


@pytest.mark.parametrize(("said", "secret"), SAID)
def test_what_looks_like_a_secret_is_masked(said: str, secret: str) -> None:
    told = scrub_text(said)
    assert secret not in told
    assert MASK in told


@pytest.mark.parametrize("said", [said for said, _ in SAID])
@pytest.mark.parametrize("letters", [str.upper, str.lower, "ü {}".format, lambda said: said.replace("s", "\u017f")])
def test_what_could_be_found_is_always_looked_for(said: str, letters: Callable[[str], str]) -> None:
    written = letters(said)
    if DIGITS.search(written) is None:
        assert PRIVATE_KEY.search(written) or LOOKS_SECRET.search(written)
        assert may_hold_a_secret(written)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("{'cookie': 'a=b; c=d', 'path': '/x'}", "{'cookie': '[masked]', 'path': '/x'}"),
        ('password="two words" of Ada', 'password="[masked]" of Ada'),
        ('{"token": "a b", "plan": "c d"}', '{"token": "[masked]", "plan": "c d"}'),
        ('password="cut off here\nnext line', 'password="[masked]\nnext line'),
    ],
)
def test_what_stands_beside_a_secret_stays(said: str, told: str) -> None:
    assert scrub_text(said) == told
    # Nor is anything more lost where it is scrubbed again, as for Sentry.
    assert scrub_text(told) == told


def test_of_a_long_exception_the_beginning_and_the_end_stay() -> None:
    key = "-----BEGIN PRIVATE KEY-----\n" + "MIIEvQIB\n" * LONGEST_END + "-----END PRIVATE KEY-----\n"
    told = scrub_exception(f"Traceback:\n{key}ValueError: the end")
    assert "MIIEvQIB" not in told
    assert told.startswith("Traceback:\n[masked]\n… (")
    assert told.endswith("[masked]\nValueError: the end")


@pytest.mark.parametrize("said", HARMLESS)
def test_what_is_no_secret_stays(said: str) -> None:
    assert scrub_text(said) == said


SECRET_NAMES = """
    password new_password1 PASSWORD X-Api-Key apiKey refresh_token client_secret Authorization Set-Cookie HTTP_COOKIE
    csrfmiddlewaretoken session_key otp cvc card_number Stripe-Signature body html BACKUP_KEY_IDENTITY recovery_codes
    private_key dsn email_body mail_body request-body emailBody body_html body_text email_html html_body
"""
HARMLESS_NAMES = "path status plan author monkey error user_id attempts title somebody everybody body_size"


@pytest.mark.parametrize("name", SECRET_NAMES.split())
def test_what_has_the_name_of_a_secret_is_masked(name: str) -> None:
    assert scrub_named(name, "plain") == MASK
    assert scrub({"deep": [{name: {"in": "it"}}]}) == {"deep": [{name: MASK}]}


@pytest.mark.parametrize("name", HARMLESS_NAMES.split())
def test_other_names_are_told(name: str) -> None:
    assert scrub_named(name, "plain") == "plain"


def test_whether_there_is_a_secret_may_be_told() -> None:
    assert scrub({"token": None, "password": "", "secret": True}) == {"token": None, "password": "", "secret": True}


def test_what_json_has_no_word_for_becomes_text() -> None:
    class Silent:
        def __str__(self) -> str:
            raise RuntimeError("no")

    told = scrub({"nan": float("nan"), "bytes": b"abc", "set": {1}, "thing": Silent(), "many": [[[[[[[1]]]]]]], 3: 4})
    assert told == {
        "nan": "nan",
        "bytes": "[3 bytes]",
        "set": [1],
        "thing": "[Silent, of which str() raises RuntimeError]",
        "many": [[[[["[[1]]"]]]]],
        "3": 4,
    }
    assert DEEPEST == 6


def test_a_line_cannot_pretend_to_be_two_nor_colour_a_terminal() -> None:
    assert scrub_text("x\r\x1b[31mERROR\0\ud800") == "x\\r\\x1b[31mERROR\\x00\\ud800"


def test_a_space_that_keeps_words_together_is_a_space() -> None:
    assert scrub_text("34\xa0minutes ago") == "34 minutes ago"
    assert scrub_text("one\u2028two") == "one\\u2028two"


def test_a_document_is_cut() -> None:
    assert scrub_text("x" * (LONGEST_TEXT + 5)) == "x" * LONGEST_TEXT + "… (5 characters more)"


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(ANYTHING)
def test_whatever_it_is_postgresql_can_hold_it(value: object) -> None:
    told = json.dumps(scrub(value), ensure_ascii=False)
    assert "\0" not in told
    assert "\\u0000" not in told
    told.encode()


@given(st.text(), st.text())
def test_a_masked_text_stays_masked(before: str, after: str) -> None:
    assert JWT not in scrub_text(f"{before} {JWT} {after}")
