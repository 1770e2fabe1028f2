"""Who may write, how much and what: asked before anything that members write is stored."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format

from accounts.services.people import require_confirmed
from common import limits
from common.client import network_of
from common.prepared import Prepared
from community.models import Standing, TrustLevel
from community.querysets.moderation import repeats_hidden, texts_like
from community.querysets.posts import may_moderate
from community.services import states
from community.trust import OPENS, Opens

if TYPE_CHECKING:
    from accounts.models import User
    from common.markdown import ReadPost

SILENCED = "You may not write here until {end}. Until then you can read."
TOO_MANY_LINKS = "New members may use up to {most} links in one text. Leave some out; you will earn more."
TOO_MANY_NAMED = "New members may mention up to {most} people in one text. Leave some out; you will earn more."
NO_IMAGES_YET = "New members may not show images yet. Describe it for now; you will earn that soon."
POSTED_ALREADY = "You posted this already: {title}."
FIRST_TEXTS = "One of the first texts of a new member"
WAS_HIDDEN = "Says the same as a text that was hidden lately"

# Of one person: a longer text is hardly written twice, while "Thank you!" is.
REPEATED_WITHIN, SHORT_REPEATED_WITHIN = timedelta(hours=24), timedelta(minutes=5)
SHORT = 40  # characters
HIDDEN_WITHIN = timedelta(days=30)
# Of one network, that of a school included.
BY_NETWORK = {"post": "60/h", "comment": "300/h"}
EDITS = "60/h"
# What a class agrees on; a program with several accounts does not stop there.
SAME_BY_NETWORK = "3/d"
STANDING: Prepared[Standing] = Prepared(lambda pk: Standing.objects.filter(pk=pk), pk=int)
# As the function community_digest (migration 0002) has it.
UNSEEN = re.compile(r"[\s\u00ad\u200b-\u200f\u2060-\u2064\ufeff]+")


@transaction.atomic
def admit(
    *,
    author: User,
    kind: Literal["post", "comment"],
    title: str,
    body: str,
    read: ReadPost,
    address: str | None,
) -> str:
    """Let somebody write this text; returns why a moderator is to look at it first, or "".

    `read` is the body as it was understood; `address` is None for what comes from no network. Part of the transaction
    in which it is stored: until that ends, nothing else of this author is let in. Raises PermissionDenied, in words, as
    `require_may_write`; ValidationError on `body`; Limited.
    """
    standing = states.lock_standings([author])[author.pk]
    require_may_write(author, standing)
    check_use(author, read, standing)
    refuse_repetition(author, kind, body)
    if may_moderate(author):
        return ""
    spend(standing, kind, body, address)
    return cause_to_hold(standing, body)


def admit_edit(*, author: User, body: str, read: ReadPost) -> str:
    """Let somebody write this in the place of what they wrote; returns why a moderator is to look at it first, or "".

    Raises ValidationError on `body`; Limited.
    """
    check_use(author, read, standing_of(author))
    if may_moderate(author):
        return ""
    limits.spend("edits of one member", str(author.pk), EDITS)
    return WAS_HIDDEN if repeats_hidden(body, since=timezone.now() - HIDDEN_WITHIN) else ""


def require_may_write(author: User, standing: Standing | None = None) -> None:
    """Raises PermissionDenied for who has yet to confirm their address, and for who is silenced."""
    require_confirmed(author)
    if standing is None:
        standing = standing_of(author)
    if standing is not None and standing.silenced_until is not None and standing.is_silenced:
        raise PermissionDenied(SILENCED.format(end=in_words(standing.silenced_until)))


def check_use(author: User, read: ReadPost, standing: Standing | None) -> None:
    """Whether somebody may use in one text what this one has. Raises ValidationError on `body`."""
    if may_moderate(author):
        return
    opens = opened_to(standing)
    faults = []
    if opens.links is not None and read.links > opens.links:
        faults.append(ValidationError(TOO_MANY_LINKS.format(most=opens.links), code="too_many_links"))
    if opens.mentions is not None and len(read.mentions) > opens.mentions:
        faults.append(ValidationError(TOO_MANY_NAMED.format(most=opens.mentions), code="too_many_mentions"))
    if read.images and not opens.images:
        faults.append(ValidationError(NO_IMAGES_YET, code="no_images_yet"))
    if faults:
        raise ValidationError({"body": faults})


def require_may_show_images(author: User) -> None:
    """Raises ValidationError."""
    if not may_moderate(author) and not opened_to(standing_of(author)).images:
        raise ValidationError(NO_IMAGES_YET, code="no_images_yet")


def opened_to(standing: Standing | None) -> Opens:
    return OPENS[TrustLevel(standing.trust_level) if standing else TrustLevel.NEWCOMER]


def standing_of(author: User) -> Standing | None:
    return STANDING.first(pk=author.pk)


def in_words(at: datetime) -> str:
    """Such as "3 May 2026, 12:00 UTC"."""
    return f"{date_format(at.astimezone(UTC), 'j F Y, H:i')} UTC"


def refuse_repetition(author: User, kind: str, body: str) -> None:
    """What two clicks, two tabs or a program send twice is one text. Raises ValidationError on `body`."""
    is_short = kind == "comment" and len(body.strip()) < SHORT
    since = timezone.now() - (SHORT_REPEATED_WITHIN if is_short else REPEATED_WITHIN)
    earlier = next(iter(texts_like(body, author=author, since=since)[:1]), None)
    if earlier is not None:
        raise ValidationError({"body": ValidationError(POSTED_ALREADY.format(title=earlier["title"]), code="repeated")})


def spend(standing: Standing, kind: Literal["post", "comment"], body: str, address: str | None) -> None:
    """Count one text against the rates of its author and of the network that it comes from. Raises Limited."""
    level = TrustLevel(standing.trust_level)
    rate = OPENS[level].posts if kind == "post" else OPENS[level].comments
    limits.spend(f"{kind}s of a {level.label.lower()}", str(standing.pk), rate)
    # Commands come from no network.
    if address is not None:
        network = network_of(address)
        limits.spend(f"{kind}s of one network", network, BY_NETWORK[kind])
        if len(body.strip()) >= SHORT:
            limits.spend("the same text of one network", f"{network} {UNSEEN.sub('', body).lower()}", SAME_BY_NETWORK)


def cause_to_hold(standing: Standing, body: str) -> str:
    texts = standing.posts_count + standing.comments_count
    if standing.trust_level == TrustLevel.NEWCOMER and texts < settings.COMMUNITY_HOLD_FIRST_POSTS:
        return FIRST_TEXTS
    if repeats_hidden(body, since=timezone.now() - HIDDEN_WITHIN):
        return WAS_HIDDEN
    return ""
