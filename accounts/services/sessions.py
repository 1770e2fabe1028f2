"""Signed-in devices: begin, renew, end. Every door that signs somebody in or out comes here."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from accounts import emails
from accounts.models import LoginHistory, Session, User
from accounts.models.history import Event
from accounts.models.sessions import EndReason
from accounts.querysets import hand_over
from accounts.services import history
from accounts.tokens import InvalidToken, RefreshToken, make_access
from analytics import track
from common.prepared import Prepared

if TYPE_CHECKING:
    from collections.abc import Callable

    from accounts.visits import Visit

# How long a used refresh token still gets its successor: another tab, or an answer that was lost.
GRACE = timedelta(seconds=10)
# A session in use is written down at most so often.
SEEN_EVERY = timedelta(minutes=5)
# What every request of somebody who is signed in asks first.
ALIVE = Prepared(
    lambda pk, now: Session.objects.alive(now).with_confirmation().filter(pk=pk), pk=uuid.UUID, now=datetime
)


@dataclass(frozen=True)
class Tokens:
    session: Session
    access: str
    access_expires_at: datetime
    refresh: str
    refresh_expires_at: datetime


class StaleProof(Exception):
    """The password was changed, or the person banned, after they had proved who they are."""


@transaction.atomic
def start(*, user: User, visit: Visit, event: Event = Event.LOGIN, reason: str = "") -> Session:
    """Sign somebody in on a device. `event` is LOGIN or SIGN_UP, `reason` says how they proved themselves.

    `user` is as it was when they did. Raises StaleProof if it has changed since.
    """
    # Locked: a password that changes now waits, and then ends this session too.
    current = User.objects.select_for_update().get(pk=user.pk)
    if current.password != user.password or not current.is_active:
        raise StaleProof
    now = timezone.now()
    session = Session.objects.create(
        user=user,
        door=visit.door,
        device=visit.device,
        address=visit.address,
        created_at=now,
        last_seen_at=now,
        authenticated_at=now,
        expires_at=now + Session.IDLE,
    )
    history.record(event, visit=visit, user=user, reason=reason, session=session)
    if event == Event.SIGN_UP:
        track.sign_up(user.pk, by=reason)
    if event == Event.LOGIN and not visit.knows(user.email) and is_new_device(session):
        emails.new_device(user=user, session=session)
    return session


@transaction.atomic
def issue_tokens(session: Session) -> Tokens:
    """The first tokens of a new session of the API."""
    refresh = RefreshToken.new(session.pk)
    session.refresh_hash = refresh.hash
    session.rotated_at = timezone.now()
    session.save(update_fields=["refresh_hash", "rotated_at"])
    return make_tokens(session, refresh)


def make_tokens(session: Session, refresh: RefreshToken) -> Tokens:
    access, expires_at = make_access(session.pk)
    return Tokens(session, access, expires_at, str(refresh), session.expires_at)


def refresh(*, token: str, visit: Visit) -> Tokens:
    """Exchange a refresh token for new tokens, once.

    The token that was just exchanged gets the same successor for ten seconds more (two tabs, a
    lost answer). Any other used one is taken for stolen: its session ends at once, access tokens
    included, and the theft is recorded. Raises InvalidToken, after the record is written.
    """
    try:
        shown = RefreshToken.read(token)
        with transaction.atomic():
            outcome = exchange(shown, visit)
        # Outside the transaction: what it recorded of a theft must stay.
        if isinstance(outcome, InvalidToken):
            raise outcome
    except InvalidToken as error:
        history.record_refusal(Event.REFUSED_TOKEN, visit=visit, reason=f"refresh token: {error}")
        raise
    return outcome


def exchange(shown: RefreshToken, visit: Visit) -> Tokens | InvalidToken:
    session = Session.objects.select_for_update(of=("self",)).select_related("user").filter(pk=shown.session_id).first()
    if session is None:
        return InvalidToken("its session is unknown")
    if not session.is_alive:
        return InvalidToken(f"its session is over ({session.end_reason or 'expired'})")
    now = timezone.now()
    if shown.hash == bytes(session.refresh_hash):
        successor = shown.successors()[0]
        session.previous_hash, session.refresh_hash = session.refresh_hash, successor.hash
        session.rotated_at, session.device = now, visit.device or session.device
        session.see(address=visit.address)
        session.save(update_fields=["previous_hash", "refresh_hash", "rotated_at", "device", *Session.SEEN])
        history.record(Event.REFRESH, visit=visit, user=session.user, session=session)
        return make_tokens(session, successor)
    if shown.hash == bytes(session.previous_hash) and session.rotated_at and now - session.rotated_at <= GRACE:
        for successor in shown.successors():
            if successor.hash == bytes(session.refresh_hash):
                return make_tokens(session, successor)
    Session.objects.filter(pk=session.pk).end(EndReason.THEFT)
    history.record(
        Event.THEFT, visit=visit, user=session.user, session=session, reason="a used refresh token came again"
    )
    emails.token_theft(user=session.user, session=session, visit=visit)
    return InvalidToken("it was used before; its session has been ended")


def renew_proof(session: Session) -> None:
    """Note that somebody has just proved on this device who they are."""
    session.authenticated_at = timezone.now()
    session.save(update_fields=["authenticated_at"])


def find_alive(session_id: uuid.UUID) -> Session | None:
    """The session with its person, and whether they are confirmed, in one query, if it still opens doors.

    Raises ValidationError for what is no id of a session.
    """
    session: Any = ALIVE.first(pk=Session._meta.pk.to_python(session_id), now=timezone.now())
    if session is not None:
        hand_over(session, session.user)
    found: Session | None = session
    return found


def touch(session: Session, *, find_address: Callable[[], str | None]) -> None:
    """Note that a session of the website is in use, at most every few minutes; that also prolongs it."""
    if timezone.now() - session.last_seen_at >= SEEN_EVERY:
        session.see(address=find_address())
        session.save(update_fields=Session.SEEN)


@transaction.atomic
def end(*, session: Session, reason: EndReason, visit: Visit) -> None:
    """Sign one device out; ending what has ended changes nothing."""
    if Session.objects.filter(pk=session.pk).end(reason):
        history.record(Event.LOGOUT, visit=visit, user=session.user, session=session, reason=EndReason(reason).label)


@transaction.atomic
def end_all(*, user: User, visit: Visit, reason: EndReason, but: Session | None = None) -> int:
    """Sign somebody out everywhere (`but` on one device); returns the number of devices."""
    others = user.sessions.exclude(pk=but.pk) if but else user.sessions.all()
    ended = others.end(reason)
    history.record(Event.LOGOUT, visit=visit, user=user, reason=f"{EndReason(reason).label}: {ended} devices")
    return ended


@transaction.atomic
def log_out(*, token: str, visit: Visit) -> None:
    """End the session of a refresh token, whether or not that token was used before. Raises InvalidToken."""
    shown = RefreshToken.read(token)
    session = Session.objects.select_related("user").filter(pk=shown.session_id).first()
    if session is not None:
        end(session=session, reason=EndReason.LOGGED_OUT, visit=visit)


def is_new_device(session: Session) -> bool:
    """Whether nobody has signed in from such a device at that address since the password was last changed."""
    history_of = LoginHistory.objects.filter(user=session.user)
    changed = history_of.filter(event=Event.PASSWORD_CHANGE).order_by("-at", "-id").first()
    before = history_of.filter(event__in=(Event.LOGIN, Event.SIGN_UP), device=session.device, address=session.address)
    if changed is not None:
        before = before.filter(pk__gt=changed.pk)
    return not before.exclude(session=session).exists()
