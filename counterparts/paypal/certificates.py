"""The certificates with which webhooks are signed: an authority of our own, and what it vouches for.

Besides the good one there are some that nobody may believe, for tests of the other side.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from counterparts import settings
from counterparts.troubles import troubled
from counterparts.world import new_id, world

NAME = "messageverificationcerts.paypal.com"
BITS = 2048
# Long, because tests move the clock.
LIFE = timedelta(days=3650)
KINDS = ("good", "expired", "wrong_name", "self_signed", "moved")
# Their addresses are new with each process, as their keys are: nobody may keep them for longer.
RUN = new_id("", 8)
making = threading.RLock()


@dataclass(frozen=True)
class Signer:
    name: str
    key: RSAPrivateKey
    # As it is served: the certificate, then the one that vouches for it.
    chain: bytes


def certificate(request: HttpRequest, name: str) -> HttpResponse:
    """GET /v1/notifications/certs/{name}"""
    trouble = troubled("paypal")
    if trouble is not None:
        return trouble
    kind = name.removeprefix(f"CERT-{RUN}-")
    if kind not in KINDS:
        return HttpResponse(status=404)
    if kind == "moved":
        return HttpResponseRedirect(f"{settings.OWN_URL}/paypal/v1/notifications/certs/{made('good').name}")
    return HttpResponse(made(kind).chain, content_type="text/plain")


def signer() -> Signer:
    """With which webhooks are signed now: the good one, unless a test has chosen another."""
    return made(world.things["paypal.choice"].get("certificate", {}).get("kind", "good"))


def made(kind: str) -> Signer:
    """Made once, also if several webhooks that leave together ask for it: each would have a key of its own."""
    with making:
        return new_signer(kind)


@cache
def new_signer(kind: str) -> Signer:
    key = rsa.generate_private_key(65537, BITS)
    name = "messageverificationcerts.paypal.com.evil.example" if kind == "wrong_name" else NAME
    now = datetime.now(UTC)
    ends = now - timedelta(days=1) if kind == "expired" else now + LIFE
    authority = authority_key()
    issuer = name if kind == "self_signed" else AUTHORITY
    vouching = key if kind == "self_signed" else authority
    leaf = (
        base(name, issuer, key, ends)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(vouching.public_key()), critical=False)
        .sign(vouching, SHA256())
    )
    chain = leaf.public_bytes(Encoding.PEM) + (b"" if kind == "self_signed" else authority_pem())
    return Signer(f"CERT-{RUN}-{kind}", key, chain)


AUTHORITY = "Stand-in for PayPal: certificate authority"


@cache
def authority_key() -> RSAPrivateKey:
    return rsa.generate_private_key(65537, BITS)


def authority_pem() -> bytes:
    """The authority that vouches for the good certificate."""
    with making:
        return new_authority()


@cache
def new_authority() -> bytes:
    key = authority_key()
    usage = x509.KeyUsage(
        key_cert_sign=True,
        crl_sign=True,
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    authority = (
        base(AUTHORITY, AUTHORITY, key, datetime.now(UTC) + LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, SHA256())
    )
    return authority.public_bytes(Encoding.PEM)


def base(name: str, issuer: str, key: RSAPrivateKey, ends: datetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(ends - 2 * LIFE)
        .not_valid_after(ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def write_authority() -> None:
    """Where the platform looks for it, if it is told where."""
    if settings.PAYPAL_CA_FILE:
        path = Path(settings.PAYPAL_CA_FILE)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(authority_pem())
