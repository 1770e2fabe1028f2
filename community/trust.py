"""Trust: what each level needs, and what it opens. It is earned by behaviour, and lost by it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from community.models.moderation import TrustLevel

# How long a text that moderators hid is held against its author.
REMEMBERED = timedelta(days=30)


@dataclass(frozen=True)
class Needs:
    """What somebody must have done; all of it."""

    texts: int  # published posts and comments
    days: int  # since the account was made
    likes: int = 0  # received
    accepted: int = 0  # answers
    # Of a hundred texts, how many may have been hidden lately.
    hidden_percent: int = 0


@dataclass(frozen=True)
class Opens:
    links: int | None  # in one text; None: any number
    mentions: int | None  # of people in one text; None: as many as anybody
    images: bool
    posts: str  # per time, as common.limits has it
    comments: str
    # How much a report counts where enough of them hide a text.
    weight: int = 1


NEEDS: dict[TrustLevel, Needs] = {
    TrustLevel.MEMBER: Needs(texts=3, days=1, hidden_percent=10),
    TrustLevel.REGULAR: Needs(texts=20, days=14, likes=10, hidden_percent=5),
    TrustLevel.TRUSTED: Needs(texts=100, days=60, likes=50, accepted=5, hidden_percent=2),
}
OPENS: dict[TrustLevel, Opens] = {
    TrustLevel.NEWCOMER: Opens(links=2, mentions=3, images=False, posts="10/h", comments="30/h", weight=0),
    TrustLevel.MEMBER: Opens(links=10, mentions=10, images=True, posts="20/h", comments="100/h"),
    TrustLevel.REGULAR: Opens(links=None, mentions=None, images=True, posts="30/h", comments="200/h"),
    TrustLevel.TRUSTED: Opens(links=None, mentions=None, images=True, posts="60/h", comments="300/h", weight=2),
}
