"""The pages of organisations."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client, TestCase
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from billing.access import PREMIUM, may_read
from billing.models import Invitation, Membership, Organisation, Role
from billing.services import standing
from tests.billing.organisations import add, invite, join, make_invitation, make_organisation, token_to
from tests.clients import signed_in
from tests.factories import PASSWORD, make_tutorial, make_user
from tutorials.models import LearningDay, TutorialProgress

PAGE, JOIN = "/billing/organisations/company/", "/billing/invitations/"


@pytest.fixture
def company(learner: User, admin: User) -> Organisation:
    return make_organisation(learner, by=admin, seats=5, name="Company")


@pytest.fixture
def owner(company: Organisation, learner: User) -> Client:
    return signed_in(learner)


def text(client: Client, address: str = PAGE) -> str:
    return client.get(address, follow=True).content.decode()


def test_an_owner_sees_seats_members_and_invitations(owner: Client, company: Organisation, admin: User) -> None:
    member = join(company, by=admin)
    make_invitation(company, by=admin, email="new@howtoai.example")
    page = " ".join(text(owner).split())
    assert "1 of 5 seats is taken, 1 more is promised in invitations; 3 are free." in page
    assert str(member.user) in page
    assert "new@howtoai.example" in page
    assert "Send the invitation" in page


def test_a_member_sees_how_it_stands_and_whom_to_ask(company: Organisation, learner: User, admin: User) -> None:
    other, member = add(company, by=admin), join(company, by=admin)
    page = text(signed_in(member.user))
    assert learner.email in page
    assert "Everything in Premium is open to you." in page
    for hidden in (str(other.user), "Send the invitation", "free."):
        assert hidden not in page


def test_the_page_of_ones_plan_leads_to_ones_organisations(
    owner: Client, company: Organisation, stranger: User
) -> None:
    assert PAGE in text(owner, "/billing/")
    assert PAGE in text(owner, "/billing/organisations/")
    assert PAGE not in text(signed_in(stranger), "/billing/")


def test_who_does_not_belong_to_it_finds_nothing(company: Organisation, stranger: User, visitor: Client) -> None:
    assert signed_in(stranger).get(PAGE).status_code == 404
    assert visitor.get(PAGE)["Location"] == f"/accounts/login/?next={PAGE}"
    assert "You belong to no organisation" in text(signed_in(stranger), "/billing/organisations/")


def test_an_owner_invites_and_a_visitor_signs_in_and_joins(
    owner: Client, stranger: User, mailoutbox: list[EmailMessage]
) -> None:
    with TestCase.captureOnCommitCallbacks(execute=True):
        sent = owner.post(f"{PAGE}invitations/", {"email": stranger.email, "role": "member", "with_seat": "on"})
    assert sent["Location"] == PAGE
    link = f"/billing/invitations/{token_to(stranger.email)}/"
    client = Client()
    followed = client.get(link)
    assert (followed["Location"], followed["Referrer-Policy"]) == (JOIN, "no-referrer")
    page = text(client, link)
    for words in ("Join", "Company", "Lea Learner", "Who sees what", "how many tutorials you finished"):
        assert words in page
    away = client.post(JOIN)
    # No secret in an address that goes on into logs.
    assert away["Location"] == f"/accounts/login/?next={JOIN}"
    back = client.post(away["Location"], {"login": stranger.email, "password": PASSWORD, "next": JOIN})
    assert back["Location"] == JOIN
    assert not may_read(stranger, PREMIUM).allowed
    assert client.post(JOIN)["Location"] == PAGE
    assert may_read(stranger, PREMIUM).why == "seat"
    assert "Welcome to Company." in text(client)
    # Who is in already goes on to it.
    assert client.get(link)["Location"] == PAGE
    assert client.get(JOIN).status_code == 404


def test_who_has_followed_no_link_is_told_so(visitor: Client, db: None) -> None:
    for page in (visitor.get(JOIN), visitor.post(JOIN)):
        assert (page.status_code, "Open the link in your mail again" in page.content.decode()) == (404, True)


def test_the_way_to_sign_up_comes_back_to_the_invitation(owner: Client, company: Organisation, learner: User) -> None:
    invite(company, "new@howtoai.example", by=learner)
    link = f"/billing/invitations/{token_to('new@howtoai.example')}/"
    client = Client()
    assert '/accounts/signup/?next=%2Fbilling%2Finvitations%2F"' in text(client, link)
    fields = {"name": "New", "email": "new@howtoai.example", "password1": PASSWORD, "next": JOIN}
    assert client.post("/accounts/signup/", fields)["Location"] == JOIN
    page = client.get(JOIN)
    assert (page.status_code, "Confirm your e-mail address first" in page.content.decode()) == (200, True)
    assert client.post(JOIN).status_code == 400
    assert Membership.objects.count() == 1


def test_somebody_else_is_told_whose_the_invitation_is(company: Organisation, learner: User, stranger: User) -> None:
    invite(company, "new@howtoai.example", by=learner)
    link = f"/billing/invitations/{token_to('new@howtoai.example')}/"
    assert f"you are signed in as {stranger.email}" in text(signed_in(stranger), link)
    assert "Join Company</button>" not in text(signed_in(stranger), link)


def test_a_link_that_is_no_good_says_so(company: Organisation, learner: User, visitor: Client) -> None:
    sent = make_invitation(company, by=learner, token_hash=Invitation.hash_of("x"), revoked_at=timezone.now())
    for token in ("x", "y"):
        page = visitor.get(f"/billing/invitations/{token}/")
        assert page.status_code == 404
        assert "This invitation no longer works" in page.content.decode()
        assert sent.email not in page.content.decode()


def test_faults_of_an_invitation_stand_in_its_form(owner: Client, learner: User) -> None:
    page = owner.post(f"{PAGE}invitations/", {"email": learner.email, "role": "member"})
    assert page.context["form"].errors == {"email": ["This person is a member already."]}
    page = owner.post(f"{PAGE}invitations/", {"email": "x", "role": "owner"})
    assert set(page.context["form"].errors) == {"email", "role"}


def test_a_manager_is_not_asked_for_a_role_and_a_member_may_not_invite(company: Organisation, admin: User) -> None:
    manager, member = signed_in(add(company, Role.MANAGER, by=admin).user), signed_in(add(company, by=admin).user)
    assert 'name="role"' not in text(manager)
    assert manager.post(f"{PAGE}invitations/", {"email": "new@howtoai.example"}).status_code == 302
    refused = member.post(f"{PAGE}invitations/", {"email": "other@howtoai.example"})
    assert (refused.status_code, "Only owners and managers of Company" in refused.content.decode()) == (403, True)


def test_invitations_are_sent_again_and_revoked(owner: Client, company: Organisation, learner: User) -> None:
    sent = make_invitation(company, by=learner)
    for deed, words in (("resend", "mailed a new link"), ("revoke", "is revoked"), ("resend", "revoked already")):
        assert words in owner.post(f"{PAGE}invitations/{sent.pk}/{deed}/", follow=True).content.decode()


def test_an_owner_gives_and_takes_seats_and_roles_and_removes(
    owner: Client, company: Organisation, admin: User
) -> None:
    member = add(company, by=admin)
    assert member.user is not None
    there = f"{PAGE}members/{member.pk}/"
    assert "Give them a seat" in text(owner, there)
    owner.post(f"{there}seat/")
    assert may_read(member.user, PREMIUM).allowed
    assert "Take the seat back" in text(owner, there)
    owner.post(f"{there}seat/give-back/")
    assert not may_read(member.user, PREMIUM).allowed
    owner.post(there, {"role": "manager"})
    member.refresh_from_db()
    assert member.role == Role.MANAGER
    assert "Invitations that they sent" in text(owner, f"{there}remove/")
    assert Membership.objects.alive().count() == 2
    owner.post(f"{there}remove/")
    assert Membership.objects.alive().count() == 1
    assert owner.get(there).status_code == 404


def test_ownership_is_handed_over(owner: Client, company: Organisation, learner: User, admin: User) -> None:
    member = add(company, by=admin)
    owner.post(f"{PAGE}members/{member.pk}/ownership/")
    assert Membership.objects.get(user=learner).role == Role.MANAGER
    assert owner.get(f"{PAGE}members/{member.pk}/").status_code == 403


def test_leaving_asks_first_and_the_only_owner_stays(owner: Client, company: Organisation, admin: User) -> None:
    page = owner.post(f"{PAGE}leave/", follow=True).content.decode()
    assert standing.LAST_OWNER.format(organisation="Company") in page
    member = signed_in(join(company, by=admin).user)
    assert "Leave Company?" in text(member, f"{PAGE}leave/")
    assert "You have left Company." in member.post(f"{PAGE}leave/", follow=True).content.decode()
    assert member.get(PAGE).status_code == 404


def test_managers_see_figures_of_learning_since_somebody_came(
    owner: Client, company: Organisation, admin: User
) -> None:
    member = add(company, by=admin)
    today = timezone.now().date()
    assert member.user is not None
    Membership.objects.filter(pk=member.pk).update(joined_at=timezone.now() - timedelta(days=3))
    for days, minutes in ((0, 12), (2, 30), (10, 500)):
        LearningDay.objects.create(user=member.user, day=today - timedelta(days=days), seconds=60 * minutes)
        TutorialProgress.objects.create(
            user=member.user,
            tutorial=make_tutorial(),
            fraction=1,
            completed_at=timezone.now() - timedelta(days=days),
        )
    rows = owner.get(PAGE).context["sections"][0]["content"]["rows"]
    assert [(row["finished"], row["minutes"]) for row in rows] == [(2, 42), (0, 0)]
    assert "Learning in the last 30 days" in text(owner)
    assert "Learning in the last" not in text(signed_in(member.user))


def test_more_members_need_no_more_queries(
    owner: Client, company: Organisation, admin: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    add(company, by=admin, seat=True)
    make_invitation(company, by=admin)
    owner.get(PAGE)
    with CaptureQueriesContext(connection) as few:
        owner.get(PAGE)
    for _ in range(3):
        add(company, by=admin, seat=True)
        make_invitation(company, by=admin, with_seat=False)
    with django_assert_num_queries(len(few)):
        owner.get(PAGE)


def test_members_come_in_pages(owner: Client, company: Organisation, admin: User) -> None:
    Membership.objects.bulk_create(
        Membership(organisation=company, user=make_user(), joined_at=timezone.now()) for _ in range(24)
    )
    page = owner.get(PAGE)
    assert len(page.context["members"]) == 20
    assert len(owner.get(page.context["next"]).context["members"]) == 5


def test_all_invitations_come_in_pages_of_their_own(
    owner: Client, company: Organisation, learner: User, admin: User
) -> None:
    sent = [make_invitation(company, by=learner) for _ in range(24)]
    page = owner.get(PAGE)
    assert len(page.context["invitations"]) == 20
    assert f"{PAGE}invited/" in page.content.decode()
    first = owner.get(f"{PAGE}invited/")
    last = owner.get(first.context["next"])
    rows = first.context["invitations"] + last.context["invitations"]
    assert {row["email"] for row in rows} == {each.email for each in sent}
    assert "Revoke" in last.content.decode()
    assert signed_in(add(company, by=admin).user).get(f"{PAGE}invited/").status_code == 403
    company.invitations.update(revoked_at=timezone.now())
    assert "No invitation is open" in text(owner, f"{PAGE}invited/")
