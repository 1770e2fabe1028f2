"""Every read of plans and prices that has a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Prefetch, QuerySet

if TYPE_CHECKING:
    from billing.models import Plan, Price  # noqa: F401 - named in strings only, where the linter does not look


class PlanQuerySet(QuerySet["Plan"]):
    def with_prices(self) -> PlanQuerySet:
        """With `offers`, the prices for which each can be had now, the month's first. Two queries."""
        from billing.models import Price

        return self.prefetch_related(
            Prefetch("prices", Price.objects.on_offer().order_by("interval"), to_attr="offers")
        )


class PriceQuerySet(QuerySet["Price"]):
    def on_offer(self) -> PriceQuerySet:
        """Those that somebody may choose now."""
        return self.filter(retired_at__isnull=True)

    def besides(self, price: Price) -> PriceQuerySet:
        """What somebody with this price may change to, with the plan, in the order of the plans."""
        others = self.on_offer().exclude(plan=price.plan_id, interval=price.interval)
        return others.select_related("plan").order_by("plan__position", "interval")

    def known_as(self, provider: str, reference: str) -> PriceQuerySet:
        """The price with the provider's name for it: one, or none."""
        return self.filter(**{f"{provider}_id": reference})
