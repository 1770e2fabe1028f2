"""Every read of subscriptions that has a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from django.db.models.expressions import Combinable

    from accounts.models import User
    from billing.models import Subscription  # noqa: F401 - named in strings only, where the linter does not look


class SubscriptionQuerySet(QuerySet["Subscription"]):
    def of(self, user: User) -> SubscriptionQuerySet:
        """Somebody's, newest first, with price and plan."""
        return self.filter(user=user).select_related("price__plan", "next_price__plan").order_by("-id")

    def with_all(self) -> SubscriptionQuerySet:
        """With what recording a truth looks at, in the same query."""
        return self.select_related("price__plan", "next_price__plan", "user__profile")

    def live(self) -> SubscriptionQuerySet:
        from billing.models import LIVE

        return self.filter(state__in=LIVE)

    def in_checkout(self, at: datetime) -> SubscriptionQuerySet:
        """Checkouts that were begun and can still be finished at this time."""
        from billing.models import State

        return self.filter(state=State.INCOMPLETE, checkout_expires_at__gt=at)

    def to_mirror(self) -> SubscriptionQuerySet:
        """Those of which Stripe's objects may have changed since they were last copied, the longest ago first."""
        from billing.models.subscriptions import NOT_MIRRORED

        return self.filter(NOT_MIRRORED).order_by("checked_at")

    # By the clock (billing.services.following, billing.services.reminding)

    def checkouts_over(self, at: datetime) -> SubscriptionQuerySet:
        """Checkouts that could be finished until this time, and no longer."""
        from billing.models import State

        return self.filter(state=State.INCOMPLETE, checkout_expires_at__lte=at).order_by("checkout_expires_at")

    def paid_time_over(self, at: datetime) -> SubscriptionQuerySet:
        """Cancelled ones whose paid period is over."""
        from billing.models import State

        return self.filter(state=State.CANCELLED, current_period_end__lte=at).order_by("current_period_end")

    def pauses_over(self, at: datetime) -> SubscriptionQuerySet:
        from billing.models import State

        return self.filter(state=State.PAUSED, resumes_at__lte=at).order_by("resumes_at")

    def past_due(self) -> SubscriptionQuerySet:
        from billing.models import State

        return self.filter(state=State.PAST_DUE).order_by("past_due_since")

    def waited_for_until(self, at: datetime, *, patience: timedelta) -> SubscriptionQuerySet:
        """Those whose missing payment is no longer waited for at this time: the days of grace are over.

        Who has had none, since nothing was ever paid, has `patience` from the first failure.
        """
        from billing.models import AccessGrant

        graces = AccessGrant.objects.filter(subscription=OuterRef("pk")).grace().order_by("-ends_at")
        end = Coalesce(Subquery(graces.values("ends_at")[:1]), F("past_due_since") + patience)
        return self.past_due().alias(waited_until=end).filter(waited_until__lte=at)

    def without_news(self, *, late: timedelta, again: timedelta, at: datetime) -> SubscriptionQuerySet:
        """Live ones whose period ended `late` ago or longer, and that were not looked at since then, nor since `again`.

        A new period should have begun, or they should have ended: the provider's news may be lost.
        """
        is_old = Q(checked_at__lt=F("current_period_end") + late) | Q(checked_at__lt=at - again)
        overdue = self.live().filter(current_period_end__lte=at - late)
        return overdue.filter(is_old | Q(checked_at__isnull=True)).order_by("current_period_end")

    def to_remind(self, kind: str, about: Combinable, *, most: int) -> list[tuple[int, int, datetime]]:
        """Key, whose it is, and `about` what time, of those who were not reminded of this kind of thing about that."""
        from billing.models import Reminder

        sent = Reminder.objects.filter(subscription=OuterRef("pk"), kind=kind, about=OuterRef("about"))
        waiting = self.filter(user__isnull=False).annotate(about=about).exclude(Exists(sent))
        return list(waiting.values_list("pk", "user_id", "about")[:most])
