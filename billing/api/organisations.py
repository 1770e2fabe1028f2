"""`/api/organisations…`: those that one belongs to, and for owners and managers their members and invitations."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from rest_framework import serializers, status
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import member
from billing.api import shapes
from billing.api.views import BillingView
from billing.models import Invitation, Membership, Organisation, Role
from billing.querysets.organisations import BY_NAME, INVITATIONS_NEWEST_FIRST, MEMBERS_IN_ORDER
from billing.services import invitations, organisations, seats, standing
from common.api import Row, StrictSerializer, TextField, TruthField, answer_from, validated
from common.forms import PlaceForm
from common.openapi import OF_ONE_PERSON, Limit, Listed, described


class InvitationSerializer(StrictSerializer):
    """Which roles there are to invite to, the service says."""

    email = serializers.EmailField(max_length=254)
    role = TextField(default=Role.MEMBER.value)
    with_seat = TruthField(default=True)

    example = {"email": "new@example.org", "role": "member", "with_seat": True}


class RoleSerializer(StrictSerializer):
    role = TextField()

    example = {"role": "manager"}


class GroupView(BillingView):
    group = "Organisations"


class OrganisationsView(GroupView):
    """Those that one belongs to, by name."""

    @described("List your organisations", query=PlaceForm, gives=Listed(shapes.OrganisationListed))
    def get(self, request: Request) -> Response:
        rows = Organisation.objects.all().as_rows_for(member(request), timezone.now())
        return answer_from(request, rows, order=BY_NAME, item=organisation_item)


class OrganisationView(GroupView):
    """Something of one organisation, for its owners and managers."""

    def find(self, request: Request, slug: str) -> Organisation:
        """Raises Http404 for what one does not belong to, PermissionDenied for plain members."""
        found = get_object_or_404(Organisation.objects.visible_to(member(request)), slug=slug)
        standing.require_manager(member(request), found)
        return found


class MembersView(OrganisationView):
    """In the order in which they came."""

    @described("List members", query=PlaceForm, gives=Listed(shapes.MemberListed))
    def get(self, request: Request, slug: str) -> Response:
        rows = self.find(request, slug).memberships.alive().as_rows(timezone.now())
        return answer_from(request, rows, order=MEMBERS_IN_ORDER, item=member_item)


class MemberView(GroupView):
    """One member; who is none of the managers finds themselves only, to leave."""

    @described("Change a member's role", takes=RoleSerializer, gives=shapes.MemberListed)
    def patch(self, request: Request, slug: str, pk: int) -> Response:
        membership = find_member(request, slug, pk)
        fields = validated(RoleSerializer(data=request.data))
        changed = organisations.change_role(membership=membership, **fields, by=member(request))
        return Response(member_item(row_of(changed)))

    @described("Remove a member")
    def delete(self, request: Request, slug: str, pk: int) -> Response:
        """The seat is free at once, and open invitations that they sent are revoked. Everybody may leave."""
        organisations.remove_member(membership=find_member(request, slug, pk), by=member(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class SeatView(GroupView):
    """That a member has a seat."""

    @described("Give a member a seat", gives=shapes.MemberListed)
    def put(self, request: Request, slug: str, pk: int) -> Response:
        membership = find_member(request, slug, pk)
        seats.take_seat(membership=membership, by=member(request))
        return Response(member_item(row_of(membership)))

    @described("Take a seat back")
    def delete(self, request: Request, slug: str, pk: int) -> Response:
        seats.give_back_seat(membership=find_member(request, slug, pk), by=member(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class InvitationsView(OrganisationView):
    """Those that are open, the newest first; and where new ones are made."""

    @described("List open invitations", query=PlaceForm, gives=Listed(shapes.InvitationListed))
    def get(self, request: Request, slug: str) -> Response:
        rows = self.find(request, slug).invitations.open().as_rows()
        return answer_from(request, rows, order=INVITATIONS_NEWEST_FIRST, item=invitation_item)

    @described(
        "Invite somebody",
        takes=InvitationSerializer,
        gives={201: shapes.InvitationListed},
        limits=(
            Limit(invitations.BY_ONE_PERSON, OF_ONE_PERSON),
            Limit(invitations.FROM_ONE_ORGANISATION, "to one address from one organisation"),
            Limit(invitations.TO_ONE_ADDRESS, "to one address from all organisations"),
        ),
    )
    def post(self, request: Request, slug: str) -> Response:
        found = self.find(request, slug)
        fields = validated(InvitationSerializer(data=request.data))
        made = invitations.invite(organisation=found, **fields, by=member(request))
        row = Invitation.objects.filter(pk=made.pk).as_rows().get()
        return Response(invitation_item(row), status=status.HTTP_201_CREATED)


class InvitationView(OrganisationView):
    @described("Revoke an invitation")
    def delete(self, request: Request, slug: str, pk: int) -> Response:
        """Its link works no more."""
        found = self.find(request, slug)
        sent = get_object_or_404(found.invitations.select_related("organisation"), pk=pk)
        invitations.revoke(invitation=sent, by=member(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


def find_member(request: Request, slug: str, pk: int) -> Membership:
    """Raises Http404 for whoever may not know of this member."""
    user = member(request)
    found = get_object_or_404(Organisation.objects.visible_to(user), slug=slug)
    people = found.memberships.alive().select_related("organisation")
    own = standing.membership_of(user, found)
    if own is None or not own.manages:
        people = people.filter(user=user)
    return get_object_or_404(people, pk=pk)


def row_of(membership: Membership) -> Row:
    row: dict[str, Any] = Membership.objects.filter(pk=membership.pk).as_rows(timezone.now()).get()
    return row


def organisation_item(row: Row) -> Row:
    """`seats` is null without a contract in force, and for plain members."""
    manages = row["role"] != Role.MEMBER
    total = row["seats_total"]
    return {
        "slug": row["slug"],
        "name": row["name"],
        "role": row["role"],
        "has_seat": row["has_seat"],
        "seats": {"total": total, "taken": row["seats_taken"]} if manages and total is not None else None,
        "contract_ends_at": row["contract_ends_at"],
    }


def member_item(row: Row) -> Row:
    return {
        "id": row["id"],
        "user": {"id": row["user_id"], "handle": row["handle"], "name": row["name"], "email": row["email"]},
        "role": row["role"],
        "has_seat": row["has_seat"],
        "joined_at": row["joined_at"],
    }


def invitation_item(row: Row) -> Row:
    return {name: row[name] for name in ("id", "email", "role", "with_seat", "created_at", "expires_at")}
