"""Django's sessions in the database (SESSION_ENGINE), each read together with the device that is signed in there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.sessions.backends.base import CreateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import IntegrityError
from django.utils import timezone

from accounts.models import BrowserSession, Session
from accounts.querysets import hand_over
from common.prepared import Prepared

# In the session: the id of the device. Its row has it as `device`, too.
SESSION_KEY = "sid"
# What every request of somebody who is signed in asks first.
ALIVE: Prepared[BrowserSession] = Prepared(
    lambda key, now: BrowserSession.objects.alive(now).with_device().filter(pk=key), key=str, now=datetime
)


class SessionStore(DatabaseStore):
    # As it was when the session was read; None where nobody was signed in, and once the session is begun anew.
    device: Session | None = None

    @classmethod
    def get_model_class(cls) -> type[BrowserSession]:
        return BrowserSession

    def create_model_instance(self, data: dict[str, Any]) -> BrowserSession:
        row: Any = super().create_model_instance(data)
        row.device_id = data.get(SESSION_KEY)
        made: BrowserSession = row
        return made

    def flush(self) -> None:
        super().flush()
        self.device = None

    def save(self, must_create: bool = False) -> None:
        """As Django's, which takes each violation for a key that is taken and would try others for ever."""
        try:
            super().save(must_create=must_create)
        except (CreateError, IntegrityError):
            named = self.get(SESSION_KEY)
            if named is None or Session.objects.filter(pk=named).exists():
                raise
            # The device was deleted meanwhile, as with an account: this browser is signed in no more.
            del self[SESSION_KEY]
            super().save(must_create=must_create)

    def _get_session_from_db(self) -> BrowserSession | None:
        """As Django's, whose keys hold only what PostgreSQL takes (InputLimitsMiddleware, SessionBase)."""
        row: Any = ALIVE.first(key=self.session_key, now=timezone.now())
        if row is None:
            self._session_key = None
            return None
        self.device = row.device
        if self.device is not None:
            hand_over(row, self.device.user)
        found: BrowserSession = row
        return found
