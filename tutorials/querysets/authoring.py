"""Every read of versions that has a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import QuerySet

if TYPE_CHECKING:
    # Named in strings only, where the linter does not look.
    from tutorials.models import TutorialVersion  # noqa: F401


class TutorialVersionQuerySet(QuerySet["TutorialVersion"]):
    def latest_first(self) -> TutorialVersionQuerySet:
        return self.order_by("-number")
