"""Every read of the providers' events that has a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import QuerySet

if TYPE_CHECKING:
    from datetime import datetime

    from billing.models import ProviderEvent  # noqa: F401 - named in strings only, where the linter does not look


class ProviderEventQuerySet(QuerySet["ProviderEvent"]):
    def waiting(self) -> ProviderEventQuerySet:
        from billing.models import EventState

        return self.filter(state=EventState.WAITING)

    def settled(self) -> ProviderEventQuerySet:
        """Those of which nothing is to be done any more."""
        from billing.models import EventState

        return self.filter(state__in=(EventState.APPLIED, EventState.SET_ASIDE))

    def with_content(self) -> ProviderEventQuerySet:
        from billing.models.events import HAS_CONTENT

        return self.filter(HAS_CONTENT)

    def due(self, at: datetime) -> ProviderEventQuerySet:
        """Those that wait and may be tried (again) by this time."""
        return self.waiting().filter(try_after__lte=at)
