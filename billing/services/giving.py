"""What staff do to open levels of access to people."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from billing.access import forget_access
from billing.models import AccessGrant, Source
from billing.models.access import GIVEN

if TYPE_CHECKING:
    from accounts.models import User

NOT_ALLOWED = "You do not have the right to give or take away access."
END_IS_PAST = "Choose an end in the future."
NOT_GIVEN = "Choose gift or complimentary."
IS_OVER = "This access is over and stays as a record. Give it anew."


@transaction.atomic
def give_access(
    *,
    user: User,
    level: str,
    ends_at: datetime | None,
    starts_at: datetime | None = None,
    reason: str,
    given_by: User,
    source: str = Source.COMPLIMENTARY,
) -> AccessGrant:
    """Open a level to somebody, from now unless a start is named; without an end if `ends_at` is None.

    Raises PermissionDenied; ValidationError by field.
    """
    require_right(given_by, "billing.add_accessgrant")
    check_end(ends_at)
    check_source(source)
    grant = AccessGrant(
        user=user,
        level=level,
        source=source,
        starts_at=starts_at or timezone.now(),
        ends_at=ends_at,
        reason=reason.strip(),
        given_by=given_by,
    )
    grant.full_clean(exclude=["user", "given_by"])
    grant.save(force_insert=True)
    forget_access(user.pk)
    return grant


@transaction.atomic
def change_end(*, grant: AccessGrant, ends_at: datetime | None, by: User) -> None:
    """Have access end at another time, or never.

    Raises PermissionDenied; ValidationError on `ends_at`, and if it is over already.
    """
    require_right(by, "billing.change_accessgrant")
    check_end(ends_at)
    grant.ends_at = ends_at
    grant.clean()
    # One statement: of those who change and revoke at once, each sees what the other did.
    if not AccessGrant.objects.alive().filter(pk=grant.pk).update(ends_at=ends_at):
        raise ValidationError(IS_OVER, code="over")
    forget_access(grant.user_id)


@transaction.atomic
def revoke_access(*, grant: AccessGrant, by: User) -> bool:
    """End access at once, also before it starts; False, and nothing changes, if it is over. Raises PermissionDenied."""
    require_right(by, "billing.change_accessgrant")
    now = timezone.now()
    revoked = AccessGrant.objects.alive().filter(pk=grant.pk).update(revoked_at=now, revoked_by=by)
    if revoked:
        grant.revoked_at, grant.revoked_by = now, by
        forget_access(grant.user_id)
    return bool(revoked)


def check_end(ends_at: datetime | None) -> None:
    """Raises ValidationError on `ends_at`."""
    if ends_at is not None and ends_at <= timezone.now():
        raise ValidationError({"ends_at": ValidationError(END_IS_PAST, code="past")})


def check_source(source: str) -> None:
    """All else follows something, such as a payment. Raises ValidationError on `source`."""
    if source not in GIVEN:
        raise ValidationError({"source": ValidationError(NOT_GIVEN, code="not_given")})


def require_right(by: User, right: str) -> None:
    """Raises PermissionDenied."""
    if not (by.acts_as_staff and by.has_perm(right)):
        raise PermissionDenied(NOT_ALLOWED)
