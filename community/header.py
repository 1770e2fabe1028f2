"""What the community shows in the header of every page: the bell with what a member has not read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.addresses import address_of
from common.header import HeaderItem, show_in_header
from community.unread import unread_count

if TYPE_CHECKING:
    from accounts.models import User


@show_in_header
def bell(user: User) -> HeaderItem:
    return HeaderItem(
        address=address_of("community:notifications"),
        label="Notifications",
        icon="bell",
        count=unread_count(user),
        unit="unread",
    )
