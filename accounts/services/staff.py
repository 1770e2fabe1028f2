"""What staff do to other people's accounts."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q

from accounts import emails
from accounts.models import Role, User
from accounts.models.history import Event
from accounts.models.sessions import EndReason
from accounts.services import addresses, history, people, sessions
from accounts.visits import Visit
from common.text import validate_line

HAS_MORE_RIGHTS = "{person} has rights that you do not have. Ask somebody who has them."
NOT_YOURS_TO_GIVE = "This role has rights that you do not have, so you cannot give it."
NOT_YOURS_TO_BAN = "You may not close the accounts of others, or open them again."
NOT_YOURSELF = "You cannot close your own account here. Erase it under “My data” instead."
WITHOUT_REASON = "Say why: the person is told."
REASON_TOO_LONG = "Say it in at most {most} characters."
LONGEST_REASON = 500  # characters
# Either is enough; the second is a right of the community, whose moderators change nothing else of people.
MAY_BAN = ("accounts.change_user", "community.ban_member")
YOUR_OWN = "Remove your own second factor under “Security”, where you are asked to prove that it is you."


def may_change(*, by: User, person: User) -> bool:
    """Whether somebody of the staff may touch an account: not if that person has rights that they lack.

    Who sets the password or the address of somebody, or takes away the second factor, can sign in
    as them.
    """
    return by.is_superuser or (not person.is_superuser and own(person) <= own(by))


def require_may_change(*, by: User, person: User) -> None:
    """Raises PermissionDenied."""
    if not may_change(by=by, person=person):
        raise PermissionDenied(HAS_MORE_RIGHTS.format(person=person))


def require_may_give(*, by: User, role: Role) -> None:
    """Raises ValidationError on `role`."""
    if not by.is_superuser and not rights(Q(group__name=role)) <= own(by):
        raise ValidationError({"role": ValidationError(NOT_YOURS_TO_GIVE, code="more_rights")})


def own(user: User) -> set[int]:
    return rights(Q(group__user=user) | Q(user=user))


def rights(which: Q) -> set[int]:
    """Permissions as they are given, also to those who are banned just now and may come back."""
    return set(Permission.objects.filter(which).values_list("pk", flat=True))


def check_changes(*, person: User, by: User, role: Role, is_active: bool, is_superuser: bool) -> None:
    """Whether somebody may be made what is asked for.

    Raises PermissionDenied; ValidationError for a role that is not theirs to give, and for the last
    administrator (people.LastAdministratorError).
    """
    before = User.objects.get(pk=person.pk)
    require_may_change(by=by, person=before)
    if is_superuser != before.is_superuser and not by.is_superuser:
        raise PermissionDenied(HAS_MORE_RIGHTS.format(person=person))
    if role != before.role:
        require_may_give(by=by, role=role)
    if not is_active or not (is_superuser or role == Role.ADMINISTRATOR):
        people.require_another_administrator(before)


@transaction.atomic
def add(*, person: User, role: Role, by: User) -> None:
    """Store a person whom staff have made, with a role and an address to confirm. Raises ValidationError on `role`."""
    require_may_give(by=by, role=role)
    person.save()
    people.settle_in(user=person, role=role)


@transaction.atomic
def save_changes(*, person: User, role: Role, by: User, visit: Visit) -> None:
    """Store what staff have changed of somebody; `person` is as they shall be.

    A new address is to be confirmed, opens no session that was open before, and both addresses
    are told. Raises as `check_changes` does.
    """
    check_changes(person=person, by=by, role=role, is_active=person.is_active, is_superuser=person.is_superuser)
    before = lock(person, by=by)
    email, person.email = person.email, before.email
    person.save(update_fields=["name", "is_active", "is_superuser"])
    if person.is_active != before.is_active:
        note_ban(person=person, reason="", visit=visit)
    if role != before.role:
        people.set_role(user=person, role=role)
    if email != before.email:
        addresses.replace(user=person, email=email, confirmed=False, visit=visit)
        sessions.end_all(user=person, visit=visit, reason=EndReason.REVOKED)
        emails.changed_by_staff(
            user=person, change=f"have changed your address from {before.email} to {email}, and signed out every device"
        )
        people.send_confirmation(user=person)


@transaction.atomic
def note_new_password(*, person: User, visit: Visit) -> None:
    """After staff have set somebody's password, or taken it away: no device stays, and the owner is told."""
    sessions.end_all(user=person, visit=visit, reason=EndReason.PASSWORD_CHANGED)
    history.record(Event.PASSWORD_CHANGE, visit=visit, user=person, reason="by staff")
    done = "changed" if person.has_usable_password() else "removed"
    emails.changed_by_staff(user=person, change=f"have {done} your password, and signed out every device")


@transaction.atomic
def remove_second_factor(*, person: User, by: User, visit: Visit) -> bool:
    """For somebody who has lost theirs; False if there is none.

    Raises PermissionDenied; ValidationError for one's own.
    """
    require_may_change(by=by, person=person)
    if person == by:
        raise ValidationError(YOUR_OWN)
    factors = Authenticator.objects.filter(user=person)
    kinds = sorted({str(factor.get_type_display()) for factor in factors})
    if not kinds:
        return False
    factors.delete()
    history.record(Event.SECOND_FACTOR_REMOVED, visit=visit, user=person, reason=f"by staff: {', '.join(kinds)}")
    emails.changed_by_staff(
        user=person, change="have removed the second factor of your account, so that the password alone opens it"
    )
    return True


@transaction.atomic
def ban(*, person: User, by: User, reason: str, visit: Visit) -> bool:
    """Close somebody's account, which signs them out everywhere; False if it was closed already.

    The person is told, with the reason. Raises as `require_may_ban` does; ValidationError for
    oneself, without a reason that can be told, and for the last administrator (people.LastAdministratorError).
    """
    require_may_ban(by=by, person=person)
    reason = check_reason(reason)
    if not reason:
        raise ValidationError({"reason": ValidationError(WITHOUT_REASON, code="required")})
    if person == by:
        raise ValidationError(NOT_YOURSELF, code="yourself")
    people.require_another_administrator(person)
    return set_active(person=person, by=by, is_active=False, reason=reason, visit=visit)


@transaction.atomic
def unban(*, person: User, by: User, visit: Visit, reason: str = "") -> bool:
    """Open an account that staff have closed; False if it was open. The person is told, with any reason.

    Raises as `require_may_ban` does; ValidationError for a reason that cannot be told.
    """
    require_may_ban(by=by, person=person)
    return set_active(person=person, by=by, is_active=True, reason=check_reason(reason), visit=visit)


def require_may_ban(*, by: User, person: User) -> None:
    """Raises PermissionDenied for whoever has no such right, or lacks one that the person has."""
    if not (by.acts_as_staff and any(map(by.has_perm, MAY_BAN))):
        raise PermissionDenied(NOT_YOURS_TO_BAN)
    require_may_change(by=by, person=person)


def check_reason(reason: str) -> str:
    """As it will be said: on one line, since it also stands in the history. Raises ValidationError on `reason`."""
    reason = " ".join(reason.split())
    try:
        if len(reason) > LONGEST_REASON:
            raise ValidationError(REASON_TOO_LONG.format(most=LONGEST_REASON), code="max_length")
        if reason:
            validate_line(reason)
    except ValidationError as error:
        raise ValidationError({"reason": error.error_list}) from error
    return reason


def lock(person: User, *, by: User) -> User:
    """As they are now. Raises PermissionDenied for whoever has got rights at this moment that `by` lacks."""
    # No stronger than that: whoever writes about them has made sure that they stay, and may wait for what we hold.
    now = User.objects.select_for_update(no_key=True, of=("self",)).get(pk=person.pk)
    require_may_change(by=by, person=now)
    return now


def set_active(*, person: User, by: User, is_active: bool, reason: str, visit: Visit) -> bool:
    """Close or open an account; False if it was so already. Part of a transaction. Raises PermissionDenied."""
    if lock(person, by=by).is_active == is_active:
        return False
    person.is_active = is_active
    person.save(update_fields=["is_active"])
    note_ban(person=person, reason=reason, visit=visit)
    return True


def note_ban(*, person: User, reason: str, visit: Visit) -> None:
    """Record that somebody's account has been closed or opened, and tell them.

    The person reads the history, so it does not say from where the staff came.
    """
    event, tell = (Event.UNBANNED, emails.unbanned) if person.is_active else (Event.BANNED, emails.banned)
    history.record(event, visit=Visit(door=visit.door), user=person, reason=reason)
    tell(user=person, reason=reason)


def sign_out(*, person: User, by: User, visit: Visit) -> None:
    """Everywhere. Raises PermissionDenied."""
    require_may_change(by=by, person=person)
    sessions.end_all(user=person, visit=visit, reason=EndReason.REVOKED)
