"""Erasing somebody: asked for, thought over for two weeks, done."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import emails, limits
from accounts.models import ErasureReceipt, User
from accounts.models.history import Event
from accounts.models.sessions import EndReason
from accounts.personal_data import Holding, Trace, holdings, traces
from accounts.services import history, people, sessions, signing_in

if TYPE_CHECKING:
    from accounts.visits import Visit

logger = logging.getLogger(__name__)

GRACE = timedelta(days=14)

NO_PASSWORD = (
    "Your account has no password to ask for. Sign in again on the website and ask there, within five minutes."  # noqa: S105
)
GONE = "This account has been erased already."


def ask(*, user: User, visit: Visit, password: str = "", proved_at: datetime | None = None) -> datetime:
    """Have an account erased after two weeks, sign it out everywhere and revoke its keys; returns the date.

    Who has no password (passkey, provider) must have proved who they are a short time ago:
    `proved_at`. Asking again does not move the date. Raises ValidationError by field,
    PermissionDenied in words, or Limited.
    """
    # Outside the transaction: what it records of a wrong password must stay.
    prove(user=user, visit=visit, password=password, proved_at=proved_at)
    with transaction.atomic():
        people.require_another_administrator(user)
        person = lock(user)
        if person.erase_after is None:
            person.erase_after = timezone.now() + GRACE
            person.save(update_fields=["erase_after"])
            history.record(Event.ERASURE_ASKED, visit=visit, user=user)
            emails.erasure_asked(user=person)
        sessions.end_all(user=user, visit=visit, reason=EndReason.ERASED)
        user.api_keys.revoke()
    user.erase_after = person.erase_after
    return person.erase_after


def prove(*, user: User, visit: Visit, password: str, proved_at: datetime | None) -> None:
    """Raises ValidationError, PermissionDenied or Limited unless it is the person who asks."""
    if not user.has_usable_password():
        if not people.is_fresh(proved_at):
            raise PermissionDenied(NO_PASSWORD)
        return
    limits.knock("account", visit)
    if not signing_in.confirm_password(user=user, password=password, visit=visit):
        raise ValidationError({"password": ValidationError(signing_in.WRONG_PASSWORD, code="wrong_password")})


@transaction.atomic
def cancel(*, user: User, visit: Visit) -> None:
    """Keep an account after all; changes nothing where nothing was asked. Raises ValidationError if it is too late."""
    person = lock(user)
    if person.erase_after is None:
        return
    person.erase_after = None
    person.save(update_fields=["erase_after"])
    user.erase_after = None
    history.record(Event.ERASURE_CANCELLED, visit=visit, user=user)
    emails.erasure_cancelled(user=person)


def lock(user: User) -> User:
    person = User.objects.select_for_update(of=("self",)).filter(pk=user.pk).first()
    if person is None:
        raise ValidationError(GONE, code="erased")
    return person


@dataclass
class Outcome:
    erased: int = 0
    # People whose erasure did not work out; the log says why.
    failed: int = 0


def erase_due() -> Outcome:
    """Erase everybody whose time has come, each in a transaction of their own.

    May be killed at any moment, and run twice at once: whom one is erasing, the other passes over.
    """
    finish_files()
    outcome = Outcome()
    for person_id in list(User.objects.all().due_for_erasure().values_list("pk", flat=True)):
        try:
            outcome.erased += erase_if_due(person_id)
        except people.LastAdministratorError:
            logger.error("person %s is not erased: there would be no administrator left", person_id)
            outcome.failed += 1
        except Exception:  # one person's trouble must not keep the others waiting
            logger.exception("person %s is not erased", person_id)
            outcome.failed += 1
    return outcome


@transaction.atomic
def erase_if_due(person_id: int) -> bool:
    """Erase somebody; False if they have kept their account meanwhile, or somebody else is at it."""
    due = User.objects.all().due_for_erasure().filter(pk=person_id)
    person = due.select_for_update(of=("self",), skip_locked=True).first()
    if person is None:
        return False
    erase(person)
    return True


def erase(person: User) -> ErasureReceipt:
    """Erase somebody, whose row is locked, by the registry: all that has their name goes, or loses it.

    Files go after the commit. Raises people.LastAdministratorError.
    """
    if person.erase_after is None:
        raise ValueError("nobody is erased who did not ask for it")
    # Those whom there were when it was asked for may be gone: banned, demoted.
    people.require_another_administrator(person)
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    # Traces first: they are found by what is gone afterwards.
    for trace in traces():
        clear(trace, trace.find(person), counts)
    files = sorted({name for holding in holdings() if not holding.anonymise for name in holding.files(person)})
    for holding in holdings():
        clear(holding, holding.rows(person), counts)
        if holding.rows(person).exists():
            raise RuntimeError(f"{holding.label} still has rows of theirs")
    receipt = ErasureReceipt.objects.create(
        asked_at=person.erase_after - GRACE,
        counts={label: dict(counts[label]) for label in sorted(counts)},
        files_left=files,
    )
    emails.erasure_done(receipt=receipt, address=person.email, name=person.get_short_name())
    transaction.on_commit(finish_files, robust=True)
    return receipt


def clear(entry: Holding | Trace, rows: QuerySet[Any], counts: dict[str, Counter[str]]) -> None:
    """Delete these rows, or anonymise them, and count what was done."""
    done = {entry.label: entry.anonymise(rows)} if entry.anonymise else rows.delete()[1]
    for label, number in done.items():
        if number:
            counts[label]["anonymised" if entry.anonymise else "deleted"] += number


def finish_files() -> None:
    """Delete the files of erased people that are still there, also those of an erasure that was cut off."""
    for receipt in ErasureReceipt.objects.exclude(files_left=[]):
        receipt.files_left = [name for name in receipt.files_left if not delete_file(name)]
        receipt.save(update_fields=["files_left"])


def delete_file(name: str) -> bool:
    try:
        default_storage.delete(name)
    except Exception:  # each storage has errors of its own; the next run tries again
        logger.exception("the file %s of somebody erased is not deleted yet", name)
        return False
    return True
