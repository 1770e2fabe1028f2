"""The queue of the moderators: texts that they are to look at, one case at a time for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.backends import ModelBackend
from django.utils import timezone

from community.models import Case, CaseKind, Decision, Kind, Post
from community.services import notifying

if TYPE_CHECKING:
    from accounts.models import User
    from community.services.states import Text


def open_case(text: Text, kind: CaseKind, *, cause: str = "") -> Case:
    """The open case of a text, a new one if there is none. Part of a transaction in which the text is locked."""
    case = Case.objects.open().of(text).select_for_update(of=("self",)).first()
    if case is not None:
        return case
    case = Case(kind=kind, cause=cause, opened_at=timezone.now())
    if isinstance(text, Post):
        case.post = text
    else:
        case.comment = text
    case.save(force_insert=True)
    tell_moderators()
    return case


def close_case(text: Text, *, by: User, decision: Decision) -> Case | None:
    """Close the open case of a text, if there is one. The text is locked."""
    case = Case.objects.open().of(text).select_for_update(of=("self",)).first()
    if case is None:
        return None
    case.closed_at, case.closed_by, case.decision = timezone.now(), by, decision
    case.save(update_fields=["closed_at", "closed_by", "decision"])
    return case


def reopen_case(case: Case) -> None:
    """Have moderators look again, with the reports that there were, unless a newer case is open. The text is locked."""
    if Case.objects.open().of(case.text).exists():
        return
    case.closed_at, case.closed_by, case.decision = None, None, ""
    case.save(update_fields=["closed_at", "closed_by", "decision"])


def tell_moderators() -> None:
    """That there is something in the queue; what they have not read yet is brought up, not told twice."""
    # In the order of their keys, so that two who tell at once wait for each other.
    for moderator in ModelBackend().with_perm("community.moderate").filter(is_staff=True).order_by("pk"):
        notifying.notify(user=moderator, kind=Kind.QUEUE)
