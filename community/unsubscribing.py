"""Links by which somebody stops mail without signing in: signed, for one person and some kinds, and good for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core import signing

from accounts.models import User
from community.models import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

SALT = "community.unsubscribe"
# For a token short enough for a header: a place in this order stands for a kind, so new ones come last.
ORDER = tuple(Kind)


def make_token(user: User, kinds: Iterable[Kind]) -> str:
    return signing.Signer(salt=SALT).sign_object([user.pk, sorted({ORDER.index(kind) for kind in kinds})])


def read_token(token: str) -> tuple[User, list[Kind]] | None:
    """Whose mail of which kinds; None for what is not ours, or of somebody who is gone."""
    try:
        key, kinds = signing.Signer(salt=SALT).unsign_object(token)
    except signing.BadSignature:
        return None
    user = User.objects.filter(pk=key).first()
    return None if user is None else (user, [ORDER[place] for place in kinds])
