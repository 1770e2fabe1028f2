"""What plans and providers are called in tables and pictures."""

from __future__ import annotations

from dataclasses import dataclass

from billing.reports.changes import Segment
from billing.reports.sources import PROVIDERS


@dataclass(frozen=True)
class Names:
    """What plans are called; a plan that is gone goes by its code."""

    plans: dict[str, str]

    def segment(self, segment: Segment) -> str:
        return f"{self.plan(segment)} by {self.provider(segment)}"

    def plan(self, segment: Segment) -> str:
        return self.plans.get(segment.plan, segment.plan)

    def provider(self, segment: Segment) -> str:
        return PROVIDERS.get(segment.provider, segment.provider)
