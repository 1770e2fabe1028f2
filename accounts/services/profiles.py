"""What people say of themselves, and to whom."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypedDict

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.formats import date_format

from accounts.models import FormerHandle, Profile

if TYPE_CHECKING:
    from accounts.models import User

# A handle is how others know somebody; it is no toy.
HANDLE_STAYS = timedelta(days=30)


class Changes(TypedDict, total=False):
    """Everything that people may change of themselves here; what is missing stays."""

    name: str
    handle: str
    display_name: str
    bio: str
    time_zone: str
    language: str
    links: list[str]
    about_visible_to: str
    learning_visible_to: str
    activity_visible_to: str


CHANGEABLE = tuple(Changes.__annotations__)
OF_USER = ("name",)


@transaction.atomic
def change(*, user: User, changes: Changes) -> Profile:
    """Change a profile, and the name of its person. Raises ValidationError by field; then nothing has changed."""
    profile = Profile.objects.select_for_update(of=("self",)).select_related("user").get(user=user)
    handle_before = profile.handle
    for name, value in changes.items():
        setattr(profile.user if name in OF_USER else profile, name, value)
    profile.handle = profile.handle.lower()
    check(profile, changes, handle_before)
    try:
        with transaction.atomic():
            profile.user.save(update_fields=[name for name in changes if name in OF_USER])
            profile.save(update_fields=columns_of(changes))
    except IntegrityError:
        # Somebody took the handle after the check; repeated, it finds them and says so in its words.
        check(profile, changes, handle_before)
        raise
    if profile.handle != handle_before:
        FormerHandle.objects.create(user=profile.user, handle=handle_before)
        FormerHandle.objects.over().delete()
    return profile


def columns_of(changes: Changes) -> list[str]:
    columns = [name for name in changes if name not in OF_USER]
    return [*columns, "bio_html"] if "bio" in changes else columns


def check(profile: Profile, changes: Changes, handle_before: str) -> None:
    """Raises ValidationError with every fault of what is changed, by field.

    What is not changed is left alone: a rule that came later is no reason to refuse another change.
    """
    faults: dict[str, list[ValidationError]] = {}
    for row in (profile.user, profile):
        others = {field.name for field in row._meta.fields} - changes.keys()
        try:
            row.full_clean(exclude=others)
        except ValidationError as error:
            faults |= error.error_dict
    if profile.handle != handle_before and "handle" not in faults and (until := handle_stays_until(profile)):
        message = f"You can change your handle again after {date_format(timezone.localtime(until), 'j F Y')}."
        faults["handle"] = [ValidationError(message, code="too_soon")]
    if faults:
        raise ValidationError(faults)


def handle_stays_until(profile: Profile) -> datetime | None:
    """When the handle may change again, if not now."""
    last = FormerHandle.objects.filter(user=profile.user_id).order_by("-freed_at").first()
    until = last.freed_at + HANDLE_STAYS if last else timezone.now()
    return until if until > timezone.now() else None
