"""Which webhooks are taken for PayPal's, and what is read from them."""

from __future__ import annotations

import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from billing.gateways.base import Forged, ProviderAway
from billing.gateways.paypal import PayPal, certificates
from billing.gateways.paypal.certificates import MOST_FETCHES, certificate_at
from tests.counterparts.merchants import Merchant
from tests.counterparts.paypal_contract import forget_certificates
from tests.counterparts.process import Counterparts, Signed


@pytest.fixture
def event(paypal_keys: Counterparts) -> dict[str, Any]:
    """What was told last: a payment."""
    with Merchant(paypal_keys) as merchant:
        merchant.subscribe()
    return paypal_keys.events()[-1]


def signed(paypal: Counterparts, event: dict[str, Any], **headers: str) -> Signed:
    """Signed now, with some headers otherwise."""
    right = paypal.signed(event["id"])[0]
    return Signed(right.body, right.headers | {name.replace("_", "-"): value for name, value in headers.items()})


def refusal_of(given: Signed) -> str:
    with pytest.raises(Forged) as refused:
        PayPal().read_webhook(given.body, given.headers)
    return str(refused.value)


def test_what_paypal_signed_is_read(paypal_keys: Counterparts, event: dict[str, Any]) -> None:
    given = signed(paypal_keys, event)
    news = PayPal().read_webhook(given.body, given.headers)
    assert (news.event_id, news.kind) == (event["id"], "PAYMENT.SALE.COMPLETED")
    assert news.subject == event["resource"]["billing_agreement_id"]
    assert news.happened_at.isoformat() == event["create_time"].replace("Z", "+00:00")


def fetches(paypal: Counterparts) -> int:
    """Of certificates, so far."""
    asked = [entry["path"] for entry in paypal.control("journal", provider="paypal")]
    return sum("/notifications/certs/" in path for path in asked)


def test_the_certificate_is_fetched_once(paypal_keys: Counterparts, event: dict[str, Any]) -> None:
    for _ in range(2):
        given = signed(paypal_keys, event)
        PayPal().read_webhook(given.body, given.headers)
    assert fetches(paypal_keys) == 1


@pytest.mark.parametrize("signature", ["", "*", "bm90aGluZw==", "QUJD" * 1000])
def test_what_no_key_can_have_signed_has_nothing_fetched(
    paypal_keys: Counterparts, event: dict[str, Any], signature: str
) -> None:
    assert refusal_of(signed(paypal_keys, event, PAYPAL_TRANSMISSION_SIG=signature)) == "wrong signature"
    assert fetches(paypal_keys) == 0


def test_a_refused_certificate_is_asked_for_again_after_five_minutes(
    paypal_keys: Counterparts, event: dict[str, Any]
) -> None:
    nowhere = f"{paypal_keys.paypal}/v1/notifications/certs/CERT-NONE"
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(3):
            assert refusal_of(signed(paypal_keys, event, PAYPAL_CERT_URL=nowhere)) == "its certificate is not there"
        assert fetches(paypal_keys) == 1
        clock.shift(timedelta(minutes=5))
        later = f"{timezone.now():%Y-%m-%dT%H:%M:%SZ}"
        again = signed(paypal_keys, event, PAYPAL_CERT_URL=nowhere, PAYPAL_TRANSMISSION_TIME=later)
        assert refusal_of(again) == "its certificate is not there"
        assert fetches(paypal_keys) == 2


def test_only_so_many_unknown_certificates_are_fetched_in_a_minute(
    paypal_keys: Counterparts, event: dict[str, Any]
) -> None:
    known = signed(paypal_keys, event)
    PayPal().read_webhook(known.body, known.headers)
    nowhere = f"{paypal_keys.paypal}/v1/notifications/certs/CERT-NONE"
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for number in range(MOST_FETCHES - 1):
            refusal_of(signed(paypal_keys, event, PAYPAL_CERT_URL=f"{nowhere}-{number}"))
        one_more = signed(paypal_keys, event, PAYPAL_CERT_URL=f"{nowhere}-X")
        with pytest.raises(ProviderAway, match="too many"):
            PayPal().read_webhook(one_more.body, one_more.headers)
        assert fetches(paypal_keys) == MOST_FETCHES
        # What is known already is not held up.
        assert PayPal().read_webhook(known.body, known.headers).event_id == event["id"]
        clock.shift(timedelta(minutes=1))
        assert refusal_of(one_more) == "its certificate is not there"


def test_a_certificate_that_drips_is_given_up(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    forget_certificates()
    monkeypatch.setattr(certificates, "DEADLINE", 0.2)
    with ThreadingHTTPServer(("127.0.0.1", 0), Dripping) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(ProviderAway, match="too long"):
            certificate_at(f"http://127.0.0.1:{server.server_port}/CERT-1", "", "any.example")
        server.shutdown()


class Dripping(BaseHTTPRequestHandler):
    """Sends a little, and again, each time soon enough to be waited for."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        hung_up = threading.Event()
        while not hung_up.wait(0.02):
            try:
                self.wfile.write(b"x")
            except OSError:
                hung_up.set()

    def log_message(self, *arguments: Any) -> None:
        """Nothing: a test's output is about the test."""


def test_a_body_that_was_altered_is_refused(paypal_keys: Counterparts, event: dict[str, Any]) -> None:
    given = signed(paypal_keys, event)
    altered = Signed(given.body.replace(b'"50.00"', b'"99.00"'), given.headers)
    assert altered.body != given.body
    assert refusal_of(altered) == "wrong signature"


@pytest.mark.parametrize(
    "missing", ["TRANSMISSION-ID", "TRANSMISSION-TIME", "TRANSMISSION-SIG", "CERT-URL", "AUTH-ALGO"]
)
def test_a_header_that_is_missing_is_refused(paypal_keys: Counterparts, event: dict[str, Any], missing: str) -> None:
    given = signed(paypal_keys, event)
    del given.headers[f"PAYPAL-{missing}"]
    assert refusal_of(given) == "not signed"


@pytest.mark.parametrize(
    ("header", "value", "reason"),
    [
        ("PAYPAL_TRANSMISSION_ID", "another", "wrong signature"),
        ("PAYPAL_TRANSMISSION_SIG", "bm90aGluZw==", "wrong signature"),
        ("PAYPAL_TRANSMISSION_SIG", "QUJD" * 85 + "QQ==", "wrong signature"),
        ("PAYPAL_TRANSMISSION_SIG", "*", "wrong signature"),
        ("PAYPAL_TRANSMISSION_SIG", "ä", "wrong signature"),
        ("PAYPAL_TRANSMISSION_TIME", "yesterday", "signed at no time"),
        ("PAYPAL_TRANSMISSION_TIME", "2027-01-01T00:00:00", "signed at no time"),
        ("PAYPAL_AUTH_ALGO", "SHA1withRSA", "signed by an unknown method"),
        ("PAYPAL_AUTH_ALGO", "none", "signed by an unknown method"),
    ],
)
def test_a_header_that_was_altered_is_refused(
    paypal_keys: Counterparts, event: dict[str, Any], header: str, value: str, reason: str
) -> None:
    assert refusal_of(signed(paypal_keys, event, **{header: value})) == reason


@pytest.mark.parametrize(("seconds", "words"), [(301, "ago"), (-302, "ahead")])
def test_what_was_signed_too_long_ago_or_ahead_is_refused(
    paypal_keys: Counterparts, event: dict[str, Any], seconds: int, words: str
) -> None:
    given = signed(paypal_keys, event)
    with time_machine.travel(timezone.now() + timedelta(seconds=seconds), tick=False):
        assert refusal_of(given).endswith(words)


@pytest.mark.parametrize("ours", ["1OTHER00000000000W", "", "WEBHOOK_ID"])
def test_what_is_signed_for_another_webhook_is_refused(
    paypal_keys: Counterparts, event: dict[str, Any], settings: Any, ours: str
) -> None:
    given = signed(paypal_keys, event)
    settings.PAYPAL_WEBHOOK_ID = ours
    assert refusal_of(given) in ("wrong signature", "no webhook of ours is known")


@pytest.mark.parametrize(
    "address",
    [
        "https://api.paypal.com.evil.example/v1/notifications/certs/CERT-1",
        "https://evil.example/v1/notifications/certs/CERT-1",
        "http://api.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.paypal.com:8443/v1/notifications/certs/CERT-1",
        "https://user@api.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.paypal.com@evil.example/v1/notifications/certs/CERT-1",
        "https://api.paypal.com/v1/notifications/certs/../../oauth2/token",
        "https://api.paypal.com/v1/notifications/certs/CERT-1?x=1",
        "https://api.paypal.com/v1/notifications/certs/CERT-1#x",
        "https://api.paypal.com/v1/notifications/certs/",
        "https://api.paypal.com/upload/CERT-1",
        "https://API.paypal.com/v1/notifications/certs/CERT-1",
        "https://xn--api-paypal.com/v1/notifications/certs/CERT-1",
        "file:///etc/ssl/certs/ca.pem",
        "",
    ],
)
def test_a_certificate_that_lies_elsewhere_is_not_even_fetched(
    paypal_keys: Counterparts, event: dict[str, Any], address: str
) -> None:
    assert refusal_of(signed(paypal_keys, event, PAYPAL_CERT_URL=address)) == "its certificate lies elsewhere"


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("expired", "its certificate is not PayPal's"),
        ("wrong_name", "its certificate is not PayPal's"),
        ("self_signed", "its certificate is not PayPal's"),
        ("moved", "its certificate is not there"),
    ],
)
def test_a_certificate_that_nobody_vouches_for_is_refused(
    paypal_keys: Counterparts, event: dict[str, Any], kind: str, reason: str
) -> None:
    paypal_keys.control("paypal/certificate", kind=kind)
    assert refusal_of(signed(paypal_keys, event)) == reason


def test_a_certificate_that_is_not_there_is_refused(paypal_keys: Counterparts, event: dict[str, Any]) -> None:
    nowhere = f"{paypal_keys.paypal}/v1/notifications/certs/CERT-NONE"
    assert refusal_of(signed(paypal_keys, event, PAYPAL_CERT_URL=nowhere)) == "its certificate is not there"


def test_the_stand_in_is_believed_only_where_its_authority_is_trusted(
    paypal_keys: Counterparts, event: dict[str, Any], settings: Any
) -> None:
    # Then it is those that browsers trust.
    settings.PAYPAL_CA_FILE = ""
    assert refusal_of(signed(paypal_keys, event)) == "its certificate is not PayPal's"


def test_a_certificate_that_is_kept_is_no_longer_believed_when_it_has_expired(
    paypal_keys: Counterparts, event: dict[str, Any]
) -> None:
    given = signed(paypal_keys, event)
    PayPal().read_webhook(given.body, given.headers)
    with time_machine.travel(timezone.now() + timedelta(days=3651), tick=False):
        later = signed(paypal_keys, event, PAYPAL_TRANSMISSION_TIME=f"{timezone.now():%Y-%m-%dT%H:%M:%SZ}")
        assert refusal_of(later) == "its certificate has expired"


def test_while_paypal_is_away_a_known_certificate_is_enough(paypal_keys: Counterparts, event: dict[str, Any]) -> None:
    given = signed(paypal_keys, event)
    PayPal().read_webhook(given.body, given.headers)
    paypal_keys.control("trouble", provider="paypal", trouble="down")
    again = signed(paypal_keys, event)
    assert PayPal().read_webhook(again.body, again.headers).event_id == event["id"]


def test_a_certificate_that_cannot_be_had_just_now_is_no_forgery(
    paypal_keys: Counterparts, event: dict[str, Any]
) -> None:
    paypal_keys.control("trouble", provider="paypal", trouble="down")
    given = signed(paypal_keys, event)
    with pytest.raises(ProviderAway):
        PayPal().read_webhook(given.body, given.headers)


def test_news_names_its_subscription_or_nothing(paypal_keys: Counterparts) -> None:
    with Merchant(paypal_keys) as merchant:
        name = merchant.subscribe()
        sale = merchant.transactions(name)[0]["id"]
        paypal_keys.control("paypal/refund", sale=sale, amount=100)
        paypal_keys.control("paypal/dispute", sale=sale)
    subjects = {}
    for given in paypal_keys.signed(*[event["id"] for event in paypal_keys.events()]):
        news = PayPal().read_webhook(given.body, given.headers)
        subjects[news.kind] = (news.subject, PayPal().subject_of(news.body))
    assert subjects == {
        "CATALOG.PRODUCT.CREATED": ("", ""),
        "BILLING.PLAN.CREATED": ("", ""),
        # That somebody was asked is no news of a subscription.
        "BILLING.SUBSCRIPTION.CREATED": ("", ""),
        "BILLING.SUBSCRIPTION.ACTIVATED": (name, name),
        "PAYMENT.SALE.COMPLETED": (name, name),
        "PAYMENT.SALE.REFUNDED": ("", name),
        "CUSTOMER.DISPUTE.CREATED": ("", name),
    }
