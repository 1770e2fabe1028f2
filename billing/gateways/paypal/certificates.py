"""PayPal's certificates: fetched when a webhook names one that is not known yet, and believed when they are PayPal's.

Anybody can name an address at PayPal's in an unsigned post, and each has us ask there. So what was refused is
remembered for a while, and no more than some are fetched in a minute: beyond that PayPal has to send its webhook again.
"""

from __future__ import annotations

import re
import threading
import time
import warnings
from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

import certifi
import httpx
from cryptography import x509
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError
from django.utils import timezone

from billing.gateways.base import Forged, ProviderAway
from billing.gateways.paypal.client import line, out_of_reach

KEPT = 8  # certificates
LARGEST_CHAIN = 64 * 1024  # bytes
REFUSALS_LAST = timedelta(minutes=5)
MOST_FETCHES = 10  # a minute, by this process
MINUTE = timedelta(minutes=1)
DEADLINE = 4  # seconds for all of a certificate
TIMEOUT = httpx.Timeout(2)  # for each step on the way
PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)

# Of this process. There are no more refusals than there were fetches while they last.
refusals: dict[tuple[str, str, str], tuple[datetime, str]] = {}
fetches: deque[datetime] = deque(maxlen=MOST_FETCHES)
counting = threading.Lock()


@lru_cache(maxsize=KEPT)
def certificate_at(address: str, authorities: str, name: str) -> x509.Certificate:
    """The certificate there, which has this name. Kept, for it has a new address each time that it changes.

    Raises Forged, which is kept for five minutes, and ProviderAway, which is not kept.
    """
    asked = (address, authorities, name)
    refusal = refusals.get(asked)
    if refusal and refusal[0] > timezone.now():
        raise Forged(refusal[1])
    count_fetch()
    try:
        return believed(fetched(address), authorities, name)
    except Forged as forged:
        remember_refusal(asked, str(forged))
        raise


def count_fetch() -> None:
    """Raises ProviderAway if there were too many within a minute."""
    now = timezone.now()
    with counting:
        if len(fetches) == MOST_FETCHES and now - fetches[0] < MINUTE:
            raise ProviderAway("too many certificates are asked for")
        fetches.append(now)


def remember_refusal(asked: tuple[str, str, str], reason: str) -> None:
    now = timezone.now()
    with counting:
        for over in [other for other, (ends, _) in refusals.items() if ends <= now]:
            del refusals[over]
        refusals[asked] = (now + REFUSALS_LAST, reason)


def fetched(address: str) -> bytes:
    """Redirects are not followed: they could lead anywhere."""
    deadline = time.monotonic() + DEADLINE
    with out_of_reach(), line().http.stream("GET", address, timeout=TIMEOUT) as answer:
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise ProviderAway(f"PayPal answered {answer.status_code}")
        if answer.status_code != httpx.codes.OK:
            raise Forged("its certificate is not there")
        content = b""
        for part in answer.iter_bytes():
            content += part
            if len(content) > LARGEST_CHAIN:
                raise Forged("its certificate is too long")
            if time.monotonic() > deadline:
                raise ProviderAway("PayPal takes too long for a certificate")
        return content


def believed(chain: bytes, authorities: str, name: str) -> x509.Certificate:
    """The first of these, if an authority that we trust vouches for it and its name. Raises Forged."""
    try:
        certificates = x509.load_pem_x509_certificates(chain)
    except ValueError:
        raise Forged("its certificate is none") from None
    try:
        policy = PolicyBuilder().store(trusted(authorities)).time(verifiers_now())
        policy.build_server_verifier(x509.DNSName(name)).verify(certificates[0], certificates[1:])
    except VerificationError:
        raise Forged("its certificate is not PayPal's") from None
    return certificates[0]


def verifiers_now() -> datetime:
    """The verifier takes whole seconds in UTC, and is told nothing of the zone."""
    return timezone.now().replace(microsecond=0, tzinfo=None)


def trusted(authorities: str) -> Store:
    """Read anew for each new certificate: the file may have changed."""
    return Store(list(certificates_in(Path(authorities or certifi.where()).read_bytes())))


def certificates_in(bundle: bytes) -> Iterator[x509.Certificate]:
    """Without those that the library warns of today and will refuse tomorrow: browsers trust one or two like that."""
    for pem in PEM.findall(bundle):
        with warnings.catch_warnings():
            warnings.simplefilter("error", CryptographyDeprecationWarning)
            try:
                yield x509.load_pem_x509_certificate(pem)
            except (ValueError, CryptographyDeprecationWarning):
                continue
