"""Whether PayPal sent a webhook: verified here, without asking it, so that it may be down meanwhile.

It signs with RSA what identifies the transmission, our webhook's id and a checksum of the body, and names the address
of its certificate. So all depends on whose certificate that is: it must lie on a host of PayPal's, and be PayPal's.
"""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Iterator, Mapping
from datetime import timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from django.conf import settings
from django.utils import timezone

from billing.gateways.base import Forged
from billing.gateways.paypal.certificates import certificate_at
from billing.gateways.paypal.client import moment

ALGORITHM = "SHA256withRSA"
# Both ways. Each time that PayPal sends something again, it stamps it anew.
TOLERANCE = timedelta(minutes=5)
CERTIFICATES = "/v1/notifications/certs/"
CERTIFICATE_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")
LIVE_NAME = "messageverificationcerts.paypal.com"
SANDBOX_NAME = "messageverificationcerts.sandbox.paypal.com"
# With which PayPal's simulator signs what never happened.
MOCK_WEBHOOK = "WEBHOOK_ID"
# Bytes, as many as the key has.
SIGNATURE_LENGTHS = (256, 384, 512)


def verify(body: bytes, headers: Mapping[str, str]) -> None:
    """Raises Forged unless PayPal signed these very bytes for our webhook within five minutes from now.

    Raises ProviderAway if the certificate cannot be had just now.
    """
    try:
        transmission, sent_at, signature, address, algorithm = (
            headers[f"PAYPAL-{name}"]
            for name in ("TRANSMISSION-ID", "TRANSMISSION-TIME", "TRANSMISSION-SIG", "CERT-URL", "AUTH-ALGO")
        )
    except KeyError:
        raise Forged("not signed") from None
    if algorithm != ALGORITHM:
        raise Forged("signed by an unknown method")
    check_time(sent_at)
    # Before anything is fetched: whoever signed nothing at all should not make us ask PayPal.
    signed = signature_in(signature)
    if settings.PAYPAL_WEBHOOK_ID in ("", MOCK_WEBHOOK):
        raise Forged("no webhook of ours is known")
    text = f"{transmission}|{sent_at}|{settings.PAYPAL_WEBHOOK_ID}|{zlib.crc32(body)}"
    try:
        key_at(address).verify(signed, text.encode(), PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        raise Forged("wrong signature") from None


def check_time(sent_at: str) -> None:
    try:
        away = timezone.now() - moment(sent_at)
    except (ValueError, OverflowError):
        raise Forged("signed at no time") from None
    if abs(away) > TOLERANCE:
        raise Forged(f"signed {abs(away.total_seconds()):.0f} seconds {'ago' if away > timedelta() else 'ahead'}")


def signature_in(header: str) -> bytes:
    """Raises Forged for what no key can have made."""
    try:
        signature = base64.b64decode(header, validate=True)
    except ValueError:
        raise Forged("wrong signature") from None
    if len(signature) not in SIGNATURE_LENGTHS:
        raise Forged("wrong signature")
    return signature


def key_at(address: str) -> RSAPublicKey:
    """The key with which PayPal signs now. Raises Forged, ProviderAway."""
    if not is_ours_to_fetch(address):
        raise Forged("its certificate lies elsewhere")
    certificate = certificate_at(address, settings.PAYPAL_CA_FILE, certificate_name())
    if not certificate.not_valid_before_utc <= timezone.now() <= certificate.not_valid_after_utc:
        raise Forged("its certificate has expired")
    key = certificate.public_key()
    if not isinstance(key, RSAPublicKey):
        raise Forged("its certificate is for another method")
    return key


def is_ours_to_fetch(address: str) -> bool:
    """By its beginning, letter for letter: an address that is not taken apart cannot be misunderstood."""
    return any(
        address.startswith(place) and CERTIFICATE_NAME.fullmatch(address.removeprefix(place))
        for place in certificate_places()
    )


def certificate_places() -> Iterator[str]:
    """Where PayPal has its certificates."""
    yield settings.PAYPAL_API_BASE + CERTIFICATES
    for host in settings.PAYPAL_CERT_HOSTS:
        yield f"https://{host}{CERTIFICATES}"


def certificate_name() -> str:
    return SANDBOX_NAME if ".sandbox." in settings.PAYPAL_API_BASE else LIVE_NAME
