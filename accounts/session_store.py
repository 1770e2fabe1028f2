"""Django's sessions in the database (SESSION_ENGINE), read without making their SQL anew at each request."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone

from common.prepared import Prepared

if TYPE_CHECKING:
    from django.contrib.sessions.base_session import AbstractBaseSession

ALIVE: Prepared[AbstractBaseSession] = Prepared(
    lambda key, now: DatabaseStore.get_model_class().objects.filter(session_key=key, expire_date__gt=now),
    key=str,
    now=datetime,
)


class SessionStore(DatabaseStore):
    def _get_session_from_db(self) -> AbstractBaseSession | None:
        """As Django's, whose keys hold only what PostgreSQL takes (InputLimitsMiddleware, SessionBase)."""
        session = ALIVE.first(key=self.session_key, now=timezone.now())
        if session is None:
            self._session_key = None
        return session
