"""What apps above this one show on the first page, to visitors and to members."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.sections import Place, Section

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User

# Its content is asked with whoever looks.
HomeSection = Section[["User | AnonymousUser"]]
place: Place[[User | AnonymousUser]] = Place()
register = place.register
