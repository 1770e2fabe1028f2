"""How often somebody wants mail of what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from community.cadences import cadences_of, mail_times
from community.models import Cadence, Kind, MailPreference, Notification

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from accounts.models import User


@transaction.atomic
def set_cadences(*, user: User, cadences: Mapping[str, str]) -> dict[Kind, Cadence]:
    """Set how often somebody wants mail of these kinds; returns that of all. It acts on what waits already.

    Raises ValidationError by kind for a cadence that does not exist.
    """
    wanted = [MailPreference(user=user, kind=kind, cadence=cadence) for kind, cadence in cadences.items()]
    faults = {}
    for preference in wanted:
        try:
            preference.clean_fields(exclude=["user", "kind"])
        except ValidationError as error:
            faults[preference.kind] = error.error_dict["cadence"]
    if faults:
        raise ValidationError(faults)
    before = cadences_of(user.pk)
    MailPreference.objects.bulk_create(
        wanted, update_conflicts=True, unique_fields=["user", "kind"], update_fields=["cadence"]
    )
    now = timezone.now()
    for preference in wanted:
        kind = Kind(preference.kind)
        if before[kind] != preference.cadence:
            at = mail_times([user.pk], kind, now)[user.pk]
            Notification.objects.of(user).waiting_for_mail().filter(kind=kind).update(mail_at=at)
    return cadences_of(user.pk)


def stop_mail(*, user: User, kinds: Collection[str]) -> None:
    """No more mail of these kinds."""
    set_cadences(user=user, cadences=dict.fromkeys(kinds, Cadence.NEVER))
