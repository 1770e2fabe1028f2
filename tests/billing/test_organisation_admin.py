"""Staff make organisations and contracts in the admin, and help where an organisation cannot help itself."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from billing.access import PREMIUM, may_read
from billing.forms.organisations import NO_ACCOUNT, NOT_MONEY
from billing.models import Contract, Membership, Organisation, Role
from billing.models.organisations import CONTRACTS_OVERLAP
from billing.services import contracts, organisations
from tests.billing.organisations import DAY, add, join, make_contract, make_invitation, make_organisation
from tests.factories import make_user

ADMIN = "/admin/billing"
CONTRACT = {
    "seats": "3",
    "currency": "USD",
    "amount": "4999.50",
    "starts_at_0": "",
    "starts_at_1": "",
    "ends_at_0": "2090-01-01",
    "ends_at_1": "08:00:00",
    "note": "By phone.",
}


@pytest.fixture
def desk(client: Client, admin: User) -> Client:
    client.force_login(admin)
    return client


@pytest.fixture
def company(learner: User, admin: User) -> Organisation:
    return make_organisation(learner, by=admin, name="Company")


def test_an_organisation_is_made_with_its_owner(desk: Client, learner: User) -> None:
    assert desk.get(f"{ADMIN}/organisation/add/").status_code == 200
    fields = {"name": "Company", "slug": "company", "owner": " Learner@HowToAI.example"}
    made = desk.post(f"{ADMIN}/organisation/add/", fields)
    assert made.status_code == 302, made.content.decode()
    assert Membership.objects.get().user == learner
    assert LogEntry.objects.get().object_id == str(Organisation.objects.get().pk)


def test_faults_stand_at_their_fields(desk: Client, company: Organisation) -> None:
    new = make_user(confirmed=False)
    for owner, words in (("nobody@howtoai.example", NO_ACCOUNT), (new.email, organisations.UNCONFIRMED)):
        page = desk.post(f"{ADMIN}/organisation/add/", {"name": "Other", "slug": "company", "owner": owner})
        assert page.context["adminform"].form.errors["owner"] == [words]
        assert "Another organisation has this name" in page.content.decode()


def test_an_organisation_is_renamed_and_gets_another_owner(desk: Client, company: Organisation, stranger: User) -> None:
    address = f"{ADMIN}/organisation/{company.pk}/change/"
    assert desk.get(address).status_code == 200
    # What the page sends of the tables below the form, of which nothing can be changed.
    tables = {f"{name}-{count}_FORMS": "0" for name in ("contracts", "memberships") for count in ("TOTAL", "INITIAL")}
    assert desk.post(address, tables | {"name": "Firm", "owner": stranger.email}).status_code == 302
    company.refresh_from_db()
    assert (company.name, company.slug) == ("Firm", "company")
    assert Membership.objects.owners().count() == 2
    assert desk.post(address, tables | {"name": "Firm & Sons", "owner": ""}).status_code == 302


def test_a_contract_is_made_from_now_in_whole_cents(desk: Client, company: Organisation) -> None:
    assert desk.get(f"{ADMIN}/contract/add/").status_code == 200
    made = desk.post(f"{ADMIN}/contract/add/", CONTRACT | {"organisation": str(company.pk)})
    assert made.status_code == 302, made.context["adminform"].form.errors
    contract = Contract.objects.get()
    assert (contract.annual_amount, contract.currency, contract.seats) == (499_950, "USD", 3)
    assert Contract.objects.in_force(timezone.now()).exists()
    desk.post(f"{ADMIN}/contract/add/", CONTRACT | {"organisation": str(company.pk), "seats": "5"})
    assert Contract.objects.in_force(timezone.now()).get().seats == 5


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"amount": "many"}, "amount", NOT_MONEY),
        ({"ends_at_0": "2020-01-01"}, "ends_at", contracts.IS_PAST),
        ({"starts_at_0": "2026-01-01", "starts_at_1": "08:00:00"}, "starts_at", CONTRACTS_OVERLAP),
        ({"seats": "0"}, "seats", "Ensure this value is greater than or equal to 1."),
    ],
)
def test_faults_of_a_contract_stand_at_their_fields(
    desk: Client, company: Organisation, admin: User, fields: dict[str, str], field: str, words: str
) -> None:
    make_contract(company, by=admin)
    page = desk.post(f"{ADMIN}/contract/add/", CONTRACT | {"organisation": str(company.pk)} | fields)
    assert page.context["adminform"].form.errors[field] == [words]
    assert Contract.objects.count() == 1


def test_of_a_contract_only_the_end_can_come_earlier(desk: Client, company: Organisation, admin: User) -> None:
    contract = make_contract(company, by=admin)
    address = f"{ADMIN}/contract/{contract.pk}/change/"
    assert desk.get(address).status_code == 200
    page = desk.post(address, {"ends_at_0": "2090-01-01", "ends_at_1": "08:00:00", "seats": "50"})
    assert page.context["adminform"].form.errors == {"ends_at": [contracts.ONLY_EARLIER]}
    end = timezone.now() + 5 * DAY
    changed = desk.post(address, {"ends_at_0": f"{end:%Y-%m-%d}", "ends_at_1": f"{end:%H:%M:%S}", "seats": "50"})
    assert changed.status_code == 302
    contract.refresh_from_db()
    assert (contract.seats, contract.ends_at) == (3, end.replace(microsecond=0))


def test_actions_end_contracts_seats_and_memberships(desk: Client, company: Organisation, admin: User) -> None:
    contract = make_contract(company, by=admin)
    member, other = join(company, by=admin), add(company, by=admin)
    assert member.user is not None
    act(desk, "membership", "end_seat", member.pk)
    assert not may_read(member.user, PREMIUM).allowed
    act(desk, "membership", "make_owner", member.pk)
    act(desk, "membership", "remove", other.pk)
    assert dict(Membership.objects.alive().values_list("pk", "role"))[member.pk] == Role.OWNER
    assert Membership.objects.alive().count() == 2
    act(desk, "contract", "end_now", contract.pk)
    assert "over and stays as a record" in act(desk, "contract", "end_now", contract.pk)
    assert LogEntry.objects.count() == 4


def test_an_invitation_is_revoked_and_shows_no_secret(desk: Client, company: Organisation, admin: User) -> None:
    sent = make_invitation(company, by=admin)
    assert "hash" not in desk.get(f"{ADMIN}/invitation/{sent.pk}/change/").content.decode().split("<main")[-1]
    act(desk, "invitation", "revoke", sent.pk)
    sent.refresh_from_db()
    assert sent.revoked_at is not None


def act(desk: Client, model: str, action: str, key: int) -> str:
    """Says yes to what the page asks."""
    fields = {"action": action, "confirmed": "yes", "_selected_action": [str(key)]}
    return desk.post(f"{ADMIN}/{model}/", fields, follow=True).content.decode()


def test_what_cannot_be_taken_back_asks_first(desk: Client, company: Organisation, admin: User) -> None:
    contract, member = make_contract(company, by=admin), join(company, by=admin)
    sent = make_invitation(company, by=admin)
    for model, action, row, words in (
        ("contract", "end_now", contract, "close at once"),
        ("membership", "end_seat", member, "lose their seats"),
        ("membership", "remove", member, "They are out at once"),
        ("invitation", "revoke", sent, "These links work no more"),
    ):
        asked = desk.post(f"{ADMIN}/{model}/", {"action": action, "_selected_action": [str(row.pk)]})
        page = asked.content.decode()
        for shown in (words, str(row), 'name="confirmed"', f'name="action" value="{action}"', f'value="{row.pk}"'):
            assert shown in page
    assert not LogEntry.objects.exists()
    assert member.user is not None
    assert may_read(member.user, PREMIUM).allowed
    sent.refresh_from_db()
    assert sent.revoked_at is None


def test_those_without_an_owner_are_found(desk: Client, company: Organisation, admin: User) -> None:
    other = make_organisation(make_user(), by=admin)
    Membership.objects.filter(organisation=other).update(left_at=timezone.now())
    shown = desk.get(f"{ADMIN}/organisation/", {"owner": "none"}).context["cl"].result_list
    assert list(shown) == [other]


def test_lists_need_no_more_queries_for_more_rows(
    desk: Client, admin: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    def fill() -> None:
        made = make_organisation(make_user(), by=admin, seats=2)
        join(made, by=admin)
        make_invitation(made, by=admin)

    for model in ("organisation", "contract", "membership", "seat", "invitation"):
        fill()
        desk.get(f"{ADMIN}/{model}/")
        with CaptureQueriesContext(connection) as few:
            desk.get(f"{ADMIN}/{model}/")
        fill()
        with django_assert_num_queries(len(few)):
            desk.get(f"{ADMIN}/{model}/")


@pytest.mark.parametrize("role", ["author", "moderator"])
def test_other_staff_see_and_do_nothing(client: Client, company: Organisation, role: str) -> None:
    client.force_login(make_user(role=role))
    for model in ("organisation", "contract", "membership", "seat", "invitation"):
        assert client.get(f"{ADMIN}/{model}/").status_code == 403


def test_nothing_is_deleted(desk: Client, company: Organisation, admin: User) -> None:
    contract = make_contract(company, by=admin)
    for model, key in (("organisation", company.pk), ("contract", contract.pk)):
        assert desk.post(f"{ADMIN}/{model}/{key}/delete/", {"post": "yes"}).status_code == 403
