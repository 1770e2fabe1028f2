"""The pages of organisations: find, call one service, respond."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import member
from billing import organisation_sections
from billing.forms.organisations import InviteForm, RoleForm
from billing.models import Invitation, Membership, Organisation, Role
from billing.querysets.organisations import BY_NAME, INVITATIONS_NEWEST_FIRST, MEMBERS_IN_ORDER
from billing.services import invitations, organisations, seats, standing
from common.forms import PlaceForm, asked_place, faults_in_words, submit
from common.paging import neighbours, page_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

# Of the invitations that are open, how many stand on the page of an organisation; and how many of whom to ask.
MOST_SHOWN = 20


@never_cache
@require_safe
def organisation_list(request: HttpRequest) -> HttpResponse:
    rows = Organisation.objects.all().as_rows_for(member(request), timezone.now())
    with faults_in_words():
        page = page_of(rows, order=BY_NAME, **asked_place(PlaceForm(request.GET)))
    context = {"organisations": page.rows, **neighbours(request, page)}
    return render(request, "billing/organisations/list.html", context)


@never_cache
@require_safe
def organisation(request: HttpRequest, slug: str) -> HttpResponse:
    return show(request, find(request, slug))


@never_cache
@require_POST
def invite(request: HttpRequest, slug: str) -> HttpResponse:
    found = find(request, slug)
    by = member(request)
    standing.require_manager(by, found)
    form = invite_form(own_membership(request, found), request.POST)
    if not submit(form, lambda: invitations.invite(organisation=found, **form.cleaned_data, by=by)):
        return show(request, found, form=form)
    messages.success(request, f"We have mailed a link to {form.cleaned_data['email']}. It is good for 14 days.")
    return redirect(found)


@never_cache
@require_safe
def invited(request: HttpRequest, slug: str) -> HttpResponse:
    """All invitations that are open, page by page."""
    found = find(request, slug)
    standing.require_manager(member(request), found)
    rows = found.invitations.open().as_rows()
    with faults_in_words():
        page = page_of(rows, order=INVITATIONS_NEWEST_FIRST, **asked_place(PlaceForm(request.GET)))
    context = {
        "organisation": found,
        "own": own_membership(request, found),
        "invitations": with_age(page.rows, timezone.now()),
        **neighbours(request, page),
    }
    return render(request, "billing/organisations/invited.html", context)


@require_POST
def resend_invitation(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    found = find(request, slug)
    sent = find_invitation(found, pk)
    attempt(
        request,
        lambda: invitations.resend(invitation=sent, by=member(request)),
        f"We have mailed a new link to {sent.email}. The former one works no more.",
    )
    return redirect(found)


@require_POST
def revoke_invitation(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    found = find(request, slug)
    sent = find_invitation(found, pk)
    attempt(
        request,
        lambda: invitations.revoke(invitation=sent, by=member(request)),
        f"The invitation of {sent.email} is revoked.",
    )
    return redirect(found)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def edit_member(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """What can be done with one member; a POST changes their role."""
    found = find(request, slug)
    membership = find_member(found, pk)
    standing.require_over(member(request), found, membership.role)
    form = RoleForm(request.POST if request.method == "POST" else None, initial={"role": membership.role})
    by = member(request)
    if submit(form, lambda: organisations.change_role(membership=membership, by=by, **form.cleaned_data)):
        messages.success(request, f"{name_of(membership)} is {in_words(form.cleaned_data['role'])} now.")
        return redirect(found)
    context = {
        "organisation": found,
        "own": own_membership(request, found),
        "member": membership,
        "seat": seats.seat_of(membership),
        "seating": seats.seating_of(found),
        "form": form,
    }
    return render(request, "billing/organisations/member.html", context)


@require_POST
def take_seat(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    found = find(request, slug)
    membership = find_member(found, pk)
    attempt(
        request,
        lambda: seats.take_seat(membership=membership, by=member(request)),
        f"{name_of(membership)} has a seat now.",
    )
    return redirect(found)


@require_POST
def give_back_seat(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    found = find(request, slug)
    membership = find_member(found, pk)
    attempt(
        request,
        lambda: seats.give_back_seat(membership=membership, by=member(request)),
        f"The seat of {name_of(membership)} is free again.",
    )
    return redirect(found)


@require_POST
def hand_over(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    found = find(request, slug)
    membership = find_member(found, pk)
    attempt(
        request,
        lambda: organisations.hand_over(membership=membership, by=member(request)),
        f"{name_of(membership)} is an owner now, and you are a manager.",
    )
    return redirect(found)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def remove_member(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Asks once."""
    found = find(request, slug)
    membership = find_member(found, pk)
    standing.require_over(member(request), found, membership.role)
    if request.method != "POST":
        context = {"organisation": found, "member": membership}
        return render(request, "billing/organisations/remove.html", context)
    attempt(
        request,
        lambda: organisations.remove_member(membership=membership, by=member(request)),
        f"{name_of(membership)} is no member of {found} any more.",
    )
    return redirect(found)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, slug: str) -> HttpResponse:
    """Asks once."""
    found = find(request, slug)
    if request.method != "POST":
        return render(request, "billing/organisations/leave.html", {"organisation": found})
    left = attempt(
        request,
        lambda: organisations.leave(organisation=found, user=member(request)),
        f"You have left {found}.",
    )
    return redirect("billing:organisations") if left else redirect(found)


def show(request: HttpRequest, found: Organisation, *, form: InviteForm | None = None) -> HttpResponse:
    """The page of an organisation; who does not manage it sees how it stands and whom to ask."""
    own = own_membership(request, found)
    now = timezone.now()
    context: dict[str, Any] = {
        "organisation": found,
        "own": own,
        "seat": seats.seat_of(own),
        "seating": seats.seating_of(found, now),
        "next_contract": found.contracts.filter(starts_at__gt=now).order_by("starts_at").first(),
    }
    members = found.memberships.alive().as_rows(now)
    if own.manages:
        with faults_in_words():
            page = page_of(members, order=MEMBERS_IN_ORDER, **asked_place(PlaceForm(request.GET)))
        latest = page_of(found.invitations.open().as_rows(), order=INVITATIONS_NEWEST_FIRST, size=MOST_SHOWN)
        context |= {
            "members": page.rows,
            **neighbours(request, page),
            "invitations": with_age(latest.rows, now),
            "has_more_invitations": bool(latest.next),
            "sections": organisation_sections.place.shown(page.rows),
            "form": form or invite_form(own),
        }
    else:
        context["heads"] = members.exclude(role=Role.MEMBER).order_by(*MEMBERS_IN_ORDER)[:MOST_SHOWN]
    return render(request, "billing/organisations/organisation.html", context)


def with_age(rows: list[dict[str, Any]], now: datetime) -> list[dict[str, Any]]:
    """Rows of invitations with `is_late`, where the link is too old."""
    return [row | {"is_late": row["expires_at"] <= now} for row in rows]


def invite_form(own: Membership, data: Any = None) -> InviteForm:
    return InviteForm(data, names_managers=own.is_owner)


def find(request: HttpRequest, slug: str) -> Organisation:
    """Raises Http404 for what one does not belong to."""
    return get_object_or_404(Organisation.objects.visible_to(request.user), slug=slug)


def own_membership(request: HttpRequest, found: Organisation) -> Membership:
    return get_object_or_404(Membership.objects.alive(), organisation=found, user=member(request))


def find_member(found: Organisation, pk: int) -> Membership:
    """Raises Http404."""
    return get_object_or_404(found.memberships.alive().select_related("user__profile", "organisation"), pk=pk)


def find_invitation(found: Organisation, pk: int) -> Invitation:
    """Raises Http404."""
    return get_object_or_404(found.invitations.select_related("organisation"), pk=pk)


def attempt(request: HttpRequest, deed: Callable[[], object], done: str) -> bool:
    """Do it and say so, or say why not; the next page shows either. Raises PermissionDenied."""
    try:
        deed()
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
        return False
    messages.success(request, done)
    return True


def name_of(membership: Membership) -> str:
    assert membership.user is not None  # noqa: S101 - who is erased is no member
    return str(membership.user.profile.shown_name)


def in_words(role: str) -> str:
    return {Role.OWNER: "an owner", Role.MANAGER: "a manager", Role.MEMBER: "a member"}[Role(role)]
