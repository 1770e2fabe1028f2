"""What becomes of a certificate once it was given: its holder corrects the name, staff revoke it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db import transaction

from tutorials import emails
from tutorials.models import Certificate

if TYPE_CHECKING:
    from accounts.models import User

NOT_YOURS = "Only its holder may correct the name on a certificate."
NOT_ALLOWED = "Only moderators and administrators may revoke certificates."
REVOKED = "This certificate was revoked, so its name stays as it was."


@transaction.atomic
def change_name(*, by: User, certificate: Certificate, name: str) -> Certificate:
    """Raises PermissionDenied; ValidationError on `name`."""
    if certificate.user_id != by.pk:
        raise PermissionDenied(NOT_YOURS)
    row = lock(certificate)
    if row.is_revoked:
        raise PermissionDenied(REVOKED)
    row.change_name(name)
    row.save(update_fields=["name", "name_changed_at"])
    return row


def may_revoke(user: User) -> bool:
    """Whoever may look people up and change certificates; not authors, whose rights end at what people learn here."""
    return user.acts_as_staff and user.has_perm("accounts.view_user") and user.has_perm("tutorials.change_certificate")


@transaction.atomic
def revoke(*, by: User, certificate: Certificate, reason: str) -> Certificate:
    """Without a reason it stands again. Its holder is told of either, but not of another reason.

    Raises PermissionDenied; ValidationError on `revocation`.
    """
    if not may_revoke(by):
        raise PermissionDenied(NOT_ALLOWED)
    row = lock(certificate)
    was_revoked = row.is_revoked
    row.revoke(reason.strip())
    row.save(update_fields=["revocation", "revoked_at"])
    if row.is_revoked and not was_revoked:
        emails.certificate_revoked(certificate=row)
    elif was_revoked and not row.is_revoked:
        emails.certificate_restored(certificate=row)
    return row


def lock(certificate: Certificate) -> Certificate:
    return Certificate.objects.select_for_update(of=("self",)).get(pk=certificate.pk)
