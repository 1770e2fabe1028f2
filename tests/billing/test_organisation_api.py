"""/api/organisations…"""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from billing.access import PREMIUM, may_read
from billing.models import Invitation, Membership, Organisation, Role
from tests.accounts.test_api_keys import make_key
from tests.billing.organisations import add, join, make_invitation, make_organisation
from tests.clients import signed_in

API = "/api/organisations"


@pytest.fixture
def company(learner: User, admin: User) -> Organisation:
    return make_organisation(learner, by=admin, seats=5, name="Company")


@pytest.fixture
def owner(company: Organisation, learner: User) -> Client:
    return signed_in(learner)


def call(client: Client, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    return getattr(client, method)(f"{API}{path}", body, content_type="application/json")


def test_one_sees_those_that_one_belongs_to(owner: Client, company: Organisation, admin: User, stranger: User) -> None:
    (mine,) = owner.get(API).json()["results"]
    assert mine == {
        "slug": "company",
        "name": "Company",
        "role": "owner",
        "has_seat": False,
        "seats": {"total": 5, "taken": 0},
        "contract_ends_at": company.contracts.get().ends_at.isoformat().replace("+00:00", "Z"),
    }
    member = signed_in(join(company, by=admin).user)
    (theirs,) = member.get(API).json()["results"]
    assert (theirs["role"], theirs["has_seat"], theirs["seats"]) == ("member", True, None)
    assert signed_in(stranger).get(API).json()["results"] == []
    assert Client().get(API).status_code == 401


def test_members_are_listed_for_owners_and_managers(owner: Client, company: Organisation, admin: User) -> None:
    member = join(company, by=admin)
    assert member.user is not None
    first, second = call(owner, "get", "/company/members").json()["results"]
    assert (first["role"], second["id"], second["has_seat"]) == ("owner", member.pk, True)
    assert second["user"]["email"] == member.user.email
    refused = call(signed_in(member.user), "get", "/company/members")
    assert (refused.status_code, refused.json()["detail"]) == (403, "Only owners and managers of Company can do this.")
    assert call(signed_in(admin), "get", "/company/members").status_code == 404


def test_roles_and_seats_are_changed_and_members_removed(owner: Client, company: Organisation, admin: User) -> None:
    member = add(company, by=admin)
    assert member.user is not None
    there = f"/company/members/{member.pk}"
    assert call(owner, "patch", there, {"role": "manager"}).json()["role"] == "manager"
    assert call(owner, "patch", there, {"role": "king"}).json()["errors"][0]["code"] == "unknown_role"
    for _ in range(2):
        assert call(owner, "put", f"{there}/seat").json()["has_seat"] is True
    assert may_read(member.user, PREMIUM).why == "seat"
    for _ in range(2):
        assert call(owner, "delete", f"{there}/seat").status_code == 204
    assert not may_read(member.user, PREMIUM).allowed
    assert call(owner, "delete", there).status_code == 204
    assert call(owner, "delete", there).status_code == 404


def test_a_member_leaves_and_touches_nobody_else(company: Organisation, admin: User) -> None:
    member, other = add(company, by=admin), add(company, by=admin)
    client = signed_in(member.user)
    assert call(client, "delete", f"/company/members/{other.pk}").status_code == 404
    assert call(client, "patch", f"/company/members/{member.pk}", {"role": "owner"}).status_code == 403
    assert call(client, "delete", f"/company/members/{member.pk}").status_code == 204
    assert Membership.objects.alive().count() == 2


def test_the_only_owner_stays(owner: Client, learner: User) -> None:
    own = Membership.objects.get(user=learner)
    refused = call(owner, "delete", f"/company/members/{own.pk}")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "last_owner")


def test_invitations_are_listed_made_and_revoked(owner: Client, company: Organisation) -> None:
    made = call(owner, "post", "/company/invitations", {"email": "New@howtoai.example"})
    assert made.status_code == 201
    assert made.json()["email"] == "new@howtoai.example"
    assert (made.json()["role"], made.json()["with_seat"]) == ("member", True)
    assert "token" not in str(made.json())
    assert call(owner, "get", "/company/invitations").json()["results"] == [made.json()]
    for _ in range(2):
        assert call(owner, "delete", f"/company/invitations/{made.json()['id']}").status_code == 204
    assert call(owner, "get", "/company/invitations").json()["results"] == []


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "email", "required"),
        ({"email": "nobody"}, "email", "invalid"),
        ({"email": "learner@howtoai.example"}, "email", "member_already"),
        ({"email": "new@howtoai.example", "role": "owner"}, "role", "not_invited_as"),
        ({"email": "new@howtoai.example", "with_seat": "yes"}, "with_seat", "invalid"),
        ({"email": "new@howtoai.example", "seat": True}, "seat", "not_changeable"),
    ],
)
def test_bad_input_is_refused_by_field(owner: Client, body: dict[str, Any], field: str, code: str) -> None:
    refused = call(owner, "post", "/company/invitations", body)
    assert refused.status_code == 400
    assert [(error["field"], error["code"]) for error in refused.json()["errors"]] == [(field, code)]
    assert not Invitation.objects.exists()


def test_plain_members_and_strangers_neither_see_nor_make_invitations(
    company: Organisation, admin: User, stranger: User
) -> None:
    sent = make_invitation(company, by=admin)
    for person, status in ((add(company, by=admin).user, 403), (stranger, 404)):
        client = signed_in(person)
        assert call(client, "get", "/company/invitations").status_code == status
        assert call(client, "post", "/company/invitations", {"email": "new@howtoai.example"}).status_code == status
        assert call(client, "delete", f"/company/invitations/{sent.pk}").status_code == status
    manager = signed_in(add(company, Role.MANAGER, by=admin).user)
    assert call(manager, "delete", f"/company/invitations/{sent.pk}").status_code == 204


@pytest.mark.parametrize("scope", ["read", "write", "billing:read"])
def test_a_key_reads_and_hands_nothing_over(company: Organisation, learner: User, admin: User, scope: str) -> None:
    member, sent = add(company, by=admin), make_invitation(company, by=learner)
    headers = {"Authorization": f"Api-Key {make_key(learner, scopes=[scope]).text}"}
    client = Client()
    for path in ("", "/company/members", "/company/invitations"):
        assert client.get(f"{API}{path}", headers=headers).status_code == 200
    there = f"/company/members/{member.pk}"
    for method, path, body in (
        ("patch", there, {"role": "owner"}),
        ("delete", there, None),
        ("put", f"{there}/seat", None),
        ("delete", f"{there}/seat", None),
        ("post", "/company/invitations", {"email": "new@howtoai.example"}),
        ("delete", f"/company/invitations/{sent.pk}", None),
    ):
        refused = getattr(client, method)(f"{API}{path}", body, content_type="application/json", headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "api_key_refused")
    assert Membership.objects.get(pk=member.pk).role == Role.MEMBER
    assert Invitation.objects.open().count() == 1
