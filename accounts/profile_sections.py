"""What apps above this one show on somebody's profile, in the order in which they register."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from common.sections import Place, Section

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import Profile, User

# Its content is asked with the profile and with whoever looks at it.
ProfileSection = Section[["Profile", "User | AnonymousUser"]]
place: Place[[Profile, User | AnonymousUser]] = Place()
register = place.register


def sections_of(profile: Profile, *, to: User | AnonymousUser) -> list[dict[str, Any]]:
    """The sections that this person may see, each {"template", "content"}."""
    return place.shown(profile, to)
