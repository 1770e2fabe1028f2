"""From where somebody comes: what services need of a request, without knowing the request."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest

from accounts import devices
from accounts.models.sessions import Door
from common.client import client_address, device_of

# Where browsers keep the tokens of the API.
ACCESS_COOKIE = "__Host-access"
REFRESH_COOKIE = "__Host-refresh"


@dataclass(frozen=True)
class Visit:
    door: Door
    address: str | None = None
    device: str = ""
    # The marks of those who have signed in with this browser before.
    known: tuple[str, ...] = ()

    @classmethod
    def of(cls, request: HttpRequest, door: Door) -> Visit:
        return cls(
            door=door,
            address=client_address(request),
            device=device_of(request.META.get("HTTP_USER_AGENT", "")),
            known=devices.known(request),
        )

    def knows(self, email: str) -> bool:
        """Whether the person with this address has signed in from here before."""
        return devices.mark(email) in self.known
