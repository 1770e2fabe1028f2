"""Every read of grants that has a name."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Case, Q, QuerySet, Value, When
from django.db.models.functions import Least, Now
from django.utils import timezone

if TYPE_CHECKING:
    from billing.models import AccessGrant  # noqa: F401 - named in strings only, where the linter does not look


# Level, beginning, end (None: no end is known), source.
Fact = tuple[str, datetime, datetime | None, str]


class AccessGrantQuerySet(QuerySet["AccessGrant"]):
    """A grant opens from `starts_at`, that moment included, until `ends_at` or `revoked_at`, that moment excluded."""

    def alive(self) -> AccessGrantQuerySet:
        """Grants of staff's that can still be changed and revoked; AccessGrant.is_alive says the same of one.

        Whatever the time at which one was revoked: of two who do it at once, the second looked at
        the clock before the first was done.
        """
        from billing.models.access import GIVEN

        return self.filter(revoked_at__isnull=True, source__in=GIVEN).exclude(ended(timezone.now()))

    def not_over(self, at: datetime) -> AccessGrantQuerySet:
        """Grants that open something at this time or later."""
        return self.exclude(revoked(at) | ended(at))

    def in_force(self, at: datetime) -> AccessGrantQuerySet:
        return self.not_over(at).filter(begun(at))

    def in_force_now(self) -> AccessGrantQuerySet:
        """By the clock of the database, for a query that is prepared."""
        return self.filter(~Q(revoked_at__lte=Now()), ~Q(ends_at__lte=Now()), starts_at__lte=Now())

    def grace(self) -> AccessGrantQuerySet:
        """Days of grace that were not withdrawn, past ones too."""
        from billing.models import Source

        return self.filter(source=Source.GRACE, revoked_at__isnull=True)

    def with_state(self, at: datetime) -> AccessGrantQuerySet:
        """With `state_then`, the GrantState that each has at this time."""
        from billing.models import GrantState

        cases = (
            When(revoked(at), then=Value(GrantState.REVOKED.value)),
            When(ended(at), then=Value(GrantState.ENDED.value)),
            When(begun(at), then=Value(GrantState.IN_FORCE.value)),
        )
        return self.annotate(state_then=Case(*cases, default=Value(GrantState.FUTURE.value)))

    def facts(self, at: datetime) -> list[Fact]:
        """What opens something at this time or later, first come first. For the grants of one person. One query."""
        # PostgreSQL's LEAST passes over nulls: the earlier end, or the only one, or none.
        coming = self.not_over(at).annotate(over_at=Least("ends_at", "revoked_at")).order_by("starts_at")
        return list(coming.values_list("level", "starts_at", "over_at", "source"))


def begun(at: datetime) -> Q:
    return Q(starts_at__lte=at)


def ended(at: datetime) -> Q:
    return Q(ends_at__lte=at)


def revoked(at: datetime) -> Q:
    return Q(revoked_at__lte=at)
