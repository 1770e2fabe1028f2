"""The devices on which a member is signed in, and what happened at their doors."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import auth, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.listing import list_history
from accounts.models import Session
from accounts.models.history import Event
from accounts.models.sessions import Door, EndReason
from accounts.page_session import session_of
from accounts.permissions import member
from accounts.services import sessions
from accounts.visits import Visit
from common.forms import PlaceForm, faults_in_words
from common.paging import neighbours

# More than anybody has in use; a program that signs in anew for each call may have thousands.
MOST_SHOWN = 50


@require_safe
def session_list(request: HttpRequest) -> HttpResponse:
    devices = member(request).sessions.alive().order_by("-last_seen_at", "-id")[:MOST_SHOWN]
    return render(request, "accounts/sessions.html", {"devices": devices, "here": session_of(request)})


@require_POST
def end_session(request: HttpRequest, session_id: uuid.UUID) -> HttpResponse:
    """Sign one device out; this one too, which then leads to the start page."""
    own = Session.objects.filter(user=member(request)).select_related("user")
    session = get_object_or_404(own, pk=session_id)
    if session == session_of(request):
        auth.logout(request)
        return redirect("/")
    sessions.end(session=session, reason=EndReason.REVOKED, visit=Visit.of(request, Door.PAGE))
    messages.success(request, f"Signed out: {session.device or 'Unknown device'}.")
    return redirect("accounts:sessions")


@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    visit = Visit.of(request, Door.PAGE)
    sessions.end_all(user=member(request), visit=visit, reason=EndReason.REVOKED, but=session_of(request))
    messages.success(request, "You are signed out everywhere else.")
    return redirect("accounts:sessions")


@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """What happened when somebody came to sign in as this member, newest first."""
    with faults_in_words():
        page = list_history(member(request), PlaceForm(request.GET), by_people=True)
    context = {
        "entries": [in_words(row) for row in page.rows],
        **neighbours(request, page),
    }
    return render(request, "accounts/history.html", context)


def in_words(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"event": Event(row["event"]).label, "door": Door(row["door"]).label}
