"""What apps above this one show owners and managers of the people in their organisation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from common.sections import Place, Section

# Its content is asked with members as `MembershipQuerySet.as_rows` has them: those that the page shows.
OrganisationSection = Section[[Sequence[dict[str, Any]]]]
place: Place[[Sequence[dict[str, Any]]]] = Place()
# What is shown, in words that go on after "They also see"; whoever is invited reads it before they accept.
told: list[str] = []


def register(section: OrganisationSection, *, words: str) -> None:
    place.register(section)
    told.append(words)
